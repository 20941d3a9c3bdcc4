import type { MarketEvent } from './feed.js'

/** One parsed message of a capture. */
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
  /** Its name in messages and in the documentation. */
  readonly name: string
  /** The kinds of message that become events. */
  readonly used: string
  /** Parses a message that was received at `timeMs`. Returns undefined when it is of another dialect. */
  parse(message: object, timeMs: number): Parsed | undefined
}

export function bad(why: string): Parsed {
  return { kind: 'bad', why }
}

/** The value of a venue's decimal text, exactly as `Number` parses it. Undefined for any other value. */
export function decimalOf(value: unknown): number | undefined {
  return typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : undefined
}
