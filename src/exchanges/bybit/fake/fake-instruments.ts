import type { Fields } from '../../fields.js'
import type { BybitTraded } from '../endpoints.js'

const COINS = [
  ['BTC', '0.1', '0.00001', '0.00000001'],
  ['ETH', '0.01', '0.0001', '0.000001'],
  ['SOL', '0.001', '0.001', '0.0001'],
] as const

/** The instruments of a fake Bybit, as the answers of its REST have them. */
export const FAKE_INSTRUMENTS: Readonly<Record<BybitTraded, readonly Fields[]>> = {
  linear: COINS.map(([base, tickSize]) => ({
    symbol: `${base}USDT`,
    contractType: 'LinearPerpetual',
    status: 'Trading',
    baseCoin: base,
    quoteCoin: 'USDT',
    settleCoin: 'USDT',
    launchTime: '1585526400000',
    deliveryTime: '0',
    priceFilter: { minPrice: tickSize, maxPrice: '199999', tickSize },
    lotSizeFilter: {
      minOrderQty: '0.001',
      maxOrderQty: '100000',
      maxMktOrderQty: '50000',
      qtyStep: '0.001',
      minNotionalValue: '5',
    },
    unifiedMarginTrade: true,
    fundingInterval: 480,
  })),
  spot: COINS.map(([base, tickSize, minOrderQty, basePrecision]) => ({
    symbol: `${base}USDT`,
    baseCoin: base,
    quoteCoin: 'USDT',
    innovation: '0',
    status: 'Trading',
    marginTrading: 'utaOnly',
    lotSizeFilter: {
      basePrecision,
      quotePrecision: '0.0000001',
      minOrderQty,
      maxOrderQty: '100000',
      minOrderAmt: '5',
      maxOrderAmt: '4000000',
    },
    priceFilter: { tickSize },
  })),
}
