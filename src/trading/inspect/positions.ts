import { type Handlers, on } from '../../frames/handlers.js'
import type { FrameView } from '../../frames/view.js'
import { PagesGoneError } from '../errors.js'
import type { Grid } from '../exact/grid.js'
import { BookTop } from '../messages/market-frames.js'
import { Fill } from '../messages/order-frames.js'
import {
  DeskPositions,
  type Filled,
  feeTexts,
  type PositionDecimals,
  type PositionOwner,
} from '../positions/desk-positions.js'
import type { KnownBefore } from './known-before.js'
import { Names } from './names.js'

/** One position, as decimals. */
export interface PositionLine extends PositionDecimals {
  /** The strategy or the account; 'desk' for the whole desk. */
  readonly owner: string
  readonly instrument: string
  /** The middle of the last quote. */
  readonly price: number | undefined
  /** The instrument's settlement currency, of all profit. */
  readonly currency: string
  /** What was paid, by currency; below 0 for rebates. */
  readonly fees: Readonly<Record<string, string>>
  readonly fills: number
  /** Of the last fill: its time, ns since 1970, and its position in the sequence. */
  readonly changedAt: bigint
  readonly position: number
}

/** The positions of a home, from the fills in its sequence alone, read forward once. See DeskPositions. */
export class PositionTable {
  readonly names = new Names()
  readonly handlers: Handlers
  private readonly positions = new DeskPositions()
  /** Of the last quote, by the instrument's number. */
  private readonly middles: number[] = []

  /** @param onChange is called after each fill. */
  constructor(
    private readonly by: PositionOwner,
    private readonly wanted: { readonly strategy?: string | undefined; readonly instrument?: string | undefined } = {},
    private readonly onChange: (line: PositionLine) => void = () => {},
  ) {
    this.handlers = this.names.learnBy(on(Fill, frame => this.fill(frame))).on(BookTop, ({ instrument, bid, ask }) => {
      this.quote(instrument, bid, ask)
    })
  }

  /**
   * Begins with what was known where the sequence's first pages end.
   *
   * @throws {PagesGoneError} for the accounts of one strategy: only their sums are known.
   */
  begin(known: KnownBefore): void {
    const { by, names, positions } = this
    if (this.wanted.strategy !== undefined && by !== 'strategy')
      throw new PagesGoneError(
        `the fills before position ${known.position} are gone: the positions of one strategy are known by strategy only, not by ${by}`,
        { path: known.sequence, position: known.position },
      )
    names.begin(known)
    const { bids, asks, fills } = known.views
    for (let number = 0; number < bids.length; number++) this.quote(number, bids[number], asks[number])
    positions.load(
      fills.filter(([owner, id]) => owner !== 'strategy' || this.wantsStrategy(id)),
      number => (this.wantsInstrument(number) ? names.instruments.get(number) : undefined),
    )
  }

  /** By owner, then by instrument. */
  get lines(): PositionLine[] {
    return this.linesBy(this.by)
  }

  /** The same, of another kind of owner. */
  linesBy(by: PositionOwner): PositionLine[] {
    return this.positions
      .all(by)
      .map(filled => this.lineOf(filled))
      .sort((a, b) => compare(a.owner, b.owner) || compare(a.instrument, b.instrument))
  }

  private quote(instrument: number, bid: number, ask: number): void {
    if (!(bid > 0 && ask > 0)) return
    const price = this.names.instruments.get(instrument)?.price
    const halves = price === undefined ? Number.NaN : price.nearest(bid) + price.nearest(ask)
    // From whole ticks: half a sum of doubles has digits that no price has.
    this.middles[instrument] = Number.isNaN(halves) ? (bid + ask) / 2 : (price as Grid).valueOf(halves / 2)
  }

  private fill(frame: FrameView<typeof Fill>): void {
    const instrument = this.names.instruments.get(frame.instrument)
    const { dest: strategy = 0, account, price, quantity, fee, feeCurrency, time, position } = frame
    if (instrument === undefined || !this.wantsStrategy(strategy) || !this.wantsInstrument(frame.instrument)) return
    const isBuy = frame.side === 'buy'
    const fill = { strategy, account, isBuy, price, quantity, fee, feeCurrency, time, position }
    this.positions.apply(instrument, fill)
    const owner = { strategy, account, desk: 0 }[this.by]
    this.onChange(this.lineOf(this.positions.of(this.by, owner, instrument)))
  }

  private wantsStrategy(number: number): boolean {
    const { strategy } = this.wanted
    return strategy === undefined || this.names.strategy(number) === strategy
  }

  private wantsInstrument(number: number): boolean {
    const { instrument } = this.wanted
    return instrument === undefined || this.names.isInstrument(number, instrument)
  }

  private lineOf(filled: Filled): PositionLine {
    const { by, owner, instrument, fills, changedAt, position } = filled
    const { number, name, settlement } = instrument
    const price = this.middles[number]
    const owners = {
      strategy: () => this.names.strategy(owner),
      account: () => this.names.account(number, owner),
      desk: () => 'desk',
    }
    return {
      owner: owners[by](),
      instrument: name,
      ...this.positions.decimals(filled, price),
      price,
      currency: settlement,
      fees: feeTexts(filled),
      fills,
      changedAt,
      position,
    }
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
