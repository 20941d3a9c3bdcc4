import { native } from '../../native/index.js'
import { BreakerWord as B } from './breaker-format.js'

const PNL = B.DAY_PNL >> 3
const EARLIER = B.EARLIER >> 3
const ENTERED = B.DAY_ENTERED >> 3
const SET_BACK = B.SET_BACK >> 3
const LAST_WALL = B.LAST_WALL >> 3
const LAST_TICK = B.LAST_TICK >> 3

const BITS = BigInt(B.PNL_BITS)
const MAX_SUM = 2n ** (BITS - 1n) - 1n
const MAX_DAY = 2n ** 16n - 1n
const NS_PER_MINUTE = 60_000_000_000n
const NS_PER_DAY = 1440n * NS_PER_MINUTE
/** A wall clock that is ahead of the elapsed time by at most this was only corrected. */
const CORRECTION = 10n * NS_PER_MINUTE

/** The readings of both clocks at one moment. */
interface Moment {
  readonly day: bigint
  /** ns since 1970 by the wall clock, which may be set; and ns since boot by the monotonic clock, which may not. */
  readonly wall: bigint
  readonly tick: bigint
}

/** The effect of an amount on the day. */
interface Change {
  /** The new words of the day's sum, and of a wall clock that shows an earlier day (SET_BACK). */
  readonly word: bigint
  readonly setBack: bigint
  /** When a new day begins: the day that is over, and whether enough time has passed for the new one to begin. */
  readonly over?: EarlierDay
  readonly natural?: boolean
}

/** A past day, to which the wall clock may still be set back. */
interface EarlierDay {
  readonly day: bigint
  readonly sum: bigint
  readonly natural: boolean
}

/**
 * A day's profit and loss in a breaker's file, shared by all processes. It allows for a wall clock that is wrong.
 *
 * The day and its sum are in one word, which changes only by compare-and-swap. A new day begins under a lock. The wall
 * clock can be a year ahead for one call, or be set back over midnight. So the file stores three more things. Each is
 * stored with the day it belongs to, so that a value which is out of date, after the death of a process or a race, is
 * ignored:
 *
 * - the sums of earlier days. When the clock goes back to one of them, the days after it were not real: their amounts are added to its sum.
 * - whether a day began because enough time had passed, by the monotonic clock. If so, a wall clock that goes back is wrong, and the day
 *   continues.
 * - the day that the wall clock showed after it was set back. When it shows a later day than that, one day has passed and a new one
 *   begins, even if the date of the current sum is still in the future.
 */
export class TradingDay {
  constructor(
    private readonly words: BigInt64Array,
    private readonly start: bigint,
    /**
     * Runs an action while no other process runs one. After a time limit it runs anyway: another process may be
     * suspended in its own.
     */
    private readonly exclusively: <T>(action: () => T) => T,
  ) {}

  /** The monotonic clock counts from boot: times of an earlier boot are meaningless. */
  static forgetTicks(words: BigInt64Array): void {
    words[LAST_WALL] = 0n
    words[LAST_TICK] = 0n
  }

  /** Adds an amount. Returns the day's sum, which is limited to 2^47. */
  add(amount: bigint): bigint {
    const { words } = this
    for (;;) {
      const now = this.moment()
      const seen = Atomics.load(words, PNL)
      if (dayOf(seen) !== now.day || Atomics.load(words, SET_BACK) !== 0n)
        return this.exclusively(() => this.addOnOtherDay(amount))
      const word = pack(now.day, sumOf(seen) + amount)
      if (Atomics.compareExchange(words, PNL, seen, signed(word)) === seen) return this.added(word, now)
    }
  }

  /** For a new day, or a clock that was set back. Other processes may add amounts at the same time. */
  private addOnOtherDay(amount: bigint): bigint {
    const { words } = this
    for (;;) {
      const now = this.moment()
      const seen = Atomics.load(words, PNL)
      const { word, setBack, over, natural } = this.change(seen, now, amount)
      // These are stored before the sum, so that no day is lost when the process dies in between.
      if (over !== undefined) this.keep(over)
      if (natural !== undefined) Atomics.store(words, ENTERED, signed(pack(now.day, natural ? 1n : 0n)))
      if (Atomics.compareExchange(words, PNL, seen, signed(word)) !== seen) continue
      Atomics.store(words, SET_BACK, setBack)
      if (over === undefined && dayOf(word) < dayOf(seen)) this.undo(dayOf(word))
      return this.added(word, now)
    }
  }

  private added(word: bigint, now: Moment): bigint {
    this.words[LAST_WALL] = now.wall
    this.words[LAST_TICK] = now.tick
    return sumOf(word)
  }

  /** The day's sum; 0 once the next day has begun. */
  get sum(): bigint {
    return sumOf(this.change(Atomics.load(this.words, PNL), this.moment(), 0n).word)
  }

