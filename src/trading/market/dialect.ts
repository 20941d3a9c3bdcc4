import type { MarketEvent } from './feed.js'

/** What one message of a capture is. */
export type Parsed =
  | MarketEvent
  /** A sound message that is neither a quote nor a trade of the market: what it is, in a word or two. */
  | { readonly kind: 'other'; readonly what: string }
  /** A quote or a trade of a symbol that frames cannot hold. */
  | { readonly kind: 'unfit'; readonly symbol: string }
  /** What is wrong with it, to follow 'line 7 of FILE has'. */
  | { readonly kind: 'bad'; readonly why: string }

/** How one venue, or a family of its streams, writes its market data. */
export interface Dialect {
  /** As messages and the documentation name it. */
  readonly name: string
  /** The kinds of message that become events. */
  readonly used: string
  /** Parses a message, received at `timeMs`. Returns undefined when it is of another dialect. */
  parse(message: object, timeMs: number): Parsed | undefined
}

export function bad(why: string): Parsed {
  return { kind: 'bad', why }
}

/** What venues' decimal texts are; the number is what `Number` makes of the text, bit for bit. Undefined for anything else. */
export function decimalOf(value: unknown): number | undefined {
  return typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : undefined
}
