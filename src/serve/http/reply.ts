import type { ServerResponse } from 'node:http'
import { answerOf } from '../errors.js'

/** Sent with everything: nothing is loaded from elsewhere, nothing of it is shown in other pages, nothing is guessed. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
}

const JSON_HEADERS = {
  ...SECURITY_HEADERS,
  'content-type': 'application/json; charset=utf-8',
  'cache-control': 'no-store',
}

/** JSON has no bigint: numbers of 64 bits are decimal text. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part))
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: Buffer,
  more: Record<string, string> = {},
): void {
  if (response.headersSent) return
  response.writeHead(status, { ...JSON_HEADERS, 'content-length': body.length, ...more }).end(body)
}

/** `{"error":{"code","message"}}`, as the commands have it with --json. */
export function sendError(response: ServerResponse, error: unknown): void {
  const { status, code, message } = answerOf(error)
  const more: Record<string, string> = {}
  if (status === 401) more['www-authenticate'] = 'Bearer'
  if (status === 503) more['retry-after'] = '1'
  // What is left of the request is not read.
  if (status === 413) more['connection'] = 'close'
  sendJson(response, status, Buffer.from(toJson({ error: { code, message } })), more)
}
