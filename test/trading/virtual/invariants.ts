/** What must hold after every step of a desk, whatever happened: counted again from the journals and the exchanges' records. */
import { join } from 'node:path'
import { on, Reader } from 'ticktape'
import { Fill, OrderReport, type SimulatedExchange } from 'ticktape/trading'
import type { Desk } from '../../../dist/trading/desk/desk.js'
import { Intent } from '../../../dist/trading/sequence/frames.js'

export interface Limits {
  readonly maxPosition: number
  readonly maxOpenOrders: number
  readonly strategies: Readonly<
    Partial<Record<string, { readonly maxPosition: number; readonly maxOpenOrders: number }>>
  >
}

interface BookedFill {
  readonly key: string
  readonly strategy: number
  readonly instrument: number
  readonly steps: number
}

const UNLIMITED = { maxOpenOrders: Number.POSITIVE_INFINITY, maxPosition: Number.POSITIVE_INFINITY }
const FINAL = new Set(['filled', 'cancelled', 'rejected', 'denied', 'expired'])
const STEPS = 1000
const TICKS = 10

const idOf = ({ idHigh, idLow }: { readonly idHigh: number; readonly idLow: number }): bigint =>
  (BigInt(idHigh) << 32n) | BigInt(idLow)

export class Invariants {
  private readonly reader: Reader
  private readonly submits = new Set<bigint>()
  private readonly states = new Map<bigint, string>()
  private readonly fills: BookedFill[] = []
  private readonly fillKeys = new Map<string, string>()
  private readonly filled = new Map<bigint, number>()
  /** Steps by strategy and instrument. */
  private readonly positions = new Map<string, number>()
  private denials = 0
  private problem: string | undefined
  private readonly handlers = on(Intent, ({ action, orderId }) => {
    if (action !== 'submit') return
    if (this.submits.has(orderId)) this.problem ??= `order ${orderId} is sent twice`
    this.submits.add(orderId)
  })
    .on(OrderReport, ({ orderId, state, filledQuantity }) => {
      const before = this.states.get(orderId)
      this.states.set(orderId, state)
      if (state === 'denied' && before === undefined) this.denials++
      // Nothing that a venue said is taken back, but a final state by one of a higher rank.
      if (before !== undefined && RANKS[state] < RANKS[before])
        this.problem ??= `order ${orderId} goes from ${before} to ${state}`
      if (Math.round(filledQuantity * STEPS) !== (this.filled.get(orderId) ?? 0))
        this.problem ??= `a report of order ${orderId} says ${filledQuantity} is filled, its fills say ${this.filled.get(orderId)} steps`
    })
    .on(Fill, ({ orderId, instrument, side, price, quantity, fee, tradeId }) => {
      const key = `${orderId} ${tradeId}`
      if (this.fillKeys.has(key)) this.problem ??= `the fill ${key} is booked twice`
      const steps = Math.round(quantity * STEPS)
      this.fillKeys.set(key, `${side} ${Math.round(price * TICKS)} ${steps} ${fee}`)
      const strategy = Number(orderId >> 52n)
      this.fills.push({ key, strategy, instrument, steps })
      this.filled.set(orderId, (this.filled.get(orderId) ?? 0) + steps)
      const holding = `${strategy} ${instrument}`
      this.positions.set(holding, (this.positions.get(holding) ?? 0) + (side === 'buy' ? steps : -steps))
    })

  constructor(
    home: string,
    private readonly limits: Limits,
  ) {
    this.reader = Reader.open(join(home, 'gateway'))
  }

  get counts(): { orders: number; fills: number; denied: number } {
    return { orders: this.submits.size, fills: this.fills.length, denied: this.denials }
  }

  check(exchanges: readonly SimulatedExchange[], desk: Desk): void {
    this.readNews()
    for (const exchange of exchanges) this.checkExchange(exchange)
    this.checkFills(exchanges)
    this.checkRisk(desk)
  }

  /** Whether nothing is open on either side, and both agree. */
  isSettled(exchanges: readonly SimulatedExchange[], desk: Desk): boolean {
    this.readNews()
    return desk.orders.open === 0 && this.disagreements(exchanges).length === 0
  }

  checkEnd(exchanges: readonly SimulatedExchange[], desk: Desk): void {
    this.readNews()
    this.demand(desk.orders.open === 0, () => `${desk.orders.open} orders are open for ever`)
    const [first] = this.disagreements(exchanges)
    this.demand(first === undefined, () => first)
  }

  close(): void {
    this.reader.close()
  }

  private readNews(): void {
    while (this.reader.poll(this.handlers, 1024) > 0);
    this.demand(this.problem === undefined, () => this.problem ?? '')
  }

  private checkExchange(exchange: SimulatedExchange): void {
    const record = exchange.record()
    this.demand(record.duplicates === 0, () => `${exchange.name} got ${record.duplicates} orders twice`)
    const { cash, positions } = exchange.sums()
    for (const [what, sum] of [...Object.entries(cash), ...Object.entries(positions)])
      this.demand(Number(sum) === 0, () => `${what} at ${exchange.name} adds up to ${sum}, not 0`)
    for (const order of record.orders) {
      const orderId = idOf(order)
      const state = this.states.get(orderId)
      this.demand(
        this.submits.has(orderId),
        () => `${exchange.name} has order ${orderId}, which the sequence never sent`,
      )
      this.demand(
        (this.filled.get(orderId) ?? 0) <= order.filledSteps,
        () =>
          `order ${orderId} has ${this.filled.get(orderId)} steps filled here, ${order.filledSteps} at ${exchange.name}`,
      )
      if (state === undefined || !FINAL.has(state)) continue
      // Final here only by the venue's word.
      this.demand(order.state === state, () => `order ${orderId} is ${state} here, ${order.state} at ${exchange.name}`)
    }
  }

