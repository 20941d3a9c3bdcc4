import { nap } from '../../wait/nap.js'
import { VenueRequestError } from '../errors.js'
import { type Fields, isFields } from '../fields.js'
import type { RequestWindow } from './request-window.js'

export interface RestRequest {
  readonly method: 'GET' | 'POST' | 'PUT'
  /** With its query, or without. */
  readonly path: string
  readonly body?: string | undefined
  /** Added to the path when the request's turn has come, because signatures hold the time. */
  readonly query?: () => string
  /** Asked when its turn has come: a request that is late is not sent. */
  readonly isLate?: (() => boolean) | undefined
  /** Called with the text of the answer, before anything is made of it. */
  readonly onAnswer?: (text: string) => void
  /** Made when the request's turn has come, because signatures hold the time. */
  readonly headers?: () => Readonly<Record<string, string>>
  /** The limits that it counts for, and as how many requests: 1 by default. */
  readonly windows?: readonly RequestWindow[]
  readonly weight?: number
}

export interface RestAnswer {
  readonly status: number
  /** The object that was answered; without fields when it was a list. */
  readonly body: Fields
  /** The object or the list, as the option `parse` reads it. */
  readonly value: unknown
  /** The text of the answer, as it was received. */
  readonly text: string
  /** ms since 1970, by our clock: when it left, and when the answer was complete. */
  readonly sentAt: number
  readonly receivedAt: number
  /** After how long the venue wants to hear from us again, ms; 0 when it does not say. */
  readonly retryAfterMs: number
}

export interface RestClientOptions {
  /** 'https://www.okx.com'. */
  readonly base: string
  /** How long an answer may take, ms. */
  readonly timeoutMs: number
  /** Default: `JSON.parse`. */
  readonly parse?: (text: string) => unknown
}

/** Requests to a venue, each when the venue's limits allow it. Nothing is sent again by itself. */
export class RestClient {
  private readonly closing = new AbortController()
  /** Requests on their way. A signal that lives as long as this one must not be combined with theirs: Node would keep each in memory. */
  private readonly open = new Set<AbortController>()

  constructor(private readonly options: RestClientOptions) {}

  /**
   * @returns undefined when the request was late, and not sent.
   * @throws {VenueRequestError} when there is no answer, or one that is no JSON object or list.
   */
  async send(request: RestRequest): Promise<RestAnswer | undefined> {
    const { method, path, body, headers, windows = [], weight = 1 } = request
    const { base, timeoutMs, parse = JSON.parse } = this.options
    const what = `${method} ${path.replace(/\?.*/, '')}`
    const waitMs = Math.max(0, ...windows.map(window => window.take(weight)))
    if (waitMs > 0) await nap(waitMs, this.closing.signal)
    if (this.closing.signal.aborted) throw new VenueRequestError(`${what} was not sent: the connection is closed`)
    if (request.isLate?.() === true) return undefined
    const sentAt = Date.now()
    let status = 0
    let text: string
    let retryAfterMs = 0
    const ending = new AbortController()
    this.open.add(ending)
    const timer = setTimeout(() => ending.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    try {
      const response = await fetch(base + path + (request.query?.() ?? ''), {
        method,
        ...(body === undefined ? {} : { body }),
        headers: { 'content-type': 'application/json', ...headers?.() },
        signal: ending.signal,
        redirect: 'error',
      })
      status = response.status
      retryAfterMs = (Number(response.headers.get('retry-after')) || 0) * 1000
      text = await response.text()
    } catch (error) {
      throw new VenueRequestError(`${what} at ${base} was not answered: ${reasonOf(error)}`, '', error)
    } finally {
      clearTimeout(timer)
      this.open.delete(ending)
    }
    const receivedAt = Date.now()
    request.onAnswer?.(text)
    let parsed: unknown
    try {
      parsed = parse(text)
    } catch {
      parsed = undefined
    }
    const answer = { status, value: parsed, text, sentAt, receivedAt, retryAfterMs }
    if (isFields(parsed)) return { ...answer, body: parsed }
    if (Array.isArray(parsed)) return { ...answer, body: {} }
    throw new VenueRequestError(`${what} at ${base} was answered with status ${status} and no JSON`, String(status))
  }

  /** Ends requests that are on their way; later ones fail. */
  close(): void {
    this.closing.abort()
    for (const ending of this.open) ending.abort(new Error('the connection was closed'))
  }
}

/** `fetch` hides what happened in the cause. */
function reasonOf(error: unknown): string {
  const { cause } = error as { readonly cause?: unknown }
  const told = cause instanceof Error && cause.message !== '' ? cause : error
  const { code } = told as { readonly code?: unknown }
  const message = told instanceof Error ? told.message : String(told)
  return message === '' && typeof code === 'string' ? code : message
}
