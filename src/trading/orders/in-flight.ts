import { checkOptions, kinds } from '../../base/options.js'
import { native } from '../../native/index.js'
import { StateFullError } from '../../state/errors.js'
import { refuseIndex, refuseValue } from '../../state/file/checks.js'
import { fence } from '../../state/file/fence.js'
import { Header, Kind, OwnerSlot } from '../../state/file/format.js'
import { leavePlace, placeTaken, readPlace, takePlace } from '../../state/file/owners.js'
import { DEFAULT_MODE, StateFile, type StatePlan } from '../../state/file/state-file.js'
import { InFlightWord as W } from './in-flight-format.js'

export interface InFlightOptions {
  /** Markets in the table. Default 512. */
  readonly markets?: number
  /** After this long a market is free again, whatever became of who acquired it, in ms. Default 10,000. */
  readonly ttlMs?: number
  /** Openings of the file that may hold markets at the same time, at most 1,024. Default 64. */
  readonly owners?: number
  /** Permissions when the file is made. Default 0o600. */
  readonly mode?: number
}

/** A market in flight. */
export interface InFlightHolder {
  readonly market: number
  readonly pid: number
  /** With the pid it names one process: its start time in clock ticks since boot. */
  readonly processStart: number
  /** Whether that process still has the file open. */
  readonly alive: boolean
  /** Until it is free again by itself, in ms. */
  readonly remainingMs: number
}

// Copies, because imported names are loaded from their module's cell at each use; these compile to constants.
const readTick = native.readTick
/** ns since boot, low word first. */
const tick = new Uint32Array(native.clockBuffer, 8, 2)
const OWNER_BITS = W.OWNER_BITS
const OWNER_MASK = 2 ** W.OWNER_BITS - 1
const NS_PER_MS = 1e6
const MAX_MS = 2 ** 40

/**
 * Which markets have an order in flight: at most one at a time among all processes.
 *
 *     const inFlight = InFlight.open('/dev/shm/session.in-flight', { markets: 512 })
 *     if (inFlight.tryAcquire(market)) {
 *       send(order)
 *       // ... and when it is answered: inFlight.release(market), or inFlight.releaseAfter(market, 500)
 *     }
 *
 * A market is free again when its owner says so, or at its deadline. Death does not free it sooner: the order a dead process sent may
 * still be at the venue, and the deadline says how long that is to be believed (`freeDead` is for those who know better). An owner that
 * lets a deadline pass has lost the market: `release` and `releaseAfter` then return false and touch nothing.
 *
 * How: a market's word names its owner and counts changes; it only ever changes by compare-and-swap. Each owner has deadlines of its
 * own, which it stores before the word that makes them count, so a deadline read between two looks at the same word is that word's.
 * Times are the machine's monotonic clock as of its last timer tick, so deadlines are good to some 4 ms (10 at most).
 */
export class InFlight implements Disposable {
  private readonly words: Int32Array
  private readonly deadlines: Float64Array
  /** Of this owner's deadlines, in `deadlines`. */
  private readonly ownDeadlines: number
  /** This owner as it stands in a word. */
  private readonly self: number
  private readonly ttl: number
  private size: number

  /**
   * @throws {StateFullError} when all places for owners are taken; {InvalidOptionError, UnsafePathError, CorruptStateError,
   * StateMismatchError, NoSpaceError}
   */
  static open(path: string, options: InFlightOptions = {}): InFlight {
    checkOptions('InFlight.open', options, {
      markets: kinds.integer(1, 1_000_000),
      ttlMs: kinds.number(1, MAX_MS),
      owners: kinds.integer(1, W.MAX_OWNERS),
      mode: kinds.integer(0, 0o777),
    })
    const file = StateFile.open(path, planOf(options))
    try {
      return new InFlight(file, options.ttlMs ?? 10_000)
    } catch (error) {
      file.close()
      throw error
    }
  }

  private constructor(
    private readonly file: StateFile,
    ttlMs: number,
  ) {
    const [markets, owners] = file.parameters
    this.size = markets
    this.ttl = ttlMs * NS_PER_MS
    this.words = new Int32Array(file.mapping.buffer, Header.SIZE, markets)
    this.deadlines = new Float64Array(file.mapping.buffer, deadlinesAt(markets, owners), markets * owners)
    // Deadlines count from boot: those of another one mean nothing, and nobody of then is alive.
    file.afterBoot(() => this.words.fill(0))
    const owner = file.locked(() => this.takeOwner(owners))
    this.self = owner + 1
    this.ownDeadlines = owner * markets
  }

