import type { MarketEvent } from './feed.js'

/**
 * One line of a capture: the event it is, undefined for a message of another kind, or what is wrong with it, in words.
 *
 * Prices and sizes are what `Number` makes of the message's texts, bit for bit.
 */
export function parseCaptureLine(line: string): MarketEvent | string | undefined {
  const space = line.indexOf(' ')
  const received = line.slice(0, space)
  if (space < 1 || !/^\d{1,19}$/.test(received)) return 'does not begin with a receive time in ns'
  let message: unknown
  try {
    message = JSON.parse(line.slice(space + 1))
  } catch {
    return 'has no JSON after its time'
  }
  if (typeof message !== 'object' || message === null) return 'has JSON that is no message'
  const { data } = message as { readonly data?: unknown }
  // A snapshot of the book, as captures begin with: neither a quote nor a trade.
  if (data === undefined && 'lastUpdateId' in message) return undefined
  if (typeof data !== 'object' || data === null) return 'has a message without data'
  const fields = data as Readonly<Record<string, unknown>>
  // ns as ms: a number holds them to less than a µs, which is what pacing needs.
  const timeMs = Number(received) / 1e6
  if (fields['e'] === 'bookTicker') return quoteOf(fields, timeMs)
  if (fields['e'] === 'trade') return tradeOf(fields, timeMs)
  return typeof fields['e'] === 'string' ? undefined : 'has a message that does not say its kind'
}

function quoteOf(fields: Readonly<Record<string, unknown>>, timeMs: number): MarketEvent | string {
  const symbol = symbolOf(fields['s'])
  const [bid, bidSize, ask, askSize] = [fields['b'], fields['B'], fields['a'], fields['A']].map(decimalOf)
  if (symbol === undefined) return BAD_SYMBOL
  if (bid === undefined || ask === undefined || bidSize === undefined || askSize === undefined)
    return 'has a bookTicker without sound prices and sizes'
  return { kind: 'quote', timeMs, symbol, bid, ask, bidSize, askSize }
}

function tradeOf(fields: Readonly<Record<string, unknown>>, timeMs: number): MarketEvent | string {
  const symbol = symbolOf(fields['s'])
  const price = decimalOf(fields['p'])
  const quantity = decimalOf(fields['q'])
  const { t: id, m: buyerIsMaker } = fields
  if (symbol === undefined) return BAD_SYMBOL
  if (price === undefined || quantity === undefined) return 'has a trade without a sound price and quantity'
  if (!Number.isSafeInteger(id) || (id as number) < 0) return 'has a trade without a sound id'
  if (typeof buyerIsMaker !== 'boolean') return 'has a trade that does not say whose order rested'
  // The maker rested, so the other side came for it.
  return {
    kind: 'trade',
    timeMs,
    symbol,
    price,
    quantity,
    tradeId: BigInt(id as number),
    side: buyerIsMaker ? 'sell' : 'buy',
  }
}

const BAD_SYMBOL = 'has a message without a symbol of 1 to 16 printable ASCII characters'

function symbolOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^[\x21-\x7e]{1,16}$/.test(value) ? value : undefined
}

function decimalOf(value: unknown): number | undefined {
  return typeof value === 'string' && /^\d+(\.\d+)?$/.test(value) ? Number(value) : undefined
}