  /** Each fill that is booked was made, with these values. */
  private checkFills(exchanges: readonly SimulatedExchange[]): void {
    const made = new Map<string, string>()
    for (const exchange of exchanges)
      for (const fill of exchange.record().fills)
        made.set(`${idOf(fill)} ${fill.tradeId}`, `${fill.side} ${fill.ticks} ${fill.steps} ${fill.fee}`)
    for (const [key, values] of this.fillKeys)
      this.demand(made.get(key) === values, () => `the fill ${key} is booked as ${values}, made as ${made.get(key)}`)
  }

  private checkRisk(desk: Desk): void {
    const { risk, orders, instruments } = desk
    const reserved = new Map<string, { buys: number; sells: number }>()
    const open = new Map<number, number>()
    for (const order of orders) {
      const key = `${order.strategy} ${order.instrument.number}`
      const sums = reserved.get(key) ?? { buys: 0, sells: 0 }
      reserved.set(key, sums)
      // The most that may still be filled, over all terms that may be in effect.
      const { missingSteps } = order
      let most = missingSteps
      if (!order.isFinal) {
        most = Math.max(order.steps - order.filledSteps, missingSteps)
        for (let i = 0; i < order.requests.size; i++) {
          const request = order.requests.at(i)
          if (!request.isCancel) most = Math.max(most, request.steps - order.filledSteps)
        }
        open.set(order.strategy, (open.get(order.strategy) ?? 0) + 1)
      }
      if (order.side === 0) sums.buys += most
      else sums.sells += most
    }
    let allOpen = 0
    for (const [number, owner] of risk.desk.strategies.entries()) {
      if (owner === undefined) continue
      const count = open.get(number) ?? 0
      allOpen += count
      this.demand(
        owner.openOrders === count,
        () => `risk counts ${owner.openOrders} open orders of ${owner.name}, there are ${count}`,
      )
      const { maxOpenOrders, maxPosition } = this.limits.strategies[owner.name] ?? UNLIMITED
      this.demand(count <= maxOpenOrders, () => `${owner.name} has ${count} open orders, more than ${maxOpenOrders}`)
      for (const instrument of instruments.all) {
        const holding = risk.ofStrategy(number, instrument)
        const key = `${number} ${instrument.number}`
        const { buys, sells } = reserved.get(key) ?? { buys: 0, sells: 0 }
        const position = this.positions.get(key) ?? 0
        const found = `${holding.position} ${holding.buys} ${holding.sells}`
        this.demand(
          found === `${position} ${buys} ${sells}`,
          () =>
            `risk has ${found} (position, buys, sells) of ${owner.name} in ${instrument.symbol}, a recount has ${position} ${buys} ${sells}`,
        )
        this.demandWithin(position, buys, sells, maxPosition * STEPS, owner.name, instrument.symbol)
      }
    }
    this.demand(
      allOpen <= this.limits.maxOpenOrders,
      () => `${allOpen} orders are open, more than ${this.limits.maxOpenOrders}`,
    )
    for (const instrument of instruments.all) {
      let [position, buys, sells] = [0, 0, 0]
      for (const number of risk.desk.strategies.keys()) {
        const key = `${number} ${instrument.number}`
        position += this.positions.get(key) ?? 0
        buys += reserved.get(key)?.buys ?? 0
        sells += reserved.get(key)?.sells ?? 0
      }
      this.demandWithin(position, buys, sells, this.limits.maxPosition * STEPS, 'the desk', instrument.symbol)
    }
  }

  private demandWithin(position: number, buys: number, sells: number, most: number, who: string, symbol: string): void {
    this.demand(
      position + buys <= most && sells - position <= most,
      () => `${who} in ${symbol}: position ${position}, ${buys} to buy and ${sells} to sell are over ${most}`,
    )
  }

  private disagreements(exchanges: readonly SimulatedExchange[]): string[] {
    const found: string[] = []
    const made = new Set<string>()
    const known = new Set<bigint>()
    for (const exchange of exchanges) {
      const record = exchange.record()
      for (const order of record.orders) {
        const orderId = idOf(order)
        known.add(orderId)
        const state = this.states.get(orderId)
        if (order.state !== state) found.push(`order ${orderId} is ${state} here, ${order.state} at ${exchange.name}`)
      }
      for (const fill of record.fills) {
        const key = `${idOf(fill)} ${fill.tradeId}`
        made.add(key)
        if (!this.fillKeys.has(key)) found.push(`the fill ${key} of ${exchange.name} is not booked`)
      }
    }
    for (const orderId of this.submits)
      if (!known.has(orderId) && this.states.get(orderId) !== 'denied')
        found.push(`order ${orderId} is ${this.states.get(orderId)} here, and no exchange knows it`)
    return found
  }

  private demand(holds: boolean, what: () => string): void {
    if (!holds) throw new Error(what())
  }
}

/** A state may be followed by one of the same or a higher rank. */
const RANKS: Readonly<Record<string, number>> = {
  submitted: 0,
  denied: 0,
  unknown: 0,
  accepted: 0,
  'partially-filled': 0,
  rejected: 1,
  expired: 2,
  cancelled: 3,
  filled: 4,
}
