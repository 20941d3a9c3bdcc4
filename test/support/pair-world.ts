/**
 * A market and a venue that do anything to a pair: fill in parts or not at all, reject, lose, double, delay and reorder what they
 * say. Each closing order is checked when it is sent, by the world's own count of the fills that were said.
 */
import type { Outcome, TestDesk } from './pair-desk.ts'

/** Random numbers that fast-check can shrink. */
export type Draw = (below: number) => number

interface Held {
  readonly id: bigint
  readonly leg: 1 | 2
  readonly steps: number
  readonly isClosing: boolean
  /** What the venue knows. */
  filled: number
  state: 'open' | 'cancelled' | 'rejected' | 'filled'
  /** What the desk was told. */
  toldFilled: number
  toldEnd: boolean
}

type Words = readonly [kind: Parameters<TestDesk['say']>[0], fields: Parameters<TestDesk['say']>[2]]

export class World {
  readonly orders = new Map<bigint, Held>()
  readonly pairId: bigint
  private readonly waiting: { readonly order: Held; readonly words: Words }[] = []
  private readonly said = new Set<string>()
  private trades = 0
  private seen = 0

  constructor(
    private readonly desk: TestDesk,
    private readonly steps: readonly [number, number],
    private readonly draw: Draw,
    readonly mayLose: boolean,
  ) {
    this.pairId = desk.pair(
      { quantity: steps[0] / 1000 },
      { quantity: steps[1] / 1000 },
      { settleMs: 200, attempts: 1 + draw(6), retryMs: 50, maxSlippage: 0.01 },
    )
    this.look()
  }

  /** Something happens. */
  step(): void {
    const { draw, desk } = this
    const what = draw(10)
    if (what < 4) this.deliver(draw(Math.max(1, this.waiting.length)), draw(8) === 0)
    else if (what < 7) this.trade()
    else if (what === 7 && draw(4) === 0) desk.quote(1 + draw(2), 90 + draw(20), 111)
    else if (what === 8 && draw(12) === 0) desk.cancel(this.pairId + BigInt(draw(3)), 1)
    else if (what === 9) this.disturb()
    else desk.pass(draw(120))
    this.look()
  }

  /** Seldom something breaks. */
  private disturb(): void {
    const which = this.draw(24)
    if (which < 2) this.reconnect(which)
    else if (which < 4) this.desk.restart()
  }

  /** A venue loses its connection, and says everything again afterwards. */
  private reconnect(venue: number): void {
    this.desk.event(venue, 'disconnected', 0n)
    this.look()
    this.desk.pass(this.draw(150))
    this.desk.event(venue, 'connected', 0n)
    this.look()
    this.desk.event(venue, 'reconciled', 0n)
  }

  /** Everything that was said arrives, and time passes until nothing happens any more. */
  end(): void {
    for (let i = 0; i < 400; i++) {
      while (this.waiting.length > 0) {
        this.deliver(0, false)
        this.look()
      }
      this.desk.pass(i < 100 ? 100 : 2000)
      this.look()
      if (this.waiting.length === 0 && i > 20 && this.isOver) return
    }
  }

  get isOver(): boolean {
    return ['done', 'unbalanced'].includes(String(this.last?.['state'])) && this.desk.desk.nextAt === Infinity
  }

  get last(): Outcome | undefined {
    return this.desk.of('PairReport').at(-1)
  }

  /** How much more one leg has, as the desk was told; in steps of the first leg, times the steps of the second. */
  get unequal(): bigint {
    const net = [0n, 0n]
    for (const { leg, isClosing, toldFilled } of this.orders.values())
      net[leg - 1] += BigInt(isClosing ? -toldFilled : toldFilled)
    return net[0] * BigInt(this.steps[1]) - net[1] * BigInt(this.steps[0])
  }

  /** Reads what was decided: acts as the venue, and checks each closing order. */
  private look(): void {
    const { outcomes } = this.desk
    for (; this.seen < outcomes.length; this.seen++) {
      const outcome = outcomes[this.seen]
      if (outcome.kind !== 'Intent') continue
      const id = outcome['orderId'] as bigint
      if (outcome['action'] === 'submit') this.accept(id, outcome)
      else if (outcome['action'] === 'cancel') this.cancel(id, outcome['request'] as number)
      else if (outcome['action'] === 'query') this.answer(id)
      else if (outcome['action'] === 'reconcile')
        for (const order of this.orders.values())
          if (order.leg === (outcome['venue'] as number) + 1) this.answer(order.id)
    }
  }

