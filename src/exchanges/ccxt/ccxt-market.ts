import { InvalidOptionError } from '../../base/errors.js'
import { nap } from '../../wait/nap.js'
import { followedSymbols } from '../adapter/followed-symbols.js'
import type { MarketHandlers } from '../adapter/live-feed.js'
import { BackOff } from '../connection/back-off.js'
import { ccxtEndpoint, useEndpoint } from './ccxt-endpoint.js'
import { ccxtError } from './ccxt-errors.js'
import { loadCcxt, makeExchange } from './ccxt-package.js'
import type { CcxtExchange } from './ccxt-types.js'
import { ccxtInstruments } from './instruments.js'
import { hearMarket, type QuoteSource } from './market-quotes.js'
import { type CcxtMarketOptions, ccxtVenueName } from './options.js'

/** Which function of ccxt follows a source of quotes. */
const WATCHES: Readonly<Record<QuoteSource, string>> = {
  best: 'watchBidsAsks',
  book: 'watchOrderBook',
  ticker: 'watchTicker',
}

/** Follows the public market data of an exchange. To be called in a process that may load ccxt. */
export async function followCcxtMarket(
  options: CcxtMarketOptions,
  { onInstruments, onEvent, onGap }: MarketHandlers,
  signal: AbortSignal,
): Promise<void> {
  const exchange = makeExchange(await loadCcxt(options.package), options.exchange)
  const source = sourceOf(exchange, options.quotes)
  exchange.log = () => onGap('a message was not understood by ccxt, and was left out')
  // Steps and limits are exact texts; quotes are numbers.
  exchange.number = String
  exchange.has['fetchCurrencies'] = false
  await useEndpoint(exchange, ccxtEndpoint(options.endpoint))
  try {
    await exchange.loadMarkets()
  } catch (error) {
    throw ccxtError(error, {})
  }
  const { specs, suspended } = ccxtInstruments(exchange, ccxtVenueName(exchange.id))
  exchange.number = Number
  const live = specs.filter(({ symbol }) => !suspended.includes(symbol))
  const symbols = followedSymbols(
    exchange.id,
    live.map(({ symbol }) => symbol),
    options.symbols,
  )
  onInstruments?.(live.filter(({ symbol }) => symbols.includes(symbol)))
  hearMarket(exchange, symbols, source, events => events.forEach(onEvent))
  const lost = new LostWatches(onGap)
  await Promise.all(watchesOf(exchange, source, symbols).map(watch => keepWatching(watch, lost, signal)))
  await exchange.close()
}

/** @throws {InvalidOptionError} for an exchange that has no such stream. */
function sourceOf({ has, id }: CcxtExchange, wanted: QuoteSource | undefined): QuoteSource {
  const sources = Object.keys(WATCHES) as QuoteSource[]
  const found = sources.find(source => (wanted ?? source) === source && has[WATCHES[source]] === true)
  if (found !== undefined) return found
  const there = sources.filter(source => has[WATCHES[source]] === true).join(', ') || 'none'
  throw new InvalidOptionError(
    `ccxt has no stream of quotes of ${id}${wanted === undefined ? '' : ` from '${wanted}'`}; there are: ${there}`,
  )
}

interface Watch {
  readonly what: string
  readonly once: () => Promise<unknown>
}

function watchesOf(exchange: CcxtExchange, source: QuoteSource, symbols: readonly string[]): readonly Watch[] {
  const each = (what: string, once: (symbol: string) => Promise<unknown>): readonly Watch[] =>
    symbols.map(symbol => ({ what: `${what} of ${symbol}`, once: () => once(symbol) }))
  const quotes =
    source === 'best'
      ? [{ what: 'best prices', once: () => exchange.watchBidsAsks(symbols) }]
      : source === 'book'
        ? each('the book', symbol => exchange.watchOrderBook(symbol))
        : each('the ticker', symbol => exchange.watchTicker(symbol))
  const trades = exchange.has['watchTrades'] === true ? each('trades', symbol => exchange.watchTrades(symbol)) : []
  return [...quotes, ...trades]
}

/** Subscriptions that are lost. They share sockets: the first that is lost and the last that is back are said. */
class LostWatches {
  private readonly lost = new Set<Watch>()

  constructor(private readonly onGap: (what: string) => void) {}

  add(watch: Watch, why: string): void {
    if (this.lost.size === 0) this.onGap(`${watch.what}: ${why}`)
    this.lost.add(watch)
  }

  remove(watch: Watch): void {
    if (this.lost.delete(watch) && this.lost.size === 0)
      this.onGap('all subscriptions are back; what happened meanwhile is missing')
  }
}

/** Keeps a subscription. What it resolves with is not used: all that is received is heard elsewhere. */
async function keepWatching(watch: Watch, lost: LostWatches, signal: AbortSignal): Promise<void> {
  const backOff = new BackOff(250, 30_000)
  while (!signal.aborted) {
    try {
      await watch.once()
      lost.remove(watch)
      backOff.reset()
    } catch (error) {
      if (signal.aborted) return
      lost.add(watch, ccxtError(error, {}).message)
      await nap(backOff.next(), signal)
    }
  }
}
