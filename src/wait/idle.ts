/**
 * What a loop does after a look that found nothing: one small class for each way to wait. (The model is Agrona's IdleStrategy.)
 */
import { native } from '../native/index.js'
import { EAGER_LOOKS, pause } from './pause.js'
import { sleepInLoop, sleepInThread } from './sleeper.js'
import type { Wakeable } from './wakeable.js'

export interface IdleStrategy {
  /** A look found nothing. Rests a moment or sleeps; a promise is to be awaited before the next look: the event loop has its turn. */
  idle(): Promise<void> | undefined
  /** A look found something. */
  reset(): void
}

/** What a loop sleeps on. */
export interface Sleepable {
  readonly controls: readonly (Wakeable | undefined)[]
  readonly closed: boolean
  /** Aborts when it is closed. */
  readonly closing: AbortSignal
  /** Whether there is something to read. */
  hasNews(): boolean
}

/** Looks in vain before the others stop spinning: some 50 µs. */
const SPIN_LOOKS = 1000
/** Looks in vain, of some 60 ns, between two offers of the core: where cores are few, what the writer waits for may be waiting for this one. */
const LOOKS_PER_OFFER = 1024
/** ms for which a thread sleeps at most before the event loop has its turn. */
const LONGEST_PARK_MS = 5

/** Looks again, after the first few looks with a short rest between two. */
export class Spin implements IdleStrategy {
  private misses = 0

  idle(): undefined {
    if (++this.misses <= EAGER_LOOKS) return undefined
    pause()
    if (this.misses % LOOKS_PER_OFFER === 0) native.offerCore()
    return undefined
  }

  reset(): void {
    this.misses = 0
  }
}

/** Spins for a while, then does what its kind does at each look. */
abstract class SpinThen implements IdleStrategy {
  protected misses = 0

  idle(): Promise<void> | undefined {
    if (++this.misses <= EAGER_LOOKS) return undefined
    pause()
    return this.misses > SPIN_LOOKS ? this.stop() : undefined
  }

  reset(): void {
    this.misses = 0
  }

  protected abstract stop(): Promise<void>
}

/** Spins, then gives the event loop a turn before each look. */
export class Yield extends SpinThen {
  protected stop(): Promise<void> {
    if (this.misses % LOOKS_PER_OFFER === 0) native.offerCore()
    return eventLoopTurn()
  }
}

/** Spins, then the thread sleeps until there is news, some ms at most; then the event loop has a turn. */
export class Park extends SpinThen {
  constructor(private readonly on: Sleepable) {
    super()
  }

  protected stop(): Promise<void> {
    const { on } = this
    sleepInThread(on.controls, () => on.closed || on.hasNews(), LONGEST_PARK_MS)
    return eventLoopTurn()
  }
}

/** Spins, then sleeps without blocking the thread until there is news; then spins again. */
export class SleepInEventLoop extends SpinThen {
  constructor(
    private readonly on: Sleepable,
    private readonly signal: AbortSignal | undefined,
  ) {
    super()
  }

  protected stop(): Promise<void> {
    const { on } = this
    this.misses = 0
    return sleepInLoop(on.controls, () => on.closed || on.hasNews(), this.signal, on.closing)
  }
}

export function eventLoopTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