  private accept(id: bigint, intent: Outcome): void {
    const { draw } = this
    const index = Number(id - this.pairId)
    const isClosing = index > 2
    const leg = intent['instrument'] as 1 | 2
    const order: Held = {
      id,
      leg,
      steps: intent['steps'] as number,
      isClosing,
      filled: 0,
      state: 'open',
      toldFilled: 0,
      toldEnd: false,
    }
    if (isClosing) this.checkClosing(order, intent)
    check(!this.orders.has(id), `order ${id} is sent once`)
    this.orders.set(id, order)
    if (draw(8) === 0) {
      order.state = 'rejected'
      return this.say(order, ['rejected', {}])
    }
    this.say(order, ['accepted', {}])
    if (!isClosing) return
    // It takes what is there at once, and the rest ends.
    if (draw(3) > 0) this.fillSome(order, 1 + draw(order.steps))
    if (order.state === 'open') this.finish(order, 0)
  }

  private checkClosing(order: Held, intent: Outcome): void {
    for (const other of this.orders.values())
      check(other.toldEnd, `order ${other.id} is not open when ${order.id} closes`)
    const { unequal } = this
    // In steps of the leg that is closed: rounded down.
    const excess = order.leg === 1 ? unequal / BigInt(this.steps[1]) : -unequal / BigInt(this.steps[0])
    check(BigInt(order.steps) <= excess, `${order.steps} steps are at most the excess of ${excess}`)
    check(intent['side'] === (order.leg === 1 ? 'sell' : 'buy'), 'it closes, and does not add')
    check(intent['timeInForce'] === 'ioc' && intent['ticks'] !== 0, 'it has a limit and does not rest')
  }

  private cancel(id: bigint, request: number): void {
    const order = this.orders.get(id)
    if (order === undefined) throw new Error('a cancel of an order that was never sent')
    if (order.state !== 'open' || this.draw(10) === 0) return this.say(order, ['cancel-rejected', { request }])
    this.finish(order, request)
  }

  /** Asked about an order, the venue says everything again. */
  private answer(id: bigint): void {
    const order = this.orders.get(id)
    if (order === undefined) throw new Error('a question about an order that was never sent')
    for (const words of this.history.get(id) ?? []) this.waiting.push({ order, words })
    if (order.state === 'open')
      this.waiting.push({ order, words: ['open', { ticks: 1000, steps: order.steps, filledSteps: order.filled }] })
  }

  private readonly history = new Map<bigint, Words[]>()

  private trade(): void {
    const open = [...this.orders.values()].filter(({ state, isClosing }) => state === 'open' && !isClosing)
    if (open.length === 0) return
    const order = open[this.draw(open.length)]
    this.fillSome(order, 1 + this.draw(order.steps))
  }

  private fillSome(order: Held, most: number): void {
    const steps = Math.min(most, order.steps - order.filled)
    order.filled += steps
    this.say(order, ['fill', { steps, ticks: 990 + this.draw(20), tradeId: `t${++this.trades}` }])
    if (order.filled < order.steps) return
    order.state = 'filled'
    this.say(order, ['filled', { filledSteps: order.filled }])
  }

  private finish(order: Held, request: number): void {
    order.state = 'cancelled'
    this.say(order, ['cancelled', { request, filledSteps: order.filled }])
  }

  private say(order: Held, words: Words): void {
    const list = this.history.get(order.id) ?? []
    list.push(words)
    this.history.set(order.id, list)
    // What is lost, the desk gets only when it asks.
    if (!this.mayLose || this.draw(12) > 0) this.waiting.push({ order, words })
  }

  private deliver(index: number, twice: boolean): void {
    const item = this.waiting[index] as (typeof this.waiting)[number] | undefined
    if (item === undefined) return
    if (!twice) this.waiting.splice(index, 1)
    const { order, words } = item
    const [kind, fields = {}] = words
    if (kind === 'fill' && !this.said.has(String(fields.tradeId))) {
      this.said.add(String(fields.tradeId))
      order.toldFilled += fields.steps ?? 0
    }
    if (kind === 'rejected') order.toldEnd = true
    if (['filled', 'cancelled'].includes(kind)) order.toldEnd = true
    // All its fills: nothing more can come, whatever else is said.
    if (order.toldFilled === order.steps) order.toldEnd = true
    this.desk.say(kind, order.id, fields)
    this.look()
  }
}

function check(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(`not true: ${what}`)
}
