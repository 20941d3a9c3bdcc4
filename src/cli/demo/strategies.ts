import { defineStrategy, type StrategyContext } from '../../trading/strategies/strategy.js'
import { NORTH, SOUTH } from './two-venues.js'

/** The two strategies of the demo. They are simple: they exist to trade, not to make a profit. */

const SIZE = 0.01
const MOST = 0.1
/** How often the market maker moves its orders, in ms. */
const REQUOTE_MS = 50
/** How long both legs of a pair may take, in ms, and how much worse a closing price may be. */
const SETTLE_MS = 100
const SLIPPAGE = 0.001

interface Quote {
  readonly bid: number
  readonly ask: number
}

/** The last quote of one symbol at both venues. */
class Market {
  private readonly quotes = new Map<number, Quote>()

  set(instrument: number, quote: Quote): void {
    this.quotes.set(instrument, quote)
  }

  /** Instruments have their numbers in the order of the venues. Undefined until both have been seen. */
  get both(): readonly [north: Quote, south: Quote] | undefined {
    if (this.quotes.size < 2) return undefined
    const [north, south] = [...this.quotes].sort(([a], [b]) => a - b)
    return [north[1], south[1]]
  }
}

class Markets {
  readonly all = new Map<string, Market>()

  update({ symbol, instrument, bid, ask }: { symbol: string; instrument: number; bid: number; ask: number }): Market {
    let market = this.all.get(symbol)
    if (market === undefined) this.all.set(symbol, (market = new Market()))
    market.set(instrument, { bid, ask })
    return market
  }
}

const made = new Markets()

/** Keeps an order on each side of the market at the northern venue, and moves it with the market. */
const maker = defineStrategy({
  id: 'market-maker',
  onStart(context) {
    context.every(REQUOTE_MS, 'requote')
  },
  onBook(book) {
    made.update(book)
  },
  onTimer(_timer, context) {
    for (const [symbol, { both }] of made.all) if (both !== undefined) requote(`${symbol}.${NORTH}`, both[0], context)
  },
  onStop(context) {
    context.cancelAll()
  },
})

function requote(symbol: string, { bid, ask }: Quote, context: StrategyContext): void {
  const held = context.position(symbol).quantity
  const open = context.openOrders(symbol)
  for (const side of ['buy', 'sell'] as const) {
    const price = side === 'buy' ? bid : ask
    const isWanted = side === 'buy' ? held < MOST : held > -MOST
    const order = open.find(one => one.side === side)
    if (order === undefined) {
      if (isWanted) context.order({ symbol, side, quantity: SIZE, price, postOnly: true })
    } else if (!order.pendingCancel && !order.pendingAmend) {
      if (!isWanted) context.cancel(order.orderId)
      else if (order.price !== price) context.amend(order.orderId, { price })
    }
  }
}

const paired = new Markets()
/** The symbols of pairs of this start. One from an earlier start holds back all symbols until it has ended. */
const open = new Map<bigint, string>()

/** Buys at the venue where a market is cheaper and sells at the other one: both orders, or neither. */
const pair = defineStrategy({
  id: 'pair',
  onBook(book, context) {
    const { symbol } = book
    const { both } = paired.update(book)
    if (both === undefined || context.openPairs().some(({ pairId }) => (open.get(pairId) ?? symbol) === symbol)) return
    const [north, south] = both
    const held = context.position(`${symbol}.${NORTH}`).quantity
    if (north.bid > south.ask && held > -MOST) trade(SOUTH, south.ask, NORTH, north.bid)
    else if (south.bid > north.ask && held < MOST) trade(NORTH, north.ask, SOUTH, south.bid)

    function trade(cheap: string, buyAt: number, dear: string, sellAt: number): void {
      const terms = { quantity: SIZE, timeInForce: 'ioc' } as const
      const pairId = context.pair({
        legs: [
          { symbol: `${symbol}.${cheap}`, side: 'buy', price: buyAt, ...terms },
          { symbol: `${symbol}.${dear}`, side: 'sell', price: sellAt, ...terms },
        ],
        settleMs: SETTLE_MS,
        maxSlippage: SLIPPAGE,
      })
      open.set(pairId, symbol)
    }
  },
  onPair({ pairId, state }) {
    if (state === 'done' || state === 'unbalanced' || state === 'denied') open.delete(pairId)
  },
})

export default [maker, pair]
