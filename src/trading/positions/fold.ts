import { InvalidOptionError } from '../../base/errors.js'
import { CorruptJournalError } from '../../frames/errors.js'
import { type Handlers, on } from '../../frames/handlers.js'
import type { FrameView } from '../../frames/view.js'
import { Reader } from '../../journal/read/reader.js'
import { positionsOf } from '../../journal/seek/last-frames.js'
import type { BookState, Scale } from './book.js'
import type { Fill } from './exact-fill.js'
import {
  FillRecord,
  MarketRecord,
  PositionFee,
  PositionRecord,
  Settlement,
  Snapshot,
  WideFill,
  WidePosition,
  WideSettlement,
} from './frames.js'
import { type BookEntry, Positions } from './positions.js'

/** The result of folding a positions journal. */
export interface FoldedPositions {
  readonly positions: Positions
  /** Fills and settlements since the journal began. */
  readonly folded: number
  /** The cause of the last fill. */
  readonly lastCause: FillCause | undefined
}

/** A position in another journal. */
export interface FillCause {
  readonly journal: number
  readonly position: number
}

/**
 * Folds a positions journal from its first frame to its last: the positions are the sum of its fills and settlements
 * alone, and the positions that the journal records are compared with them. Only if retention removed the journal's
 * beginning, the first complete snapshot replaces the frames before it.
 *
 * @throws {CorruptJournalError} when the fills give other positions than the journal records.
 */
export function foldPositions(directory: string, scale?: Scale): FoldedPositions {
  const reader = Reader.open(directory)
  try {
    const fold = new Fold(directory, scale, reader.position === 0)
    while (reader.poll(fold.handlers, 4096) > 0);
    return fold.result()
  } finally {
    reader.close()
  }
}

/**
 * The positions at the end of a journal, from its last complete snapshot and what follows it: so it takes as long as some
 * thousand fills take, whatever the journal's length. What was before the snapshot is not compared again.
 *
 * @throws as `foldPositions`.
 */
export function foldLast(directory: string, scale?: Scale): FoldedPositions {
  const begin = lastSnapshot(directory)
  if (begin === undefined) return foldPositions(directory, scale)
  const reader = Reader.open(directory, { from: { position: begin } })
  try {
    const fold = new Fold(directory, scale, false)
    while (reader.poll(fold.handlers, 4096) > 0);
    return fold.result()
  } finally {
    reader.close()
  }
}

/** Where the last complete snapshot begins. */
function lastSnapshot(directory: string): number | undefined {
  let hasEnd = false
  for (const position of positionsOf(directory, Snapshot.id)) {
    const event = eventAt(directory, position)
    if (event === 'begin' && hasEnd) return position
    hasEnd = event === 'end'
  }
  return undefined
}

function eventAt(directory: string, position: number): 'begin' | 'end' | undefined {
  const reader = Reader.open(directory, { from: { position } })
  try {
    for (const frame of reader) return frame.is(Snapshot) ? frame.event : undefined
    return undefined
  } finally {
    reader.close()
  }
}

class Fold {
  readonly handlers: Handlers
  private positions: Positions
  private folded = 0
  private lastCause: FillCause | undefined = undefined
  /** Whether the positions so far are known. Until then frames are skipped, up to the first complete snapshot. */
  private known: boolean
  private inSnapshot = false
  private scaled = false

  constructor(
    private readonly directory: string,
    private readonly scale: Scale | undefined,
    fromBeginning: boolean,
  ) {
    this.positions = new Positions({ scale })
    this.known = fromBeginning
    this.handlers = on(FillRecord, fill => this.fill(fill))
      .on(WideFill, fill => {
        const { base, quote, feeCurrency } = fill
        this.fill(fill, {
          base: base === '' ? undefined : base,
          quote: quote === '' ? undefined : quote,
          feeCurrency: feeCurrency === '' ? undefined : feeCurrency,
        })
      })
      .on(Settlement, ({ symbol, price }) => this.settle(symbol, price))
      .on(WideSettlement, ({ symbol, price }) => this.settle(symbol, price))
      .on(PositionRecord, record => this.position(record))
      .on(WidePosition, record => this.position(record))
      .on(PositionFee, record => this.fee(record))
      .on(MarketRecord, ({ symbol, base, quote }) => {
        if (this.inSnapshot) this.positions.learn(symbol, { base, quote })
      })
      .on(Snapshot, snapshot => this.snapshot(snapshot))
  }