  get path(): string {
    return this.file.path
  }

  get markets(): number {
    return this.file.parameters[0]
  }

  /**
   * Takes a market for `ttlMs`. False when it is in flight already, this process's own included. Allocates nothing, waits for nobody.
   *
   * @throws {InvalidOptionError} for a market that isn't there, {ClosedError}.
   */
  tryAcquire(market: number): boolean {
    if (!(market >>> 0 === market && market < this.size)) this.refuseMarket(market)
    readTick()
    const now = tick[1] * 4294967296 + tick[0]
    const { words } = this
    const seen = Atomics.load(words, market)
    const owner = seen & OWNER_MASK
    if (owner !== 0 && !this.expired(market, seen, owner, now)) return false
    this.deadlines[this.ownDeadlines + market] = now + this.ttl
    return Atomics.compareExchange(words, market, seen, nextWord(seen, this.self)) === seen
  }

  /** Frees a market of this owner. False when it was not, or no longer, this owner's. */
  release(market: number): boolean {
    if (!(market >>> 0 === market && market < this.size)) this.refuseMarket(market)
    const { words } = this
    const seen = Atomics.load(words, market)
    return (seen & OWNER_MASK) === this.self && Atomics.compareExchange(words, market, seen, nextWord(seen, 0)) === seen
  }

  /** Has a market of this owner freed in `ms`, sooner or later than it would be. False when it was not, or no longer, this owner's. */
  releaseAfter(market: number, ms: number): boolean {
    if (!(market >>> 0 === market && market < this.size)) this.refuseMarket(market)
    if (typeof ms !== 'number' || !(ms >= 0 && ms <= MAX_MS))
      refuseValue(this.file, 'releaseAfter', 'a number of ms from 0 on', ms)
    const { words } = this
    const seen = Atomics.load(words, market)
    if ((seen & OWNER_MASK) !== this.self) return false
    readTick()
    const now = tick[1] * 4294967296 + tick[0]
    if (this.expired(market, seen, this.self, now)) return false
    this.deadlines[this.ownDeadlines + market] = now + ms * NS_PER_MS
    // Who saw the old deadline pass, and is about to take the market, finds another word.
    return Atomics.compareExchange(words, market, seen, nextWord(seen, this.self)) === seen
  }

  /** The process that has a market in flight; undefined when nobody has. */
  owner(market: number): number | undefined {
    return this.holder(market)?.pid
  }

  /** Who has a market in flight, and for how long; undefined when nobody has. */
  holder(market: number): InFlightHolder | undefined {
    if (!(market >>> 0 === market && market < this.size)) this.refuseMarket(market)
    const now = nowTick()
    for (;;) {
      const word = Atomics.load(this.words, market)
      const owner = word & OWNER_MASK
      if (owner === 0) return undefined
      const deadline = this.deadlineOf(market, owner)
      const place = readPlace(this.file, this.ownerAt(owner - 1))
      fence()
      if (Atomics.load(this.words, market) !== word) continue
      if (deadline <= now) return undefined
      const alive = owner === this.self || placeTaken(this.file, this.ownerAt(owner - 1))
      return {
        market,
        pid: place?.pid ?? 0,
        processStart: place?.processStart ?? 0,
        alive,
        remainingMs: (deadline - now) / NS_PER_MS,
      }
    }
  }

  /** All markets in flight, and who has them. */
  holders(): InFlightHolder[] {
    this.file.throwIfClosed()
    const found: InFlightHolder[] = []
    for (let market = 0; market < this.size; market++) {
      const holder = this.holder(market)
      if (holder !== undefined) found.push(holder)
    }
    return found
  }

  /** Markets in flight now. Looks at every market. */
  get count(): number {
    this.file.throwIfClosed()
    const now = nowTick()
    let count = 0
    for (let market = 0; market < this.size; market++) {
      const word = Atomics.load(this.words, market)
      const owner = word & OWNER_MASK
      if (owner !== 0 && !this.expired(market, word, owner, now)) count++
    }
    return count
  }

