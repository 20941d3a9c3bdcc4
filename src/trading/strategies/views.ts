import type { FrameView } from '../../frames/view.js'
import type { InstrumentSpec } from '../instruments/instrument.js'
import type { Instruments } from '../instruments/instruments.js'
import type { BookTop } from '../messages/market-frames.js'
import type { Fill, OrderReport } from '../messages/order-frames.js'
import type { PairReport } from '../messages/pair-frames.js'
import { DeskPositions, type SavedFilled } from '../positions/desk-positions.js'
import { OwnOrders, type SavedOrder } from './own-orders.js'
import { OwnPairs, type SavedPair } from './own-pairs.js'
import { OwnPositions, type SavedPositions } from './own-positions.js'

/** What the contexts of all strategies know at a position, as plain data. */
export interface ViewsData {
  readonly instruments: readonly (readonly [number: number, spec: InstrumentSpec])[]
  /** The last quotes, by the instrument's number; 0 before the first. */
  readonly bids: ArrayLike<number>
  readonly asks: ArrayLike<number>
  readonly strategies: readonly StrategyView[]
  /** The positions of all owners. No context needs them; they are what `ticktape positions` shows. */
  readonly fills: readonly SavedFilled[]
}

/** What the context of one strategy knows. */
export interface StrategyView {
  readonly strategy: number
  readonly orders: readonly SavedOrder[]
  readonly positions: SavedPositions
  readonly pairs: readonly SavedPair[]
}

interface View {
  readonly orders: OwnOrders
  readonly positions: OwnPositions
  readonly pairs: OwnPairs
}

/**
 * What the contexts of all strategies know of their orders and positions, from the frames of the sequence. A snapshot has it,
 * so that a strategy's start does not read the sequence from its beginning.
 */
export class StrategyViews {
  private readonly strategies: (View | undefined)[] = []
  private readonly fills = new DeskPositions()
  private readonly bids: number[] = []
  private readonly asks: number[] = []

  constructor(private readonly instruments: () => Instruments) {}

  book({ instrument, bid, ask }: FrameView<typeof BookTop>): void {
    while (this.bids.length < instrument) {
      this.bids.push(0)
      this.asks.push(0)
    }
    this.bids[instrument] = bid
    this.asks[instrument] = ask
  }

  report(report: FrameView<typeof OrderReport>): void {
    this.of(report.dest ?? 0).orders.reported(report)
  }

  fill(fill: FrameView<typeof Fill>): void {
    const { dest: strategy = 0, account, price, quantity, fee, feeCurrency, time, position } = fill
    this.of(strategy).positions.filled(fill)
    const instrument = this.instruments().get(fill.instrument)
    if (instrument === undefined) return
    const isBuy = fill.side === 'buy'
    this.fills.apply(instrument, { strategy, account, isBuy, price, quantity, fee, feeCurrency, time, position })
  }

  pair(report: FrameView<typeof PairReport>): void {
    this.of(report.dest ?? 0).pairs.reported(report)
  }

  save(): ViewsData {
    return {
      instruments: this.instruments().all.map(({ number, spec }) => [number, spec] as const),
      bids: Float64Array.from(this.bids),
      asks: Float64Array.from(this.asks),
      strategies: this.strategies.flatMap((view, strategy) =>
        view === undefined
          ? []
          : [
              {
                strategy,
                orders: view.orders.save(),
                positions: view.positions.save(),
                pairs: view.pairs.save(),
              },
            ],
      ),
      fills: this.fills.save(),
    }
  }

  load({ bids, asks, strategies, fills }: ViewsData): void {
    for (let number = 0; number < bids.length; number++) {
      this.bids[number] = bids[number]
      this.asks[number] = asks[number]
    }
    for (const { strategy, orders, positions, pairs } of strategies) {
      const view = this.of(strategy)
      view.orders.load(orders)
      view.positions.load(positions)
      view.pairs.load(pairs)
    }
    this.fills.load(fills, number => this.instruments().get(number))
  }

  private of(strategy: number): View {
    return (this.strategies[strategy] ??= {
      orders: new OwnOrders(this.instruments(), 0),
      positions: new OwnPositions(this.instruments()),
      pairs: new OwnPairs(),
    })
  }
}
