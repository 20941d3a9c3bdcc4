import { sleepThread } from '../base/sleep.js'
import type { Waiter } from '../native/addon.js'
import { native } from '../native/index.js'
import { offAbort, onAbort } from './abort.js'
import type { Wakeable } from './wakeable.js'

/**
 * Sleeping until a journal has new frames.
 *
 * For readers that sleep in the event loop, one native thread per environment waits on the futex words of all their journals, and wakes the
 * loop. A reader that parks waits in its own thread. A reader that may not write `control` cannot announce its sleep: it checks again every
 * few ms, and in the event loop less and less often, up to every 48 ms.
 */

/** ms between two checks of a reader that cannot announce its sleep: in a thread always, in the event loop at first. */
const BLIND_NAP_MS = 2
const LONGEST_BLIND_NAP_MS = 48

/** ms. No sleep is longer; after it the reader checks again. */
const LONGEST_SLEEP_MS = 1000

/** How many words one system call can wait on. */
const MOST_WORDS = 127

/**
 * Announces sleepers on all journals, checks that there is still nothing to read, then sleeps until any of them has new frames, one
 * of the signals aborts, or `LONGEST_SLEEP_MS` have passed.
 */
export async function sleepInLoop(
  controls: readonly (Wakeable | undefined)[],
  hasNews: () => boolean,
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<void> {
  const { awake, seen } = announce(controls)
  if (hasNews() || signals.some(signal => signal?.aborted === true)) return
  const blind = awake.length < controls.length
  await new Promise<void>(resolve => {
    const watches: number[] = []
    const wake = (): void => {
      clearTimeout(timer)
      for (const signal of signals) if (signal !== undefined) offAbort(signal, wake)
      for (const watch of watches) loopWaiter.unwatch(watch)
      resolve()
    }
    let nap = blind ? BLIND_NAP_MS : LONGEST_SLEEP_MS
    let slept = 0
    const check = (): void => {
      slept += nap
      if (slept >= LONGEST_SLEEP_MS || worthWaking(hasNews)) return wake()
      nap = Math.min(2 * nap, LONGEST_BLIND_NAP_MS)
      timer = setTimeout(check, nap)
    }
    let timer = setTimeout(check, nap)
    for (const signal of signals) if (signal !== undefined) onAbort(signal, wake)
    awake.forEach((control, i) => watches.push(loopWaiter.watch(control, seen[i], wake)))
  })
}

/** Waits for some ms without announcing a sleep, or until one of the signals aborts. */
export function napInLoop(ms: number, ...signals: readonly (AbortSignal | undefined)[]): Promise<void> {
  return new Promise(resolve => {
    const end = (): void => {
      clearTimeout(timer)
      for (const signal of signals) if (signal !== undefined) offAbort(signal, end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    for (const signal of signals) if (signal !== undefined) onAbort(signal, end)
  })
}

/** The files whose writers will wake this sleeper, and for each the value of SIGNAL to sleep on. */
interface Announced {
  readonly awake: readonly Wakeable[]
  readonly seen: readonly number[]
}

/**
 * Announces a sleeper in each file that this process may write, then makes one barrier for all of them. After it each writer either sees the
 * sleeper, or its frames are visible to the check that follows. If the system refuses the barrier to this process, such files do not count as
 * announced: the reader checks every few ms, as one without write permission does.
 */
function announce(controls: readonly (Wakeable | undefined)[]): Announced {
  const awake = controls.filter(mayAnnounce)
  const seen = awake.map(control => control.signal())
  for (const control of awake) control.announceSleeper()
  if (!awake.some(control => control.needsBarrier) || native.barrier()) return { awake, seen }
  barrierRefused = true
  // The signals stay those loaded before the announcement: a wake in between must end the sleep.
  return { awake: awake.filter(mayAnnounce), seen: seen.filter((_, i) => mayAnnounce(awake[i])) }
}

function mayAnnounce(control: Wakeable | undefined): control is Wakeable {
  return control?.writable === true && !(control.needsBarrier && barrierRefused)
}

/** Whether this process was refused the barrier: by a kernel older than 4.16 or by a filter of system calls. */
let barrierRefused = false

/** Whether there are frames. Also true for an error: the caller that is woken meets the same error, and throws it where it is awaited. */
function worthWaking(hasNews: () => boolean): boolean {
  try {
    return hasNews()
  } catch {
    return true
  }
}

/** As `sleepInLoop`, but blocks the calling thread, for at most `longest` ms. */
export function sleepInThread(
  controls: readonly (Wakeable | undefined)[],
  hasNews: () => boolean,
  longest: number,
): void {
  const { awake, seen } = announce(controls)
  if (hasNews()) return
  const blind = awake.length < controls.length || awake.length > MOST_WORDS
  const nap = blind ? Math.min(BLIND_NAP_MS, longest) : longest
  if (awake.length === 1) {
    native.wait(awake[0].mapping, awake[0].signalOffset, seen[0], nap)
  } else if (awake.length > 1) {
    const some = awake.slice(0, MOST_WORDS)
    native.waitAny(
      some.map(control => control.mapping),
      some.map(control => control.signalOffset),
      seen.slice(0, MOST_WORDS),
      nap,
    )
  } else {
    sleepThread(nap)
  }
}

/** The environment's waiter thread, started by the first sleep. It keeps the process alive only while a reader sleeps. */
const loopWaiter = {
  waiter: undefined as Waiter | undefined,
  wakes: new Map<number, () => void>(),
  lastId: 0,

  watch(control: Wakeable, expected: number, wake: () => void): number {
    this.waiter ??= new native.Waiter(id => {
      const woken = this.wakes.get(id)
      if (woken === undefined) return
      this.forget(id)
      woken()
    })
    const id = ++this.lastId
    if (this.wakes.size === 0) this.waiter.ref()
    this.wakes.set(id, wake)
    try {
      this.waiter.watch(id, control.mapping, control.signalOffset, expected)
    } catch (error) {
      this.forget(id) // or the process would never end
      throw error
    }
    return id
  },

  unwatch(id: number): void {
    if (!this.wakes.has(id)) return
    this.waiter?.unwatch(id)
    this.forget(id)
  },

  forget(id: number): void {
    this.wakes.delete(id)
    if (this.wakes.size === 0) this.waiter?.unref()
  },
}