  result(): FoldedPositions {
    if (!this.known)
      throw new CorruptJournalError(
        `${this.directory} has lost its beginning, and has no complete snapshot to start from`,
        {
          path: this.directory,
        },
      )
    return { positions: this.positions, folded: this.folded, lastCause: this.lastCause }
  }

  private fill(
    fill: FrameView<typeof FillRecord>,
    currencies: Pick<Fill, 'base' | 'quote' | 'feeCurrency'> = {},
  ): void {
    if (!this.known) return
    const { strategy, account, symbol, side, price, quantity, fee, cause, causeJournal } = fill
    this.positions.apply({ strategy, account, symbol, side, price, quantity, fee, ...currencies })
    this.folded++
    if (cause !== undefined) this.lastCause = { journal: causeJournal ?? 0, position: cause }
  }

  private settle(symbol: string, price: string): void {
    if (!this.known) return
    this.positions.settle(symbol, price)
    this.folded++
  }

  private position(record: FrameView<typeof PositionRecord>): void {
    const { kind, name, symbol, position } = record
    const stored: BookState = {
      quantity: this.integer(record.quantity, position),
      cost: this.integer(record.cost, position),
      realised: this.integer(record.realised, position),
      fees: this.integer(record.fees, position),
    }
    const book = this.positions.bookOf(kind, name, symbol)
    if (!this.known) {
      if (this.inSnapshot) book.restore(stored)
      return
    }
    const { state } = book
    for (const key of ['quantity', 'cost', 'realised', 'fees'] as const)
      this.compare(record, key, stored[key], state[key])
  }

  private fee(record: FrameView<typeof PositionFee>): void {
    const { kind, name, symbol, currency, position } = record
    const amount = this.integer(record.amount, position)
    const { charges } = this.positions.bookOf(kind, name, symbol)
    if (this.known) this.compare(record, `fees in ${currency}`, amount, charges.get(currency) ?? 0n)
    else if (this.inSnapshot) charges.set(currency, amount)
  }

  private integer(text: string, position: number): bigint {
    if (/^-?\d+$/.test(text)) return BigInt(text)
    throw new CorruptJournalError(
      `${this.directory} has a frame at position ${position} with a value that is not an integer; run 'ticktape verify' on it`,
      { path: this.directory, position },
    )
  }

  private compare(
    { kind, name, symbol, position }: Pick<BookEntry, 'kind' | 'name' | 'symbol'> & { readonly position: number },
    what: string,
    stored: bigint,
    folded: bigint,
  ): void {
    if (stored === folded) return
    throw new CorruptJournalError(
      `${this.directory} says at position ${position} that the ${what} of ${kind} '${name}' in ${symbol} is ${stored}, its fills give ${folded}; run 'ticktape verify' on it`,
      { path: this.directory, position },
    )
  }

  private snapshot(snapshot: FrameView<typeof Snapshot>): void {
    const { event, priceScale, quantityScale, folded, lastNext, lastJournal } = snapshot
    this.checkScale(priceScale, quantityScale)
    if (this.known) return
    if (event === 'begin') {
      this.positions = new Positions({ scale: { price: priceScale, quantity: quantityScale } })
      this.inSnapshot = true
    } else if (this.inSnapshot) {
      this.known = true
      this.folded = Number(folded)
      this.lastCause = lastNext === 0n ? undefined : { journal: lastJournal, position: Number(lastNext) - 1 }
    }
  }

  /**
   * The first frame of every positions journal is a snapshot's and names the scale: positions of two scales are never
   * mixed.
   */
  private checkScale(price: number, quantity: number): void {
    const { scale } = this
    if (scale !== undefined && (scale.price !== price || scale.quantity !== quantity)) {
      throw new InvalidOptionError(
        `${this.directory} keeps prices with ${price} and quantities with ${quantity} decimals, not ${scale.price} and ${scale.quantity}; open it with those`,
        { path: this.directory },
      )
    }
    if (this.scaled) return
    this.scaled = true
    this.positions = new Positions({ scale: { price, quantity } })
  }
}