  /** Frees at once what owners hold that are gone. Only when no order of theirs can be at the venue any more. Returns how many markets. */
  freeDead(): number {
    this.file.throwIfClosed()
    let freed = 0
    const dead = new Map<number, boolean>([[this.self, false]])
    for (let market = 0; market < this.size; market++) {
      const word = Atomics.load(this.words, market)
      const owner = word & OWNER_MASK
      if (owner === 0) continue
      this.deadlineOf(market, owner)
      if (!dead.has(owner)) dead.set(owner, !placeTaken(this.file, this.ownerAt(owner - 1)))
      if (dead.get(owner) === true && Atomics.compareExchange(this.words, market, word, nextWord(word, 0)) === word)
        freed++
    }
    return freed
  }

  /** Leaves what it holds to its deadlines. Any number of times. */
  close(): void {
    if (this.file.isClosed) return
    this.size = 0
    leavePlace(this.file, this.ownerAt(this.self - 1))
    this.file.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Whether the market may be taken: its word's deadline has passed. */
  private expired(market: number, word: number, owner: number, now: number): boolean {
    const deadline = this.deadlineOf(market, owner)
    fence()
    // Somebody changed the word meanwhile: the deadline may be another one's.
    return deadline <= now && Atomics.load(this.words, market) === word
  }

  private deadlineOf(market: number, owner: number): number {
    const deadline = this.deadlines[(owner - 1) * this.words.length + market]
    // undefined for an owner there is no place for, NaN where nobody stored a time.
    if (!(deadline >= 0)) this.refuseWord(market, owner)
    return deadline
  }

  /** A place nobody has, of an owner whose markets are all free again: in their words the new owner would be taken for the old one. */
  private takeOwner(owners: number): number {
    for (let owner = 0; owner < owners; owner++) {
      const place = this.ownerAt(owner)
      if (!this.file.mapping.lockRange(place, 1)) continue
      if (this.freeExpired(owner + 1)) {
        takePlace(this.file, place)
        return owner
      }
      leavePlace(this.file, place)
    }
    throw new StateFullError(
      `all ${owners} places for owners in ${this.path} are taken, or their last owners' markets still in flight; make it with more: InFlight.open(path, { owners })`,
      { path: this.path },
    )
  }

  /** Frees what this owner, who is gone, has past its deadline. False when it has more than that. */
  private freeExpired(owner: number): boolean {
    const now = nowTick()
    for (let market = 0; market < this.size; market++) {
      const word = Atomics.load(this.words, market)
      if ((word & OWNER_MASK) !== owner) continue
      if (!this.expired(market, word, owner, now)) return false
      Atomics.compareExchange(this.words, market, word, nextWord(word, 0))
    }
    return true
  }

  private ownerAt(owner: number): number {
    return ownersAt(this.file.parameters[0]) + owner * OwnerSlot.SIZE
  }

  private refuseMarket(market: unknown): never {
    refuseIndex(this.file, 'market', market, this.markets)
  }

  private refuseWord(market: number, owner: number): never {
    this.file.throwIfClosed()
    this.file.corrupt(`market ${market} is held by owner ${owner}, of whom it has no deadline`)
  }
}

/** The word after `word`: one more change, another owner. */
function nextWord(word: number, owner: number): number {
  return (((word >>> OWNER_BITS) + 1) << OWNER_BITS) | owner
}

function nowTick(): number {
  readTick()
  return tick[1] * 2 ** 32 + tick[0]
}

function ownersAt(markets: number): number {
  return Header.SIZE + Math.ceil((markets * 4) / 128) * 128
}

function deadlinesAt(markets: number, owners: number): number {
  return ownersAt(markets) + owners * OwnerSlot.SIZE
}

function planOf(options: InFlightOptions): StatePlan {
  return {
    what: 'InFlight',
    kind: Kind.IN_FLIGHT,
    parameters: [
      { name: 'markets', value: options.markets, byDefault: 512 },
      { name: 'owners', value: options.owners, byDefault: 64 },
    ],
    sizeOf: ([markets, owners]) => deadlinesAt(markets, owners) + markets * owners * 8,
    mode: options.mode ?? DEFAULT_MODE,
  }
}
