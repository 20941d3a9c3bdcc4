/**
 * What a loop does after a check that found no frame: one small class for each way to wait. (The model is Agrona's IdleStrategy.)
 */

import { sleepThread } from '../base/sleep.js'
import { native } from '../native/index.js'
import { Crowding } from './crowding.js'
import { EAGER_CHECKS, pause } from './pause.js'
import { napInLoop, sleepInLoop, sleepInThread } from './sleeper.js'
import type { Wakeable } from './wakeable.js'

export interface IdleStrategy {
  /** A check found no frame. Pauses or sleeps. If it returns a promise, await it before the next check, so that the event loop gets a turn. */
  idle(): Promise<void> | undefined
  /** A check found frames. */
  reset(): void
}

/** A reader that a loop can sleep on. */
export interface Sleepable {
  readonly controls: readonly (Wakeable | undefined)[]
  readonly closed: boolean
  /** Aborts when it is closed. */
  readonly closing: AbortSignal
  /** Whether there is something to read. */
  hasNews(): boolean
}

/** Checks without a frame after which all strategies but 'spin' stop spinning: some 50 µs. */
const SPIN_CHECKS = 1000
/**
 * Checks without a frame, of some 60 ns each, between two calls that offer the core to other threads: on a machine with few cores, the writer
 * may be waiting for this one.
 */
const CHECKS_PER_OFFER = 1024
/** ms for which a thread sleeps at most before the event loop gets a turn. */
const LONGEST_PARK_MS = 5

/** Checks again and again. After the first few checks it pauses between two. */
export class Spin implements IdleStrategy {
  private misses = 0

  idle(): undefined {
    if (++this.misses <= EAGER_CHECKS) return undefined
    pause()
    if (this.misses % CHECKS_PER_OFFER === 0) native.offerCore()
    return undefined
  }

  reset(): void {
    this.misses = 0
  }
}

/** Spins, then gives the event loop a turn before each check. */
export class Yield implements IdleStrategy {
  private misses = 0

  idle(): Promise<void> | undefined {
    if (++this.misses <= EAGER_CHECKS) return undefined
    pause()
    if (this.misses <= SPIN_CHECKS) return undefined
    if (this.misses % CHECKS_PER_OFFER === 0) native.offerCore()
    return eventLoopTurn()
  }

  reset(): void {
    this.misses = 0
  }
}

/** Spins, then sleeps until the writer wakes it. While too many threads share the cores it naps instead, as long as it finds frames after each nap. */
abstract class SpinThenSleep implements IdleStrategy {
  private misses = 0

  constructor(private readonly crowding: Crowding) {}

  idle(): Promise<void> | undefined {
    if (++this.misses <= EAGER_CHECKS) return undefined
    const { crowding } = this
    if (this.misses === EAGER_CHECKS + 1) crowding.beginWait()
    const napMs = crowding.takeNap()
    if (napMs > 0) {
      this.misses = 0
      return this.nap(napMs)
    }
    if (this.misses > SPIN_CHECKS || crowding.napping) return this.sleep()
    pause()
    return undefined
  }

  reset(): void {
    this.misses = 0
    this.crowding.found()
  }

  protected spinAgain(): void {
    this.misses = 0
  }

  protected abstract sleep(): Promise<void>
  protected abstract nap(ms: number): Promise<void>
}

/** The thread sleeps, for a few ms at most; then the event loop gets a turn. */
export class Park extends SpinThenSleep {
  constructor(
    private readonly on: Sleepable,
    crowding: Crowding = new Crowding(),
  ) {
    super(crowding)
  }

  protected sleep(): Promise<void> {
    const { on } = this
    sleepInThread(on.controls, () => on.closed || on.hasNews(), LONGEST_PARK_MS)
    return eventLoopTurn()
  }

  protected nap(ms: number): Promise<void> {
    sleepThread(Math.min(ms, LONGEST_PARK_MS))
    return eventLoopTurn()
  }
}

/** Sleeps without blocking the thread until there is a frame; then spins again. */
export class SleepInEventLoop extends SpinThenSleep {
  constructor(
    private readonly on: Sleepable,
    private readonly signal: AbortSignal | undefined,
    crowding: Crowding = new Crowding(),
  ) {
    super(crowding)
  }

  protected sleep(): Promise<void> {
    const { on } = this
    this.spinAgain()
    return sleepInLoop(on.controls, () => on.closed || on.hasNews(), this.signal, on.closing)
  }

  protected nap(ms: number): Promise<void> {
    return napInLoop(ms, this.signal, this.on.closing)
  }
}

export function eventLoopTurn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
