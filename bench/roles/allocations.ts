// A process that counts the bytes that the hot path allocates, and the garbage collections meanwhile.
import { PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { getHeapStatistics } from 'node:v8'
import { on, Reader, Writer } from 'ticktape'
import { serve } from '../support/child.js'
import { Small } from '../support/frames.js'

const state = { frames: 0, sum: 0 }
const handlers = on(Small, f => {
  state.frames++
  state.sum += f.seq + f.bid + f.ask + f.volume
})

function write(writer: Writer, frames: number): void {
  for (let seq = 0; seq < frames; seq++) {
    const f = writer.begin(Small)
    f.seq = seq
    f.bid = seq + 0.5
    f.ask = seq + 1
    f.volume = seq + 1.5
    writer.commit()
  }
}

function read(reader: Reader, frames: number): void {
  for (let left = frames; left > 0; ) left -= reader.poll(handlers, Math.min(left, 4096))
}

let collections = 0
const observer = new PerformanceObserver(list => {
  collections += list.getEntries().length
})
observer.observe({ entryTypes: ['gc'] })

/** The bytes by which the heap grew while `body` ran, and the collections meanwhile. */
async function counted(body: () => void): Promise<{ bytes: number; collections: number }> {
  ;(globalThis as unknown as { gc: () => void }).gc()
  await sleep(20)
  collections = 0
  const before = getHeapStatistics().used_heap_size
  body()
  const bytes = getHeapStatistics().used_heap_size - before
  await sleep(20)
  return { bytes, collections }
}

serve({
  async count({ directory, frames, pageSize }: { directory: string; frames: number; pageSize: number }) {
    const writer = Writer.open(directory, { pageSize, frames: [Small] })
    const reader = Reader.open(directory)
    // V8 compiles while this runs, and compiled code is on the heap too.
    for (let i = 0; i < 4; i++) {
      write(writer, 100_000)
      read(reader, 100_000)
    }
    const writing = await counted(() => write(writer, frames))
    const reading = await counted(() => read(reader, frames))
    reader.close()
    writer.close()
    return { writing, reading }
  },
})