  private change(seen: bigint, now: Moment, amount: bigint): Change {
    const day = dayOf(seen)
    const sum = sumOf(seen) + amount
    if (now.day === day) return { word: pack(day, sum), setBack: 0n }
    const current = { day, sum: sumOf(seen), natural: this.beganByTime(day) }
    if (now.day > day) return { word: pack(now.day, amount), setBack: 0n, over: current, natural: this.passed(now) }
    const natural = current.natural && !this.hasOtherClock(now)
    const back = this.goBack({ day, sum, natural }, now.day)
    const shown = this.shownDay(day)
    if (back.day === day && shown !== undefined && now.day > shown) {
      // Amounts added since the clock was set back belong to the day that it showed.
      const over = { ...current, day: shown, natural: false }
      return { word: pack(now.day, amount), setBack: 0n, over, natural: false }
    }
    return { word: pack(back.day, back.sum), setBack: back.day === now.day ? 0n : shownBy(back.day, now.day) }
  }

  /**
   * The current day, merged with the days before it, one by one: until the day that the wall clock shows, or until one
   * that began because enough time had passed.
   */
  private goBack(current: EarlierDay, shown: bigint): EarlierDay {
    let { day, sum, natural } = current
    const days = this.earlier().filter(each => each.day < day && each.day >= shown)
    for (const each of days.sort((a, b) => Number(b.day - a.day))) {
      if (natural) break
      day = each.day
      sum += each.sum
      natural = each.natural
    }
    return { day, sum, natural }
  }

  private earlier(): EarlierDay[] {
    return Array.from({ length: B.EARLIER_COUNT }, (_, i) => {
      const word = Atomics.load(this.words, EARLIER + 2 * i)
      const entered = Atomics.load(this.words, EARLIER + 2 * i + 1)
      return { day: dayOf(word), sum: sumOf(word), natural: isNatural(entered, dayOf(word)) }
    })
  }

  /** Stores an earlier day: it replaces the same day's entry if there is one, else the oldest entry. */
  private keep({ day, sum, natural }: EarlierDay): void {
    const days = this.earlier().map(each => each.day)
    const oldest = days.reduce((least, each, i) => (each < days[least] ? i : least), 0)
    const at = EARLIER + 2 * (days.includes(day) ? days.indexOf(day) : oldest)
    Atomics.store(this.words, at, signed(pack(day, sum)))
    Atomics.store(this.words, at + 1, signed(pack(day, natural ? 1n : 0n)))
  }

  /** The wall clock went back to this day: the day continues as it began, and the later days are removed. */
  private undo(day: bigint): void {
    this.earlier().forEach((each, i) => {
      if (each.day < day) return
      if (each.day === day) Atomics.store(this.words, ENTERED, signed(pack(day, each.natural ? 1n : 0n)))
      Atomics.store(this.words, EARLIER + 2 * i, 0n)
    })
  }

  /** Whether enough time has passed since the last amount for this day to have begun. */
  private passed(now: Moment): boolean {
    const [wall, tick] = [Atomics.load(this.words, LAST_WALL), Atomics.load(this.words, LAST_TICK)]
    return wall !== 0n && now.tick >= tick && this.dayAt(wall + now.tick - tick + CORRECTION) >= now.day
  }

  /**
   * Whether the last amount has a later monotonic time than now: its process has another such clock (a time namespace).
   */
  private hasOtherClock(now: Moment): boolean {
    return now.tick + CORRECTION < Atomics.load(this.words, LAST_TICK)
  }

  private beganByTime(day: bigint): boolean {
    return isNatural(Atomics.load(this.words, ENTERED), day)
  }

  /** The day that the wall clock showed when it was last behind this day; undefined when it never was. */
  private shownDay(day: bigint): bigint | undefined {
    const word = Atomics.load(this.words, SET_BACK)
    return word !== 0n && dayOf(word) === day ? sumOf(word) : undefined
  }

  private moment(): Moment {
    const wall = native.now()
    native.readTick()
    return { day: this.dayAt(wall), wall, tick: ticks[1] }
  }

  private dayAt(wall: bigint): bigint {
    const day = (wall - this.start) / NS_PER_DAY
    return day < 0n ? 0n : day > MAX_DAY ? MAX_DAY : day
  }
}

const ticks = new BigInt64Array(native.clockBuffer)

/** A day (16 bits, days since 1970) and a number of 48 bits, such as the day's sum. */
function pack(day: bigint, value: bigint): bigint {
  const within = value > MAX_SUM ? MAX_SUM : value < -MAX_SUM ? -MAX_SUM : value
  return (day << BITS) | BigInt.asUintN(B.PNL_BITS, within)
}

/** The word for the day of the sum and the earlier day that the wall clock shows. */
function shownBy(day: bigint, shown: bigint): bigint {
  return signed(pack(day, shown))
}

function isNatural(entered: bigint, day: bigint): boolean {
  return dayOf(entered) === day && sumOf(entered) === 1n
}

function dayOf(word: bigint): bigint {
  return BigInt.asUintN(64, word) >> BITS
}

function sumOf(word: bigint): bigint {
  return BigInt.asIntN(B.PNL_BITS, word)
}

function signed(word: bigint): bigint {
  return BigInt.asIntN(64, word)
}
