import type { InstrumentSpec } from '../instruments/instrument.js'

/** Currencies that symbols end with, the longer first. */
const QUOTES = ['FDUSD', 'USDT', 'USDC', 'TUSD', 'BUSD', 'USD', 'EUR', 'TRY', 'BTC', 'ETH', 'BNB']

/**
 * The terms of an instrument of which only a symbol is known, such as one in a capture: prices and quantities with up to
 * eight decimals, no smallest or largest order. Give the gateway the venue's own terms to have its ticks and steps checked.
 */
export function guessInstrument(symbol: string, venue: string): InstrumentSpec {
  const quote = QUOTES.find(currency => symbol.endsWith(currency) && symbol.length > currency.length)
  const base = quote === undefined ? symbol : symbol.slice(0, -quote.length).replace(/[-_/]$/, '')
  return {
    venue,
    symbol,
    kind: 'spot',
    base: fitting(base) ? base : 'BASE',
    quote: quote ?? 'QUOTE',
    priceTick: '0.00000001',
    quantityStep: '0.00000001',
  }
}

function fitting(currency: string): boolean {
  return /^\S+$/.test(currency) && Buffer.byteLength(currency) <= 12
}
