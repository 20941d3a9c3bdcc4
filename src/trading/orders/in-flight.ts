import { checkOptions, kinds } from '../../base/options.js'
import { native } from '../../native/index.js'
import { StateFullError } from '../../state/errors.js'
import { refuseIndex, refuseValue } from '../../state/file/checks.js'
import { fence } from '../../state/file/fence.js'
import { Header, Kind, OwnerSlot } from '../../state/file/format.js'
import { acquireOwnerSlot, isOwnerSlotHeld, readOwnerSlot, releaseOwnerSlot } from '../../state/file/owners.js'
import { closeWhenReplaced } from '../../state/file/replacement-watch.js'
import { DEFAULT_MODE, StateFile, type StatePlan } from '../../state/file/state-file.js'
import { InFlightWord as W } from './in-flight-format.js'

export interface InFlightOptions {
  /** The number of markets in the table. Default 512. */
  readonly markets?: number
  /** A market becomes free after this time, in ms, even if its owner has ended. Default 10,000. */
  readonly ttlMs?: number
  /** How many openings of the file may hold markets at the same time, at most 1,024. Default 64. */
  readonly owners?: number
  /** Permissions when the file is created. Default 0o600. */
  readonly mode?: number
}

/** A market in flight. */
export interface InFlightHolder {
  readonly market: number
  readonly pid: number
  /** The process's start time in clock ticks since boot; together with the pid it identifies one process. */
  readonly processStart: number
  /** Whether that process still has the file open. */
  readonly alive: boolean
  /** The time until the deadline frees the market, in ms. */
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
 * A market becomes free when its owner releases it, or at its deadline. The death of the owner does not free it
 * earlier: the order of a dead process may still be at the venue, and the deadline bounds how long that is assumed.
 * (`freeDead` frees such markets at once.) An owner that lets a deadline pass has lost the market: then `release` and
 * `releaseAfter` return false and change nothing.
 *
 * The algorithm: a market's word holds its owner and a count of changes; it is changed only by compare-and-swap. Each
 * owner has its own deadlines and stores a deadline before the word that makes it valid. So a deadline that is loaded
 * between two loads of the same word value belongs to that word. Times are the machine's monotonic clock at its last
 * timer tick, so deadlines are exact to about 4 ms (10 at most).
 */
export class InFlight implements Disposable {
  private readonly words: Int32Array
  private readonly deadlines: Float64Array
  /** The index of this owner's deadlines in `deadlines`. */
  private readonly ownDeadlines: number
  /** The number of this owner, as stored in a word. */
  private readonly self: number
  private readonly ttl: number
  private size: number

  /**
   * @throws {StateFullError} when all owner slots are taken; {InvalidOptionError, UnsafePathError, CorruptStateError,
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
    // Deadlines count from boot: those of an earlier boot are meaningless, and no process of that boot is alive.
    file.afterBoot(() => this.words.fill(0))
    const owner = file.locked(() => this.acquireOwner(owners))
    this.self = owner + 1
    this.ownDeadlines = owner * markets
    closeWhenReplaced(file, this)
  }

  get path(): string {
    return this.file.path
  }

  get markets(): number {
    return this.file.parameters[0]
  }

  /**
   * Acquires a market for `ttlMs`. False when it is in flight already, also for this process. Allocates nothing and
   * never waits.
   *
   * @throws {InvalidOptionError} for a market that does not exist, {ClosedError}.
   */
  tryAcquire(market: number): boolean {
    if (!(market >>> 0 === market && market < this.size)) this.refuseMarket(market)
    readTick()
    const now = tick[1] * 4294967296 + tick[0]
    const { words } = this
    const seen = Atomics.load(words, market)
    const owner = seen & OWNER_MASK
    if (owner !== 0 && !this.expired(market, seen, owner)) return false
    this.deadlines[this.ownDeadlines + market] = now + this.ttl
    return Atomics.compareExchange(words, market, seen, nextWord(seen, this.self)) === seen
  }

  /** Frees a market of this owner. False when the market is not, or no longer, held by this owner. */
  release(market: number): boolean {
    if (!(market >>> 0 === market && market < this.size)) this.refuseMarket(market)
    const { words } = this
    const seen = Atomics.load(words, market)
    return (seen & OWNER_MASK) === this.self && Atomics.compareExchange(words, market, seen, nextWord(seen, 0)) === seen
  }

  /**
   * Sets a new deadline, `ms` from now, for a market of this owner. False when the market is not, or no longer, held by
   * this owner.
   */
  releaseAfter(market: number, ms: number): boolean {
    if (!(market >>> 0 === market && market < this.size)) this.refuseMarket(market)
    if (typeof ms !== 'number' || !(ms >= 0 && ms <= MAX_MS))
      refuseValue(this.file, 'releaseAfter', 'a number of ms from 0 on', ms)
    const { words } = this
    const seen = Atomics.load(words, market)
    if ((seen & OWNER_MASK) !== this.self) return false
    readTick()
    const now = tick[1] * 4294967296 + tick[0]
    if (this.expired(market, seen, this.self)) return false
    this.deadlines[this.ownDeadlines + market] = now + ms * NS_PER_MS
    // The word changes too: a process that saw the old deadline pass and is about to acquire the market fails its
    // compare-and-swap.
    return Atomics.compareExchange(words, market, seen, nextWord(seen, this.self)) === seen
  }

