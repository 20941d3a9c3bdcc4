import type { Fields } from '../../fields.js'
import type { TradedMarket } from '../endpoints.js'

const ORDER_TYPES = {
  spot: ['LIMIT', 'LIMIT_MAKER', 'MARKET', 'STOP_LOSS', 'STOP_LOSS_LIMIT'],
  'usd-m': ['LIMIT', 'MARKET'],
  'coin-m': ['LIMIT', 'MARKET'],
} as const

/** The symbols of a fake Binance: base, price tick, quantity step, smallest quantity, smallest notional. */
const SYMBOLS: Readonly<Record<TradedMarket, readonly (readonly [string, string, string, string, string])[]>> = {
  spot: [
    ['BTC', '0.01000000', '0.00001000', '0.00001000', '5.00000000'],
    ['ETH', '0.01000000', '0.00010000', '0.00010000', '5.00000000'],
    ['SOL', '0.01000000', '0.00100000', '0.00100000', '5.00000000'],
  ],
  'usd-m': [
    ['BTC', '0.10', '0.001', '0.001', '100'],
    ['ETH', '0.01', '0.001', '0.001', '20'],
  ],
  // In contracts.
  'coin-m': [
    ['BTC', '0.1', '1', '1', ''],
    ['ETH', '0.01', '1', '1', ''],
  ],
}

/** USD in a contract of COIN-M. */
const CONTRACT_SIZES: Readonly<Record<string, number>> = { BTC: 100, ETH: 10 }

/** The answer to `exchangeInfo`. */
export function exchangeInfo(market: TradedMarket): Fields {
  return {
    timezone: 'UTC',
    serverTime: Date.now(),
    rateLimits: [],
    exchangeFilters: [],
    symbols: SYMBOLS[market].map(([base, tickSize, stepSize, minQty, minNotional]) => ({
      ...namesOf(base, market),
      baseAsset: base,
      orderTypes: ORDER_TYPES[market],
      filters: [
        { filterType: 'PRICE_FILTER', minPrice: tickSize, maxPrice: '10000000.00', tickSize },
        { filterType: 'LOT_SIZE', minQty, maxQty: '9000.00000000', stepSize },
        ...notionalOf(minNotional, market),
      ],
    })),
  }
}

function namesOf(base: string, market: TradedMarket): Fields {
  const [pair, status] = [`${base}USDT`, 'TRADING']
  const contractType = 'PERPETUAL'
  if (market === 'spot') return { symbol: pair, status, quoteAsset: 'USDT' }
  if (market === 'usd-m') return { symbol: pair, status, quoteAsset: 'USDT', pair, contractType, marginAsset: 'USDT' }
  return {
    symbol: `${base}USD_PERP`,
    pair: `${base}USD`,
    contractStatus: status,
    contractSize: CONTRACT_SIZES[base],
    contractType,
    quoteAsset: 'USD',
    marginAsset: base,
  }
}

function notionalOf(minNotional: string, market: TradedMarket): readonly Fields[] {
  if (market === 'coin-m') return []
  if (market === 'usd-m') return [{ filterType: 'MIN_NOTIONAL', notional: minNotional }]
  return [{ filterType: 'NOTIONAL', minNotional, applyMinToMarket: true, maxNotional: '9000000.00000000' }]
}
