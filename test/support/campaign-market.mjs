/** The market of the campaigns against a whole desk: quotes and trades of many symbols, without end. */

/** So many that one which waits for the outcome of an order does not stop the others. */
export const SYMBOLS = Array.from({ length: 200 }, (_, n) => `S${n}USDT`)
export const PRICE_TICK = '0.1'
export const QUANTITY_STEP = '0.001'

export const INSTRUMENTS = SYMBOLS.map(symbol => ({
  venue: 'sim',
  symbol,
  kind: 'spot',
  base: symbol.slice(0, -4),
  quote: 'USDT',
  priceTick: PRICE_TICK,
  quantityStep: QUANTITY_STEP,
}))

/** From this trade id on the strategies only cancel. */
export const DRAINING = 1e9

/** Event number `i`: prices go up and down, and one event of ten is a trade. */
export function eventOf(i, drains = false) {
  const symbol = SYMBOLS[i % SYMBOLS.length]
  const price = 100 + Math.round(20 * Math.sin(i / 7000)) / 10
  if (drains || Math.floor(i / SYMBOLS.length) % 10 === 9) {
    const tradeId = BigInt(drains ? DRAINING + i : i)
    return { kind: 'trade', timeMs: i, symbol, price, quantity: 0.01, tradeId, side: i % 2 === 0 ? 'buy' : 'sell' }
  }
  return { kind: 'quote', timeMs: i, symbol, bid: price, ask: Number((price + 0.1).toFixed(1)), bidSize: 5, askSize: 5 }
}

/** What goes wrong on the way to the exchange and back. */
export const FAULTS = {
  lostRequest: 0.0004,
  lostAnswer: 0.0004,
  doubled: 0.1,
  reordered: 0.2,
  late: 0.002,
  lateNs: 70e6,
  disconnect: 0.00002,
  outageNs: 20e6,
}

export const EXCHANGE = {
  instruments: INSTRUMENTS,
  fees: { maker: '-0.0001', taker: '0.0005' },
  latencyNs: { min: 50_000, max: 2_000_000 },
  faults: FAULTS,
  keepOrders: 2 ** 24,
  keepFills: 2 ** 25,
}

/** The states of orders at the exchange, as numbers. */
export const EXCHANGE_STATES = ['open', 'filled', 'cancelled', 'expired', 'rejected']

/** What an exchange knows of its orders and fills, as rows of 4 and 7 numbers: millions of them fit into a file. */
export function columnsOf({ orders, fills }) {
  const orderRows = new Float64Array(orders.length * 4)
  orders.forEach(({ idHigh, idLow, state, filledSteps }, i) =>
    orderRows.set([idHigh, idLow, EXCHANGE_STATES.indexOf(state), filledSteps], i * 4),
  )
  const fillRows = new Float64Array(fills.length * 7)
  fills.forEach(({ tradeId, idHigh, idLow, instrument, side, steps, ticks, fee }, i) =>
    fillRows.set([Number(tradeId), idHigh, idLow, instrument, side === 'buy' ? steps : -steps, ticks, fee], i * 7),
  )
  return { orderRows, fillRows }
}
