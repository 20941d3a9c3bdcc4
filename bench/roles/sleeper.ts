// A process whose reader sleeps until there is a frame, and records the age of each frame.
import { ageOf, on, Reader } from 'ticktape'
import { pinTo, sayReady, serve } from '../support/child.js'
import { Small } from '../support/frames.js'
import { percentiles } from '../support/statistics.js'

/** What follows a journal in the background, between `follow` and `finish`. */
interface Following {
  readonly stop: AbortController
  readonly running: Promise<unknown>
  readonly ages: Float64Array
  /** Frames handled. */
  count: number
  gaps: number
}

let following: Following

const followed = on(Small, frame => {
  if (frame.seq !== following.count) following.gaps++
  following.ages[following.count++] = ageOf(frame)
})

serve({
  /** Begins to follow a journal, asleep in the event loop while there is no frame. */
  follow({ directory, frames }: { directory: string; frames: number }) {
    const stop = new AbortController()
    const reader = Reader.open(directory, { signal: stop.signal })
    const running = reader.run(followed, { wait: 'event-loop' }).finally(() => reader.close())
    following = { stop, running, ages: new Float64Array(frames), count: 0, gaps: 0 }
  },
  /** How many frames it has handled so far. */
  handled() {
    return following.count
  },
  /** Stops following, and says how old the frames were, in ns. */
  async finish() {
    following.stop.abort()
    await following.running
    const { count, gaps, ages } = following
    if (gaps > 0) throw new Error(`${gaps} gaps or doubles`)
    return percentiles(ages.subarray(0, count))
  },
  async sleep({
    directory,
    cpu,
    how,
    frames,
    idleMs,
  }: {
    directory: string
    cpu: number
    how: 'for await' | 'event-loop' | 'park'
    frames: number
    idleMs: number
  }) {
    const stop = new AbortController()
    const { signal } = stop
    const reader = Reader.open(directory, { signal })
    pinTo(cpu)
    const ages = new Float64Array(frames)
    let count = 0
    let idlePercent = 0
    const cpuAtStart = process.cpuUsage()
    setTimeout(() => {
      const { user, system } = process.cpuUsage(cpuAtStart)
      idlePercent = ((user + system) / 1000 / idleMs) * 100
    }, idleMs)
    sayReady()
    if (how === 'for await') {
      for await (const frame of reader) {
        ages[count++] = ageOf(frame)
        if (count === frames) break
      }
    } else {
      const handlers = on(Small, frame => {
        ages[count++] = ageOf(frame)
        if (count === frames) stop.abort()
      })
      await reader.run(handlers, { wait: how })
    }
    reader.close()
    return { wakeUp: percentiles(ages), idlePercent }
  },
})
