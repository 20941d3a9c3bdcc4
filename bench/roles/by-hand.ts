// A process that sends questions or answers with bare stores and loads on mapped files: the cost of a round trip without a library.

import { Page } from '../../dist/frames/format.js'
import type { Mapping } from '../../dist/native/addon.js'
import { native } from '../../dist/native/index.js'
import { EAGER_CHECKS, letWriterAdvance, pause } from '../../dist/wait/pause.js'
import { pinTo, sayReady, serve, ticks } from '../support/child.js'
import { nanoseconds } from '../support/clock.js'
import { percentiles } from '../support/statistics.js'

const CURSOR = Page.CURSOR >> 2
const SLEEPERS = 64

interface Side {
  readonly f64: Float64Array
  readonly words: Int32Array
}

let own: Side
let other: Side
const mappings: Mapping[] = []
const sleepers = new Int32Array(new SharedArrayBuffer(1024))
/** A sum over the work, so that the compiler does not remove it. */
const outcome = { wakes: 0, sum: 0 }

function sideOf(mapping: Mapping): Side {
  mappings.push(mapping)
  return { f64: new Float64Array(mapping.buffer), words: new Int32Array(mapping.buffer) }
}

function put(seq: number): void {
  const { f64, words } = own
  const at = Page.HEADER_SIZE + seq * 64
  f64[(at + 16) >> 3] = seq
  f64[(at + 24) >> 3] = seq + 0.5
  f64[(at + 32) >> 3] = seq + 1
  f64[(at + 40) >> 3] = seq + 1.5
  words[at >> 2] = 0x1_0001
  words[(at >> 2) + 2] = 1
  words[(at >> 2) + 3] = 2
  // Publishes as the library does on x64. On other processors this is not sufficient.
  words[CURSOR] = seq + 1
  if (sleepers[SLEEPERS] !== 0) outcome.wakes++
}

/** The sum of a frame's fields. */
function load({ f64, words }: Side, seq: number): number {
  const at = Page.HEADER_SIZE + seq * 64
  if (f64[(at + 16) >> 3] !== seq) throw new Error(`found ${f64[(at + 16) >> 3]} instead of ${seq}`)
  return f64[(at + 24) >> 3] + f64[(at + 32) >> 3] + f64[(at + 40) >> 3] + (words[at >> 2] & 0xffff)
}

/** Spins until the frame is there. */
function get(seq: number): void {
  while (Atomics.load(other.words, CURSOR) <= seq) {
    // No frame yet: check again.
  }
  outcome.sum += load(other, seq)
}

serve({
  create({ file, size, cpu }: { file: string; size: number; cpu: number }) {
    const mapping = native.createFile(file, size, 0o600, new Uint8Array(64))
    mapping.populate(0, size, true)
    own = sideOf(mapping)
    pinTo(cpu)
  },
  open({ file, cpu }: { file: string; cpu: number }) {
    other = sideOf(native.mapFile(file, false))
    pinTo(cpu)
  },
  pong({ count }: { count: number }) {
    sayReady()
    for (let seq = 0; seq < count; seq++) {
      get(seq)
      put(seq)
    }
  },
  ping({ count }: { count: number }) {
    const times = new Uint32Array(count)
    for (let seq = 0; seq < count; seq++) {
      const before = nanoseconds()
      put(seq)
      get(seq)
      times[seq] = nanoseconds() - before
    }
    return percentiles(times.subarray(count / 10))
  },
  /** One direction: writes the given number of frames, each published alone. */
  write({ count }: { count: number }) {
    const start = ticks()
    for (let seq = 0; seq < count; seq++) put(seq)
    return { start, end: ticks() }
  },
  /** The reader of these frames, with the same pauses as the library's spinning readers. */
  read({ count }: { count: number }) {
    sayReady()
    const { words } = other
    let seq = 0
    let misses = 1
    let flowing = false
    while (seq < count) {
      const end = Atomics.load(words, CURSOR)
      if (end === seq) {
        if (++misses > EAGER_CHECKS) pause()
        flowing = false
        continue
      }
      if (flowing) letWriterAdvance()
      flowing = misses === 0
      misses = 0
      for (; seq < end; seq++) outcome.sum += load(other, seq)
    }
    return { end: ticks() }
  },
  close() {
    for (const mapping of mappings.splice(0)) mapping.close()
  },
})
