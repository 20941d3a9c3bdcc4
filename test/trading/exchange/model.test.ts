/** The exchange does what a slow model does that is written as plainly as possible: lists, sorted anew for each order. */
import * as fc from 'fast-check'
import { Instrument, type SelfTrade, SimulatedExchange } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'

const INSTRUMENT = new Instrument(1, {
  venue: 'sim',
  symbol: 'X',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  priceTick: '1',
  quantityStep: '1',
})

interface Order {
  id: number
  account: number
  side: 'buy' | 'sell'
  /** 0: a market order. */
  price: number
  total: number
  filled: number
  postOnly: boolean
  /** Its place in time. */
  since: number
}

type Action =
  | {
      do: 'order'
      account: number
      side: 'buy' | 'sell'
      price: number
      quantity: number
      time: 0 | 1 | 2
      postOnly: boolean
    }
  | { do: 'cancel'; id: number }
  | { do: 'amend'; id: number; price: number; quantity: number }

class Model {
  resting: Order[] = []
  events: string[] = []
  private clock = 0
  private readonly mode: SelfTrade

  constructor(mode: SelfTrade) {
    this.mode = mode
  }

  /** Resting orders of the other side that a price reaches, in the order in which they trade. */
  private reachable(side: string, price: number): Order[] {
    const isReached = (order: Order): boolean =>
      price === 0 || (side === 'buy' ? order.price <= price : order.price >= price)
    const sign = side === 'buy' ? 1 : -1
    return this.resting
      .filter(order => order.side !== side && isReached(order))
      .sort((a, b) => sign * (a.price - b.price) || a.since - b.since)
  }

  order(id: number, action: Action & { do: 'order' }): void {
    const { account, side, price, quantity, time, postOnly } = action
    const isMarket = price === 0
    if (postOnly && (isMarket || time !== 0)) return this.say(id, 'rejected')
    const others = this.reachable(side, price)
    if (isMarket && others.length === 0) return this.say(id, 'rejected')
    if (postOnly && others.length > 0) return this.say(id, 'rejected')
    this.say(id, 'accepted')
    const order: Order = { id, account, side, price, total: quantity, filled: 0, postOnly, since: this.clock++ }
    if (time === 2) {
      let there = 0
      for (const other of others) {
        if (other.account === account && this.mode === 'cancel-oldest') continue
        if (other.account === account) break
        there += other.total - other.filled
      }
      if (there < quantity) return this.say(id, 'cancelled 0')
    }
    this.trade(order, time !== 0 || isMarket)
  }

  amend(action: Action & { do: 'amend' }): void {
    const { id, price, quantity } = action
    const order = this.resting.find(one => one.id === id)
    if (order === undefined) return this.say(id, 'amend-rejected')
    if (quantity <= order.filled) {
      this.drop(order)
      return this.say(id, `cancelled ${order.filled}`)
    }
    if (order.postOnly && price !== order.price && this.reachable(order.side, price).length > 0)
      return this.say(id, 'amend-rejected')
    const isWorse = price !== order.price || quantity > order.total
    order.price = price
    order.total = quantity
    this.say(id, `amended ${price} ${quantity}`)
    if (!isWorse) return
    this.drop(order)
    order.since = this.clock++
    this.trade(order, false)
  }

  cancel(id: number): void {
    const order = this.resting.find(one => one.id === id)
    if (order === undefined) return this.say(id, 'cancel-rejected')
    this.drop(order)
    this.say(id, `cancelled ${order.filled}`)
  }

  private trade(order: Order, neverRests: boolean): void {
    const end = (one: Order): void => {
      this.drop(one)
      this.say(one.id, `cancelled ${one.filled}`)
    }
    for (const other of this.reachable(order.side, order.price)) {
      const open = order.total - order.filled
      if (open === 0) break
      const there = other.total - other.filled
      if (other.account === order.account) {
        if (this.mode === 'decrement') {
          const less = Math.min(open, there)
          for (const one of [other, order]) {
            if (one.total - one.filled === less) end(one)
            else {
              one.total -= less
              this.say(one.id, `amended ${one.price} ${one.total}`)
            }
          }
          if (open === less) return
          continue
        }
        if (this.mode !== 'cancel-newest') end(other)
        if (this.mode === 'cancel-oldest') continue
        return end(order)
      }
      const quantity = Math.min(open, there)
      other.filled += quantity
      this.say(other.id, `fill ${other.price} ${quantity} maker`)
      if (other.filled === other.total) {
        this.drop(other)
        this.say(other.id, 'filled')
      }
      order.filled += quantity
      this.say(order.id, `fill ${other.price} ${quantity} taker`)
    }
    if (order.filled === order.total) this.say(order.id, 'filled')
    else if (neverRests) end(order)
    else this.resting.push(order)
  }

