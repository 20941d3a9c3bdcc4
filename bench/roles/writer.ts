// A process that writes journals.
import * as fs from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Writer, type WriterOptions } from 'ticktape'
import { nap, pinTo, serve, ticks, unpin } from '../support/child.js'
import { nanoseconds } from '../support/clock.js'
import { Large, Small } from '../support/frames.js'
import { percentiles } from '../support/statistics.js'

let writer: Writer
let slotsPerPage = 0

function writeSmall(from: number, to: number): void {
  for (let seq = from; seq < to; seq++) {
    const f = writer.begin(Small)
    f.seq = seq
    f.bid = seq + 0.5
    f.ask = seq + 1
    f.volume = seq + 1.5
    writer.commit()
  }
}

function writeLarge(from: number, to: number): void {
  for (let seq = from; seq < to; seq++) {
    const f = writer.begin(Large)
    f.seq = seq
    f.price = seq + 0.5
    f.quantity = seq + 1
    f.filled = seq + 1.5
    f.average = seq + 2
    f.bid = seq + 2.5
    f.ask = seq + 3
    f.volume = seq + 3.5
    writer.commit()
  }
}

function write(frames: number, size: number, batch: number): void {
  const some = size === 64 ? writeSmall : writeLarge
  if (batch === 1) return some(0, frames)
  for (let seq = 0; seq < frames; seq += batch) {
    writer.cork((batch * size) / 64)
    some(seq, Math.min(frames, seq + batch))
    writer.uncork()
  }
}

serve({
  open({
    directory,
    options,
    cpu,
    waitNext,
  }: {
    directory: string
    options: WriterOptions
    /** None: the system chooses, among all. */
    cpu?: number
    waitNext: boolean
  }) {
    writer = Writer.open(directory, { ...options, frames: [Small, Large] })
    slotsPerPage = ((options.pageSize ?? 16 * 2 ** 20) - 4096) / 64
    if (cpu === undefined) unpin()
    else pinTo(cpu)
    // Waits until another thread has created the next page: then the file has its name.
    while (waitNext && !fs.existsSync(join(directory, '0000000001.page'))) nap(1)
  },
  write({ frames, size, batch }: { frames: number; size: number; batch: number }) {
    const cpu = process.cpuUsage()
    const start = ticks()
    write(frames, size, batch)
    const end = ticks()
    const used = process.cpuUsage(cpu)
    return { start, end, cpuMs: (used.user + used.system) / 1000 }
  },
  /** Appends one frame every so many ns, and times each. */
  append({ frames, everyNs }: { frames: number; everyNs: number }) {
    const service = new Uint32Array(frames)
    const scheduled = new Uint32Array(frames)
    const start = nanoseconds()
    for (let i = 0; i < frames; i++) {
      const due = start + i * everyNs
      let before = nanoseconds()
      while (before < due) before = nanoseconds()
      writeSmall(i, i + 1)
      const after = nanoseconds()
      service[i] = after - before
      scheduled[i] = after - due
    }
    return {
      service: percentiles(service.subarray(frames / 10)),
      scheduled: percentiles(scheduled.subarray(frames / 10)),
      pages: Math.floor(writer.position / slotsPerPage) + 1,
    }
  },
  /** Publishes one frame every so many ns, on whatever core the system gives it. When it is late it catches up. */
  pace({ first, frames, everyNs }: { first: number; frames: number; everyNs: number }) {
    let sum = 0
    const start = nanoseconds()
    for (let i = 0; i < frames; i++) {
      let before = nanoseconds()
      while (before < start + i * everyNs) before = nanoseconds()
      writeSmall(first + i, first + i + 1)
      sum += nanoseconds() - before
    }
    return { seconds: (nanoseconds() - start) / 1e9, meanNs: sum / frames }
  },
  /** Continues with one frame every so many ns. */
  continue({ first, frames, everyNs }: { first: number; frames: number; everyNs: number }) {
    const start = nanoseconds()
    for (let i = 0; i < frames; i++) {
      while (nanoseconds() < start + i * everyNs) {
        // The next frame is not due yet.
      }
      writeSmall(first + i, first + i + 1)
    }
  },
  /** Writes one frame every so many ms. */
  async trickle({ frames, everyMs, afterMs }: { frames: number; everyMs: number; afterMs: number }) {
    await sleep(afterMs)
    for (let i = 0; i < frames; i++) {
      writeSmall(i, i + 1)
      await sleep(everyMs)
    }
  },
  close() {
    writer.close()
  },
})
