import { isSymbol } from '../../instruments/instrument.js'
import type { MarketEvent } from '../../messages/market-event.js'
import type { Side } from '../../messages/order-terms.js'

/** The fields of a JSON object. */
export type Fields = Readonly<Record<string, unknown>>

/** One parsed message, or one part of a message that has several. */
export type Parsed =
  | MarketEvent
  /** A valid message that is neither a quote nor a trade of the market. `what` names its kind in a word or two. */
  | { readonly kind: 'other'; readonly what: string }
  /** A quote or a trade of a symbol that frames cannot hold. */
  | { readonly kind: 'unfit'; readonly symbol: string }
  /** A message that is not valid. `why` continues the sentence 'line 7 of FILE has'. */
  | { readonly kind: 'bad'; readonly why: string }

/** The format in which one venue, or a family of its streams, sends market data. */
export interface Dialect {
  /** The venue: 'Binance'. */
  readonly venue: string
  /** Its name in messages and in the documentation. */
  readonly name: string
  /** The kinds of message that become events. */
  readonly used: string
  /** A reader of one file or of one connection. It may keep the books of the streams that it has read. */
  open(): DialectReader
}

export interface DialectReader {
  /** Parses a message that was received at `timeMs`. Returns undefined when it is of another dialect. */
  parse(message: object, timeMs: number): Parsed | readonly Parsed[] | undefined
  /** What a message of this dialect is about, for a statement of what a file has. */
  about(message: object): About
}

/** What a message says besides its events. All is left out that it does not say. */
export interface About {
  /** The part of the venue: 'spot', 'USD-M'. */
  readonly market?: string | undefined
  readonly symbol?: string | undefined
  /** The venue's time of the message, ms since 1970. */
  readonly venueMs?: number | undefined
  readonly series?: Series | undefined
}

/** Where a message stands in a series of messages that the venue numbers without gaps. */
export interface Series {
  /** Unique within the symbol: 'trade ids', 'depth'. */
  readonly name: string
  /** The last number of the message before it; undefined when the series starts again here, as with a snapshot. */
  readonly previous: number | undefined
  readonly last: number
}

export function bad(why: string): Parsed {
  return { kind: 'bad', why }
}

export function other(what: string): Parsed {
  return { kind: 'other', what }
}

/** The value of a venue's decimal text, exactly as `Number` parses it. Undefined for any other value. */
export function decimalOf(value: unknown): number | undefined {
  return typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : undefined
}

/** As `decimalOf`, but undefined for 0. */
export function positiveOf(value: unknown): number | undefined {
  const decimal = decimalOf(value)
  return decimal !== undefined && decimal > 0 ? decimal : undefined
}

/** A venue's number of a trade: a whole number, or the digits of one that no double holds. Undefined for any other value. */
export function tradeIdOf(value: unknown): bigint | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined
  if (typeof value !== 'string' || !/^\d{1,20}$/.test(value)) return undefined
  const id = BigInt(value)
  return id < 2n ** 64n ? id : undefined
}

/** The symbol if frames can hold it; else what is wrong with it. */
export function symbolOf(symbol: unknown): string | Parsed {
  if (typeof symbol !== 'string' || symbol === '') return bad('a message without a symbol')
  return isSymbol(symbol) ? symbol : { kind: 'unfit', symbol }
}

/** The parts of a trade as a venue sends them. */
export interface TradeParts {
  readonly symbol: unknown
  readonly price: unknown
  readonly quantity: unknown
  readonly id: unknown
  /** The taker's; undefined when the message does not say it. */
  readonly side: Side | undefined
}

/** A trade, or what is wrong with it. */
export function tradeFrom({ symbol, price, quantity, id, side }: TradeParts, timeMs: number): Parsed {
  const known = symbolOf(symbol)
  if (typeof known !== 'string') return known
  const [units, size] = [positiveOf(price), positiveOf(quantity)]
  if (units === undefined || size === undefined) return bad('a trade without a valid price and quantity')
  const tradeId = typeof id === 'bigint' ? id : tradeIdOf(id)
  if (tradeId === undefined) return bad('a trade without a valid id')
  if (side === undefined) return bad("a trade that does not say the taker's side")
  return { kind: 'trade', timeMs, symbol: known, price: units, quantity: size, tradeId, side }
}

/** The fields of a value, if it is an object and no list. */
export function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

export function wholeOf(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) : undefined
}
