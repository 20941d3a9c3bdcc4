import type { Fields } from '../../fields.js'
import type { TradedMarket } from '../endpoints.js'

const ORDER_TYPES = {
  spot: ['LIMIT', 'LIMIT_MAKER', 'MARKET', 'STOP_LOSS', 'STOP_LOSS_LIMIT'],
  'usd-m': ['LIMIT', 'MARKET'],
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
}

/** The answer to `exchangeInfo`. */
export function exchangeInfo(market: TradedMarket): Fields {
  return {
    timezone: 'UTC',
    serverTime: Date.now(),
    rateLimits: [],
    exchangeFilters: [],
    symbols: SYMBOLS[market].map(([base, tickSize, stepSize, minQty, minNotional]) => ({
      symbol: `${base}USDT`,
      status: 'TRADING',
      baseAsset: base,
      quoteAsset: 'USDT',
      orderTypes: ORDER_TYPES[market],
      ...(market === 'spot' ? {} : { pair: `${base}USDT`, contractType: 'PERPETUAL', marginAsset: 'USDT' }),
      filters: [
        { filterType: 'PRICE_FILTER', minPrice: tickSize, maxPrice: '10000000.00', tickSize },
        { filterType: 'LOT_SIZE', minQty, maxQty: '9000.00000000', stepSize },
        market === 'spot'
          ? { filterType: 'NOTIONAL', minNotional, applyMinToMarket: true, maxNotional: '9000000.00000000' }
          : { filterType: 'MIN_NOTIONAL', notional: minNotional },
      ],
    })),
  }
}
