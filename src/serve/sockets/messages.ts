import { nearestName } from '../../base/nearest.js'
import { badRequest } from '../errors.js'
import type { ServeLimits } from '../options.js'

/** What a client can subscribe to. */
export const CHANNELS = ['market', 'frames', 'orders', 'fills', 'positions'] as const
export type Channel = (typeof CHANNELS)[number]
/** Channels of a desk: every change comes, none is left out. */
export type DeskChannel = Extract<Channel, 'orders' | 'fills' | 'positions'>

export type Subscribe =
  | { readonly channel: 'market'; readonly symbols: readonly string[] | '*' }
  | {
      readonly channel: 'frames'
      /** '' for the main one. */
      readonly journal: string
      readonly from: number | 'start' | 'end'
      readonly types: readonly string[] | undefined
      readonly form: 'json' | 'binary'
    }
  | { readonly channel: DeskChannel; readonly from: number | undefined }

export type ClientMessage =
  | { readonly op: 'subscribe'; readonly subscribe: Subscribe }
  | { readonly op: 'unsubscribe'; readonly channel: Channel; readonly journal: string }
  | { readonly op: 'ping'; readonly id: unknown }

type Fields = Readonly<Record<string, unknown>>

/** What a client says. @throws {RequestError} for what is wrong in it; {SyntaxError} for what is no JSON. */
export function parseMessage(text: string, limits: ServeLimits): ClientMessage {
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new SyntaxError('no object')
  const fields = value as Fields
  switch (oneOf(fields, 'op', ['subscribe', 'unsubscribe', 'ping'])) {
    case 'subscribe':
      return { op: 'subscribe', subscribe: parseSubscribe(fields, limits) }
    case 'unsubscribe':
      checkNames(fields, ['op', 'channel', 'journal'])
      return { op: 'unsubscribe', channel: oneOf(fields, 'channel', CHANNELS), journal: textOf(fields, 'journal') }
    default: {
      checkNames(fields, ['op', 'id'])
      const { id } = fields
      if (id !== undefined && typeof id !== 'number' && !(typeof id === 'string' && id.length <= MOST_TEXT))
        throw badRequest('id is a number or a short text')
      return { op: 'ping', id }
    }
  }
}

function parseSubscribe(fields: Fields, limits: ServeLimits): Subscribe {
  const channel = oneOf(fields, 'channel', CHANNELS)
  if (channel === 'market') {
    checkNames(fields, ['op', 'channel', 'symbols'])
    const { symbols } = fields
    return { channel, symbols: symbols === '*' ? '*' : namesOf(symbols, 'symbols', limits.symbols) }
  }
  if (channel === 'frames') {
    checkNames(fields, ['op', 'channel', 'journal', 'from', 'types', 'form'])
    const { from = 'end', types } = fields
    return {
      channel,
      journal: textOf(fields, 'journal'),
      from: from === 'start' || from === 'end' ? from : positionOf(from),
      types: types === undefined ? undefined : namesOf(types, 'types', limits.symbols),
      form: fields['form'] === undefined ? 'json' : oneOf(fields, 'form', ['json', 'binary']),
    }
  }
  checkNames(fields, ['op', 'channel', 'from'])
  return { channel, from: fields['from'] === undefined ? undefined : positionOf(fields['from']) }
}

/** Characters of a name at most. */
const MOST_TEXT = 128

function checkNames(fields: Fields, known: readonly string[]): void {
  for (const name of Object.keys(fields)) {
    if (known.includes(name)) continue
    const near = nearestName(name, known)
    throw badRequest(
      `a message of this kind has no '${name.slice(0, 40)}'; ${near === undefined ? `it has ${known.join(', ')}` : `did you mean '${near}'?`}`,
    )
  }
}

function oneOf<T extends string>(fields: Fields, name: string, known: readonly T[]): T {
  const found = known.find(one => one === fields[name])
  if (found !== undefined) return found
  throw badRequest(`${name} is one of ${known.join(', ')}`)
}

function textOf(fields: Fields, name: string): string {
  const { [name]: value = '' } = fields
  if (typeof value === 'string' && value.length <= MOST_TEXT) return value
  throw badRequest(`${name} is a text of ${MOST_TEXT} characters at most`)
}

function namesOf(value: unknown, what: string, most: number): readonly string[] {
  const isValid =
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= most &&
    value.every(one => typeof one === 'string' && one !== '' && one.length <= MOST_TEXT)
  if (isValid) return [...new Set(value as string[])]
  throw badRequest(`${what} is a list of 1 to ${most} names`)
}

function positionOf(value: unknown): number {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw badRequest("from is a position: a whole number from 0 on; of frames also 'start' or 'end'")
}
