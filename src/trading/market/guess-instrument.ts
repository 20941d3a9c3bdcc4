import type { InstrumentSpec } from '../instruments/instrument.js'

/** Currencies that symbols end with, the longer first. */
const QUOTES = ['FDUSD', 'USDT', 'USDC', 'TUSD', 'BUSD', 'USD', 'EUR', 'TRY', 'BTC', 'ETH', 'BNB']

/** Significant digits of a price, and decimals of a tick times a step. */
const PRICE_DIGITS = 9
const MONEY_DECIMALS = 12
/** Decimals of the price of an inverse contract: as many as its amounts, which divide by prices, can be counted with. */
const INVERSE_DECIMALS = 4
/** Below 0.01 such a price would need more. */
const LEAST_MAGNITUDE = -2

/**
 * The terms of an instrument of which only a symbol is known, such as one in a capture. Its first price has nine digits, so
 * that every price that a venue quotes is a whole number of ticks; a tick times a step is 10^-12 of the quote currency, so
 * that its amounts can be counted beside those of other instruments. There is no smallest or largest order. Contracts whose
 * symbol says that they are inverse are. Give the gateway the venue's own terms to have its ticks and steps checked.
 *
 * @param price of its first market event, in units of the quote currency.
 */
export function guessInstrument(symbol: string, venue: string, price: number): InstrumentSpec {
  const magnitude = price > 0 && price < Number.POSITIVE_INFINITY ? Math.floor(Math.log10(price)) : 0
  const coinMargined = coinMarginedOf(symbol, venue, magnitude)
  if (coinMargined !== undefined) return coinMargined
  const priceDecimals = Math.min(MONEY_DECIMALS, Math.max(0, PRICE_DIGITS - 1 - magnitude))
  const quote = QUOTES.find(currency => symbol.endsWith(currency) && symbol.length > currency.length)
  const base = quote === undefined ? symbol : symbol.slice(0, -quote.length).replace(/[-_/]$/, '')
  return {
    venue,
    symbol,
    kind: 'spot',
    base: fitting(base) ? base : 'BASE',
    quote: quote ?? 'QUOTE',
    priceTick: stepOf(priceDecimals),
    quantityStep: stepOf(MONEY_DECIMALS - priceDecimals),
  }
}

/** Contracts of Binance COIN-M: whole contracts of 100 or 10 USD, with profit in the coin. Undefined for any other symbol. */
function coinMarginedOf(symbol: string, venue: string, magnitude: number): InstrumentSpec | undefined {
  const match = /^([A-Z0-9]{1,12})USD_(PERP|\d{6})$/.exec(symbol)
  if (match === null || magnitude < LEAST_MAGNITUDE) return undefined
  const [, base, expiry] = match
  const isBitcoin = base === 'BTC'
  return {
    venue,
    symbol,
    kind: expiry === 'PERP' ? 'perpetual' : 'future',
    base,
    quote: 'USD',
    settlement: base,
    priceTick: stepOf(isBitcoin ? INVERSE_DECIMALS : INVERSE_DECIMALS + 1),
    quantityStep: '1',
    multiplier: isBitcoin ? '100' : '10',
    inverse: true,
  }
}

function fitting(currency: string): boolean {
  return /^\S+$/.test(currency) && Buffer.byteLength(currency) <= 12
}

/** 10^-decimals as text. */
function stepOf(decimals: number): string {
  return decimals === 0 ? '1' : `0.${'0'.repeat(decimals - 1)}1`
}
