// A process that repeats small operations: what ticktape does for a frame, and the same stores without a library.
import * as fs from 'node:fs'
import { join } from 'node:path'
import { on, Reader, Writer } from 'ticktape'
import { Page } from '../../dist/frames/format.js'
import { native } from '../../dist/native/index.js'
import { nap, pinTo, serve, ticks } from '../support/child.js'
import { Small } from '../support/frames.js'

const CURSOR = Page.CURSOR >> 2
const SLEEPERS = 64

/** A mapped and populated page on tmpfs whose file was removed. */
function mapped(folder: string, size: number): { buffer: ArrayBuffer; close: () => void } {
  const file = join(folder, 'by-hand')
  const mapping = native.createFile(file, size, 0o600, new Uint8Array(64))
  fs.rmSync(file)
  mapping.populate(0, size, true)
  return mapping
}

function append(writer: Writer, frames: number): void {
  for (let seq = 0; seq < frames; seq++) {
    const f = writer.begin(Small)
    f.seq = seq
    f.bid = seq + 0.5
    f.ask = seq + 1
    f.volume = seq + 1.5
    writer.commit()
  }
}

let announced = 0

/**
 * The stores of an append without a library, published as the protocol says. Written out here, because a function shared with others was
 * slower.
 */
function appendByHand(buffer: ArrayBuffer, sleepers: Int32Array, frames: number): void {
  const f64 = new Float64Array(buffer)
  const words = new Int32Array(buffer)
  for (let seq = 0, at = Page.HEADER_SIZE; seq < frames; seq++, at += 64) {
    f64[(at + 16) >> 3] = seq
    f64[(at + 24) >> 3] = seq + 0.5
    f64[(at + 32) >> 3] = seq + 1
    f64[(at + 40) >> 3] = seq + 1.5
    words[at >> 2] = 0x1_0001
    words[(at >> 2) + 2] = 1
    words[(at >> 2) + 3] = 2
    words[CURSOR] = seq + 1
    if (sleepers[SLEEPERS] !== 0) announced++
  }
}

/** The same with plain stores only. */
function storeByHand(buffer: ArrayBuffer, frames: number): void {
  const f64 = new Float64Array(buffer)
  const words = new Int32Array(buffer)
  for (let seq = 0, at = Page.HEADER_SIZE; seq < frames; seq++, at += 64) {
    f64[(at + 16) >> 3] = seq
    f64[(at + 24) >> 3] = seq + 0.5
    f64[(at + 32) >> 3] = seq + 1
    f64[(at + 40) >> 3] = seq + 1.5
    words[at >> 2] = 0x1_0001
    words[(at >> 2) + 2] = 1
    words[(at >> 2) + 3] = 2
    words[CURSOR] = seq + 1
  }
}

const state = { sum: 0, frames: 0 }
const handlers = on(Small, f => {
  state.sum += f.seq + f.bid + f.ask + f.volume
  state.frames++
})

function readByHand(buffer: ArrayBuffer, frames: number): void {
  const f64 = new Float64Array(buffer)
  for (let seq = 0, at = Page.HEADER_SIZE; seq < frames; seq++, at += 64) {
    state.sum += f64[(at + 16) >> 3] + f64[(at + 24) >> 3] + f64[(at + 32) >> 3] + f64[(at + 40) >> 3]
  }
}

/** ns for each of `count`. */
function timed(count: number, body: () => void): number {
  const start = ticks()
  body()
  return (ticks() - start) / count
}

serve({
  pin({ cpu }: { cpu: number }) {
    pinTo(cpu)
  },
  append({
    folder,
    directory,
    frames,
    timestamps,
  }: {
    folder: string
    directory: string
    frames: number
    timestamps: boolean
  }) {
    const pageSize = Math.ceil((frames * 64 + 4096) / 2 ** 20) * 2 ** 20
    const writer = Writer.open(join(folder, directory), { pageSize, timestamps, frames: [Small] })
    while (!fs.existsSync(join(folder, directory, '0000000001.page'))) nap(1)
    const writing = timed(frames, () => append(writer, frames))
    const reader = Reader.open(join(folder, directory))
    const looking = timed(frames, () => {
      while (reader.poll(handlers, 4096) > 0) {
        // The handler does the work.
      }
    })
    const inVain = timed(1_000_000, () => {
      for (let i = 0; i < 1_000_000; i++) announced += reader.poll(handlers, 1)
    })
    reader.close()
    writer.close()
    return { writing, looking, inVain }
  },
  byHand({ folder, frames }: { folder: string; frames: number }) {
    const page = mapped(folder, Math.ceil((frames * 64 + 4096) / 2 ** 20) * 2 ** 20)
    const sleepers = new Int32Array(new SharedArrayBuffer(4096))
    const stores = timed(frames, () => storeByHand(page.buffer, frames))
    const announcing = timed(frames, () => appendByHand(page.buffer, sleepers, frames))
    const reading = timed(frames, () => readByHand(page.buffer, frames))
    page.close()
    const clock = timed(1_000_000, () => {
      for (let i = 0; i < 1_000_000; i++) native.readClock()
    })
    const systemClock = timed(1_000_000, () => {
      for (let i = 0; i < 1_000_000; i++) native.readSystemClock()
    })
    return { stores, announcing, reading, clock, systemClock }
  },
})