  private drop(order: Order): void {
    this.resting = this.resting.filter(one => one !== order)
  }

  private say(id: number, what: string): void {
    this.events.push(`${id} ${what}`)
  }
}

/** The exchange, with the same words. */
class Real {
  readonly events: string[] = []
  readonly exchange: SimulatedExchange

  constructor(selfTrade: SelfTrade) {
    this.exchange = new SimulatedExchange({ accounts: 3, selfTrade })
    this.exchange.start(event => {
      const { kind, idLow, ticks, steps, filledSteps, maker } = event
      if (kind === 'connected') return
      const more =
        kind === 'fill'
          ? ` ${ticks} ${steps} ${maker ? 'maker' : 'taker'}`
          : kind === 'amended'
            ? ` ${ticks} ${steps}`
            : kind === 'cancelled'
              ? ` ${filledSteps}`
              : ''
      this.events.push(`${idLow} ${kind}${more}`)
    })
  }

  do(action: Action, id: number): void {
    if (action.do === 'cancel') this.exchange.cancel(1, action.id, 1, 0)
    else if (action.do === 'amend') this.exchange.amend(1, action.id, 1, action.price, action.quantity, 0)
    else {
      const { account, side, price, quantity, time, postOnly } = action
      this.exchange.submit(
        {
          idHigh: 1,
          idLow: id,
          instrument: INSTRUMENT,
          account,
          side: side === 'buy' ? 0 : 1,
          type: price === 0 ? 1 : 0,
          timeInForce: time,
          ticks: price,
          steps: quantity,
          stopTicks: 0,
          expireAt: 0,
          postOnly,
          reduceOnly: false,
          deadline: 0,
        },
        0,
      )
    }
  }
}

const prices = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 95, max: 105 }) },
  // Far prices: other pages of price levels.
  { weight: 2, arbitrary: fc.constantFrom(1, 63, 64, 128, 5000, 2 ** 33) },
)
const actions = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('order' as const),
      account: fc.integer({ min: 0, max: 2 }),
      side: fc.constantFrom('buy' as const, 'sell' as const),
      price: fc.oneof({ weight: 9, arbitrary: prices }, { weight: 1, arbitrary: fc.constant(0) }),
      quantity: fc.integer({ min: 1, max: 9 }),
      time: fc.constantFrom(0 as const, 0 as const, 0 as const, 1 as const, 2 as const),
      postOnly: fc.integer({ min: 0, max: 7 }).map(n => n === 0),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel' as const), id: fc.integer({ min: 1, max: 60 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('amend' as const),
      id: fc.integer({ min: 1, max: 60 }),
      price: prices,
      quantity: fc.integer({ min: 1, max: 9 }),
    }),
  },
)

describe('equal to the plain model', () => {
  for (const mode of ['cancel-newest', 'cancel-oldest', 'cancel-both', 'decrement'] as const) {
    test(`with ${mode}`, () => {
      fc.assert(
        fc.property(fc.array(actions, { maxLength: 100, size: 'max' }), list => {
          const model = new Model(mode)
          const real = new Real(mode)
          let id = 0
          for (const action of list) {
            if (action.do === 'order') model.order(++id, action)
            else if (action.do === 'cancel') model.cancel(action.id)
            else model.amend(action)
            real.do(action, id)
            expect(real.events.splice(0).join()).toBe(model.events.splice(0).join())
          }
          const { bids, asks } = real.exchange.book(INSTRUMENT)
          const inBook = [...bids, ...asks].flatMap(({ ticks, orders }) =>
            orders.map(({ idLow, steps }) => `${idLow} ${ticks} ${steps}`),
          )
          const inModel = (side: string, sign: number): Order[] =>
            model.resting
              .filter(order => order.side === side)
              .sort((a, b) => sign * (a.price - b.price) || a.since - b.since)
          expect(inBook).toEqual(
            [...inModel('buy', -1), ...inModel('sell', 1)].map(
              ({ id: one, price, total, filled }) => `${one} ${price} ${total - filled}`,
            ),
          )
        }),
        { numRuns: 200 },
      )
    })
  }
})
