import { checkOptions, kinds } from '../../base/options.js'
import { refuseIndex, refuseValue } from '../../state/file/checks.js'
import { Header, Kind } from '../../state/file/format.js'
import { closeWhenReplaced } from '../../state/file/replacement-watch.js'
import { DEFAULT_MODE, StateFile, type StatePlan } from '../../state/file/state-file.js'
import { scratch32, scratch64 } from '../../state/file/words.js'
import { Quote as Q } from './top-of-book-format.js'

export interface TopOfBookOptions {
  /** Markets in the table. Default 512. */
  readonly markets?: number
  /** Permissions of a file that is created. Default 0o600. */
  readonly mode?: number
}

/** The best prices of one market and their sizes, each 0 to 65,535. A price of 0 means that the side has no quote, as in a new table. */
export interface Quote {
  bid: number
  ask: number
  bidSize: number
  askSize: number
}

// Imported names are loaded from their module's cell at each use; the hot path uses copies, which compile to constants.
const scratch = scratch64
const halves = scratch32
/** A side's price is in the low 16 bits of its half, its size in the high ones. */
const SIZE_SHIFT = 8 * Q.BID_SIZE

/**
 * The top of the book of every market, each in one 64-bit word: for markets quoted in whole cents or ticks.
 *
 *     const book = TopOfBook.open('/dev/shm/session.book', { markets: 512 })
 *     book.set(7, { bid: 48, ask: 52, bidSize: 100, askSize: 250 })
 *     book.setBid(7, 49, 80)
 *
 * Any process may write any market. The word is replaced in one store and read in one load. A side is half of the word, so replacing
 * one side never affects what another process stores to the other side, and changing only a price is a compare-and-swap of its half.
 */
export class TopOfBook implements Disposable {
  private readonly quotes: BigUint64Array
  private readonly sides: Int32Array
  /** The number of markets; 0 after close, so that one comparison detects both a wrong market and a closed table. */
  private size: number

  /** @throws {InvalidOptionError, UnsafePathError, CorruptStateError, StateMismatchError, NoSpaceError} */
  static open(path: string, options: TopOfBookOptions = {}): TopOfBook {
    checkOptions('TopOfBook.open', options, { markets: kinds.integer(1, 10_000_000), mode: kinds.integer(0, 0o777) })
    return new TopOfBook(StateFile.open(path, planOf(options)))
  }

  private constructor(private readonly file: StateFile) {
    this.size = file.parameters[0]
    this.quotes = new BigUint64Array(file.mapping.buffer, Header.SIZE)
    this.sides = new Int32Array(file.mapping.buffer, Header.SIZE)
    closeWhenReplaced(file, this)
  }

  get path(): string {
    return this.file.path
  }

  get markets(): number {
    return this.file.parameters[0]
  }

  /** Replaces both sides at once. Allocates nothing. @throws {InvalidOptionError, FieldValueError, ClosedError} */
  set(market: number, quote: Readonly<Quote>): void {
    this.update(market, quote.bid, quote.ask, quote.bidSize, quote.askSize)
  }

  /** As `set`, from numbers. */
  update(market: number, bid: number, ask: number, bidSize: number, askSize: number): void {
    if (!(market >>> 0 === market && market < this.size)) this.refuseMarket(market)
    // All four fit 16 bits when none is changed by it.
    if (
      (bid & 0xffff) !== bid ||
      (ask & 0xffff) !== ask ||
      (bidSize & 0xffff) !== bidSize ||
      (askSize & 0xffff) !== askSize
    ) {
      this.refuseQuote(bid, ask, bidSize, askSize)
    }
    halves[0] = bid | (bidSize << SIZE_SHIFT)
    halves[1] = ask | (askSize << SIZE_SHIFT)
    this.quotes[market] = scratch[0]
  }

  /** Replaces the bid; without `size` only its price. The ask does not change. */
  setBid(market: number, price: number, size?: number): void {
    this.setSide(market, 0, price, size)
  }

