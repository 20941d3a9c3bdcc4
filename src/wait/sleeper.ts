import { sleepThread } from '../base/sleep.js'
import type { Waiter } from '../native/addon.js'
import { native } from '../native/index.js'
import { offAbort, onAbort } from './abort.js'
import type { Wakeable } from './wakeable.js'

/**
 * Sleeping until a journal has news.
 *
 * Asleep in the event loop, one native thread per environment waits on the futex words of all journals that anybody sleeps on,
 * and wakes the loop. Asleep in a thread (`park`), the thread itself waits. A journal whose `control` may not be written cannot be
 * told of sleepers: its readers look again every few ms, in the event loop up to 32.
 */

/** How often a reader looks that cannot announce its sleep, in ms: in a thread always, in the event loop less and less often. */
const BLIND_NAP_MS = 2
const LONGEST_BLIND_NAP_MS = 32

/** A sleep is never longer than this, in ms: what is missing after it is looked for once more. */
const LONGEST_SLEEP_MS = 1000

/** How many words one system call can wait on. */
const MOST_WORDS = 127

/**
 * Announces sleepers on all journals, makes sure that there is still nothing to read, then sleeps until any of them has news, one
 * of the signals aborts, or `LONGEST_SLEEP_MS` are over.
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
    const look = (): void => {
      slept += nap
      if (slept >= LONGEST_SLEEP_MS || worthWaking(hasNews)) return wake()
      nap = Math.min(2 * nap, LONGEST_BLIND_NAP_MS)
      timer = setTimeout(look, nap)
    }
    let timer = setTimeout(look, nap)
    for (const signal of signals) if (signal !== undefined) onAbort(signal, wake)
    awake.forEach((control, i) => watches.push(loopWaiter.watch(control, seen[i], wake)))
  })
}

/** The files whose writers will wake this sleeper, and the value of each one's signal to sleep on. */
interface Announced {
  readonly awake: readonly Wakeable[]
  readonly seen: readonly number[]
}

/**
 * Announces a sleeper wherever a writer can be told of one, then makes one barrier for all of them: from here on each writer either sees
 * the sleeper, or has made its frames visible to the look that follows. Where the system refuses the barrier to this process nothing is
 * announced: it naps, as a reader without write permission does.
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

/** News, or an error that whoever is woken will meet too and can throw to where it is awaited. */
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

/** The environment's waiter thread, begun at the first sleep. It keeps the process alive only while somebody sleeps. */
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
