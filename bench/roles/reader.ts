// A process that reads journals and checks that no frame is missing, duplicated or torn.
import { on, Reader, type RunOptions, type Start } from 'ticktape'
import { pinTo, sayReady, serve, ticks } from '../support/child.js'
import { Large, Small } from '../support/frames.js'

let reader: Reader
let stop: AbortController
const state = { expected: 0, frames: 0, errors: 0, sum: 0 }

function count(seq: number): void {
  if (seq !== state.expected) state.errors++
  state.expected = seq + 1
  if (--state.frames === 0) stop.abort()
}

const handlers = on(Small, f => {
  const { seq } = f
  state.sum += f.bid + f.ask + f.volume - 3 * seq
  count(seq)
}).on(Large, f => {
  const { seq } = f
  state.sum += f.price + f.quantity + f.filled + f.average + f.bid + f.ask + f.volume - 7 * seq
  count(seq)
})

/** The sum of the fields of one frame, without its sequence number: the writers store seq, seq + 0.5, seq + 1 ... */
const SUM_PER_FRAME = { 64: 3, 128: 14 } as const

serve({
  open({ directory, cpu, from }: { directory: string; cpu: number; from?: Start }) {
    reader = Reader.open(directory, { from: from ?? 'start' })
    pinTo(cpu)
  },
  /** Reads this many frames; reports when it has begun to poll. */
  async read({ frames, size, first, run }: { frames: number; size: 64 | 128; first?: number; run: RunOptions }) {
    stop = new AbortController()
    Object.assign(state, { expected: first ?? 0, frames, errors: 0, sum: 0 })
    const residentBefore = process.memoryUsage.rss()
    let resident = residentBefore
    const look = setInterval(() => {
      resident = Math.max(resident, process.memoryUsage.rss())
    }, 10)
    sayReady()
    const start = ticks()
    await reader.run(handlers, { ...run, signal: stop.signal })
    const end = ticks()
    clearInterval(look)
    // The last poll may have read more frames than the task needs: then `left` is below 0.
    const handled = frames - state.frames
    const torn = Math.abs(state.sum - handled * SUM_PER_FRAME[size]) > 1e-6 * handled
    if (state.errors > 0 || torn)
      throw new Error(
        `${state.errors} missing or duplicate frames, ${torn ? 'torn frames' : 'no torn frame'} among ${frames} frames`,
      )
    return { start, end, grewBy: resident - residentBefore }
  },
  close() {
    reader.close()
  },
})