  /** Replaces the ask; without `size` only its price. The bid does not change. */
  setAsk(market: number, price: number, size?: number): void {
    this.setSide(market, 1, price, size)
  }

  /** Replaces the bid only if its price is still `expected`. Returns whether it was. */
  replaceBid(market: number, expected: number, price: number, size: number): boolean {
    return this.replaceSide(market, 0, expected, price, size)
  }

  /** Replaces the ask only if its price is still `expected`. Returns whether it was. */
  replaceAsk(market: number, expected: number, price: number, size: number): boolean {
    return this.replaceSide(market, 1, expected, price, size)
  }

  /** All four as they were at one moment. */
  get(market: number): Quote {
    return this.read(market, { bid: 0, ask: 0, bidSize: 0, askSize: 0 })
  }

  /** As `get`, but into an existing object: allocates nothing. */
  read(market: number, into: Quote): Quote {
    if (!(market >>> 0 === market && market < this.size)) this.refuseMarket(market)
    scratch[0] = this.quotes[market]
    const bid = halves[0]
    const ask = halves[1]
    into.bid = bid & 0xffff
    into.bidSize = bid >>> SIZE_SHIFT
    into.ask = ask & 0xffff
    into.askSize = ask >>> SIZE_SHIFT
    return into
  }

  /** May be called any number of times. */
  close(): void {
    this.size = 0
    this.file.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  private setSide(market: number, side: number, price: number, size: number | undefined): void {
    if (!(market >>> 0 === market && market < this.size)) this.refuseMarket(market)
    if ((price & 0xffff) !== price) this.refuse('a price', price)
    const at = 2 * market + side
    if (size === undefined) this.setPrice(at, price)
    else {
      if ((size & 0xffff) !== size) this.refuse('a size', size)
      Atomics.store(this.sides, at, price | (size << SIZE_SHIFT))
    }
  }

  private setPrice(at: number, price: number): void {
    const { sides } = this
    for (;;) {
      const seen = Atomics.load(sides, at)
      if (Atomics.compareExchange(sides, at, seen, (seen & ~0xffff) | price) === seen) return
    }
  }

  private replaceSide(market: number, side: number, expected: number, price: number, size: number): boolean {
    if (!(market >>> 0 === market && market < this.size)) this.refuseMarket(market)
    if ((expected & 0xffff) !== expected) this.refuse('a price', expected)
    if ((price & 0xffff) !== price) this.refuse('a price', price)
    if ((size & 0xffff) !== size) this.refuse('a size', size)
    const at = 2 * market + side
    const { sides } = this
    for (;;) {
      const seen = Atomics.load(sides, at)
      if ((seen & 0xffff) !== expected) return false
      if (Atomics.compareExchange(sides, at, seen, price | (size << SIZE_SHIFT)) === seen) return true
    }
  }

  private refuseMarket(market: unknown): never {
    refuseIndex(this.file, 'market', market, this.markets)
  }

  private refuseQuote(bid: number, ask: number, bidSize: number, askSize: number): never {
    for (const price of [bid, ask]) if ((price & 0xffff) !== price) this.refuse('a price', price)
    for (const size of [bidSize, askSize]) if ((size & 0xffff) !== size) this.refuse('a size', size)
    throw new Error('unreachable: one of them was refused')
  }

  private refuse(what: string, value: unknown): never {
    refuseValue(this.file, what, 'a whole number from 0 to 65535', value)
  }
}

function planOf(options: TopOfBookOptions): StatePlan {
  return {
    what: 'TopOfBook',
    kind: Kind.TOP_OF_BOOK,
    parameters: [{ name: 'markets', value: options.markets, byDefault: 512 }],
    sizeOf: ([markets]) => Header.SIZE + markets * Q.SIZE,
    mode: options.mode ?? DEFAULT_MODE,
  }
}
