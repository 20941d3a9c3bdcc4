import type { Handlers } from '../../frames/handlers.js'
import { on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import { together } from '../../ops/together.js'
import { type KnownBefore, knownNear } from '../../trading/inspect/known-before.js'
import { type OrderLine, OrderTable } from '../../trading/inspect/orders.js'
import { type PositionLine, PositionTable } from '../../trading/inspect/positions.js'
import { Fill } from '../../trading/messages/order-frames.js'
import { Taken } from '../../trading/messages/sequence-frames.js'
import { SEQUENCE_FRAMES } from '../../trading/sequence/frames.js'
import { DeskLog } from './desk-log.js'
import { MarketTable } from './market-table.js'

/** How many final orders are kept, those that changed last. */
const MOST_FINAL = 1000
/** How many fills are kept, the last ones. */
const MOST_FILLS = 500

/** A fill as it is shown. */
export interface FillLine {
  readonly position: number
  /** ns since 1970. */
  readonly time: bigint
  readonly orderId: bigint
  readonly strategy: string
  readonly instrument: string
  readonly account: string
  readonly side: string
  readonly liquidity: string
  readonly price: number
  readonly quantity: number
  readonly fee: number
  readonly feeCurrency: string
  readonly tradeId: string
}

export interface DeskFoldEvents {
  readonly onOrder?: (line: OrderLine) => void
  readonly onFill?: (line: FillLine) => void
  readonly onPosition?: (line: PositionLine) => void
}

/**
 * What a sequence says of a desk at the position of its reader: orders, positions, quotes, and what happened. It begins at the
 * snapshot before a position, so that it costs the same in a long history as in a short one.
 *
 * Its reader has no name: it takes no slot of the journal, and keeps no page.
 */
export class DeskFold {
  readonly orders: OrderTable
  readonly positions: PositionTable
  readonly market = new MarketTable()
  readonly log: DeskLog
  readonly fills: FillLine[] = []
  /** What was known where it began; undefined at the beginning of the sequence. */
  readonly known: KnownBefore | undefined
  /** The position that it began at. */
  readonly first: number
  /** The gateway's clock, ns since 1970. */
  clock = 0n
  private readonly reader: Reader
  private readonly handlers: Handlers

  /** @param near the position that is wanted: it begins at the nearest snapshot before it. */
  constructor(sequence: string, near: number, events: DeskFoldEvents = {}) {
    // What a snapshot says is no change.
    let hasBegun = false
    this.orders = new OrderTable({
      keeps: () => true,
      mostFinal: MOST_FINAL,
      onChange: line => {
        if (hasBegun) events.onOrder?.(line)
      },
    })
    this.positions = new PositionTable('strategy', {}, events.onPosition)
    this.log = new DeskLog(this.orders.names)
    this.handlers = together(
      this.orders.handlers,
      this.positions.handlers,
      this.market.handlers,
      this.log.handlers,
      on(Taken, frame => {
        this.clock = frame.clock
      }).on(Fill, frame => {
        const { position, time, orderId, side, liquidity, price, quantity, fee, feeCurrency, tradeId } = frame
        const { names } = this.orders
        const line = {
          position,
          time,
          orderId,
          strategy: names.strategy(frame.dest ?? 0),
          instrument: names.instrument(frame.instrument),
          account: names.account(frame.instrument, frame.account),
          side,
          liquidity,
          price,
          quantity,
          fee,
          feeCurrency,
          tradeId,
        }
        this.fills.push(line)
        if (this.fills.length > 2 * MOST_FILLS) this.fills.splice(0, MOST_FILLS)
        events.onFill?.(line)
      }),
    )
    this.known = knownNear(sequence, near)
    this.reader = Reader.open(sequence, {
      from: this.known === undefined ? 'start' : { position: this.known.position },
    })
    this.first = this.reader.position
    if (this.known !== undefined) {
      this.orders.begin(this.known)
      this.positions.begin(this.known)
      this.market.begin(this.known.views, this.known.position)
    }
    hasBegun = true
  }

  /** The position of the next frame. */
  get position(): number {
    return this.reader.position
  }

  /** Slots that are published and not read. */
  get lag(): number {
    return this.reader.lag
  }

  /** Reads on. Returns the number of frames. @throws as `Reader.poll`. */
  advance(frames: number): number {
    return this.reader.poll(this.handlers, frames)
  }

  /**
   * Reads up to the frame at a position, and no frame behind it. Returns whether it was read.
   *
   * @param frames about how many to read at most.
   */
  advanceThrough(position: number, frames: number): boolean {
    let left = frames
    while (this.reader.position <= position) {
      if (left <= 0) return false
      // So many frames begin at the position or before it, whatever their sizes are.
      const safe = Math.floor((position - this.reader.position) / LARGEST) + 1
      const read = this.advance(Math.min(left, safe))
      if (read === 0) return true
      left -= read
    }
    return true
  }

  close(): void {
    this.reader.close()
  }
}

/** The slots of the largest frame that a sequence may have: a part of a snapshot. */
const LARGEST = Math.max(...SEQUENCE_FRAMES.map(({ slots }) => slots))
