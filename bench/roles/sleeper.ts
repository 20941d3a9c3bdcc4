// A process whose reader sleeps until there is a frame, and records the age of each frame.
import { ageOf, on, Reader } from 'ticktape'
import { pinTo, sayReady, serve } from '../support/child.js'
import { Small } from '../support/frames.js'
import { percentiles } from '../support/statistics.js'

serve({
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