  /** The pid of the process that has a market in flight; undefined when the market is free. */
  owner(market: number): number | undefined {
    return this.holder(market)?.pid
  }

  /** The holder of a market and the time left; undefined when the market is free. */
  holder(market: number): InFlightHolder | undefined {
    if (!(market >>> 0 === market && market < this.size)) this.refuseMarket(market)
    const now = nowTick()
    for (;;) {
      const word = Atomics.load(this.words, market)
      const owner = word & OWNER_MASK
      if (owner === 0) return undefined
      const deadline = this.deadlineOf(market, owner)
      const slot = readOwnerSlot(this.file, this.ownerAt(owner - 1))
      fence()
      if (Atomics.load(this.words, market) !== word) continue
      if (deadline <= now) return undefined
      const alive = owner === this.self || isOwnerSlotHeld(this.file, this.ownerAt(owner - 1))
      return {
        market,
        pid: slot?.pid ?? 0,
        processStart: slot?.processStart ?? 0,
        alive,
        remainingMs: (deadline - now) / NS_PER_MS,
      }
    }
  }

  /** All markets in flight, with their holders. */
  holders(): InFlightHolder[] {
    this.file.throwIfClosed()
    const found: InFlightHolder[] = []
    for (let market = 0; market < this.size; market++) {
      const holder = this.holder(market)
      if (holder !== undefined) found.push(holder)
    }
    return found
  }

  /** The number of markets in flight now. Checks every market. */
  get count(): number {
    this.file.throwIfClosed()
    readTick()
    let count = 0
    for (let market = 0; market < this.size; market++) {
      const word = Atomics.load(this.words, market)
      const owner = word & OWNER_MASK
      if (owner !== 0 && !this.expired(market, word, owner)) count++
    }
    return count
  }

  /**
   * Frees all markets of dead owners at once. Call it only when no order of theirs can be at the venue any more.
   * Returns how many were freed.
   */
  freeDead(): number {
    this.file.throwIfClosed()
    let freed = 0
    const dead = new Map<number, boolean>([[this.self, false]])
    for (let market = 0; market < this.size; market++) {
      const word = Atomics.load(this.words, market)
      const owner = word & OWNER_MASK
      if (owner === 0) continue
      this.deadlineOf(market, owner)
      if (!dead.has(owner)) dead.set(owner, !isOwnerSlotHeld(this.file, this.ownerAt(owner - 1)))
      if (dead.get(owner) === true && Atomics.compareExchange(this.words, market, word, nextWord(word, 0)) === word)
        freed++
    }
    return freed
  }

  /** Closes the file. Markets of this owner stay in flight until their deadlines. May be called more than once. */
  close(): void {
    if (this.file.isClosed) return
    this.size = 0
    releaseOwnerSlot(this.file, this.ownerAt(this.self - 1))
    this.file.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Whether the market can be acquired: the deadline of its word has passed. */
  private expired(market: number, word: number, owner: number): boolean {
    // Not by deadlineOf: a double that a call returns may be allocated.
    const deadline = this.deadlines[(owner - 1) * this.words.length + market]
    if (!(deadline >= 0)) this.refuseWord(market, owner)
    fence()
    // The word has changed meanwhile: the deadline may belong to another word value.
    // The time is read here: a double that is passed on would be allocated.
    return deadline <= tick[1] * 4294967296 + tick[0] && Atomics.load(this.words, market) === word
  }

  private deadlineOf(market: number, owner: number): number {
    const deadline = this.deadlines[(owner - 1) * this.words.length + market]
    // undefined for an owner number out of range, NaN where no time was stored.
    if (!(deadline >= 0)) this.refuseWord(market, owner)
    return deadline
  }

  /**
   * Acquires an owner slot that is not held and whose last owner has no market in flight. Such markets still have the
   * owner's number in their words and would look like markets of the new owner.
   */
  private acquireOwner(owners: number): number {
    for (let owner = 0; owner < owners; owner++) {
      const slot = this.ownerAt(owner)
      if (!this.file.mapping.lockRange(slot, 1)) continue
      if (this.freeExpired(owner + 1)) {
        acquireOwnerSlot(this.file, slot)
        return owner
      }
      releaseOwnerSlot(this.file, slot)
    }
    throw new StateFullError(
      `all ${owners} owner slots in ${this.path} are taken, or their last owners' markets are still in flight; create it with more: InFlight.open(path, { owners })`,
      { path: this.path },
    )
  }

  /** Frees the markets of a dead owner whose deadlines have passed. False when it has other markets in flight. */
  private freeExpired(owner: number): boolean {
    readTick()
    for (let market = 0; market < this.size; market++) {
      const word = Atomics.load(this.words, market)
      if ((word & OWNER_MASK) !== owner) continue
      if (!this.expired(market, word, owner)) return false
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
    this.file.corrupt(`market ${market} is held by owner ${owner}, but has no deadline of that owner`)
  }
}

/** The word that follows `word`: with the count of changes plus one, and the new owner. */
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
