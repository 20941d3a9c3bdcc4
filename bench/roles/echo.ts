// A process that answers, or waits for the answer: one frame each way, through two journals.
import { type Handlers, on, Reader, type Wait, Writer } from 'ticktape'
import { Page } from '../../dist/frames/format.js'
import { openPage } from '../../dist/journal/pages/page.js'
import { native } from '../../dist/native/index.js'
import { pinTo, sayReady, serve } from '../support/child.js'
import { nanoseconds } from '../support/clock.js'
import { Small } from '../support/frames.js'
import { percentiles } from '../support/statistics.js'

/** How to wait: a loop over `poll`, a loop that spins in the addon, or one of the idle strategies of `run`. */
export type How = 'poll' | 'native spin' | Wait

let writer: Writer
let reader: Reader
let other: string

const state = { left: 0, expected: 0, errors: 0 }
let stop = new AbortController()
let times = new Uint32Array(0)
let sentAt = 0

function send(seq: number): void {
  const f = writer.begin(Small)
  f.seq = seq
  f.bid = seq + 0.5
  f.ask = seq + 1
  f.volume = seq + 1.5
  writer.commit()
}

function ask(seq: number): void {
  sentAt = nanoseconds()
  send(seq)
}

const answer = on(Small, f => {
  const { seq } = f
  if (seq !== state.expected++) state.errors++
  send(seq)
  if (--state.left === 0) stop.abort()
})

const take = on(Small, f => {
  const { seq } = f
  times[state.expected] = nanoseconds() - sentAt
  if (seq !== state.expected++) state.errors++
  if (--state.left === 0) stop.abort()
  else ask(state.expected)
})

async function follow(how: How, handlers: Handlers): Promise<void> {
  if (how === 'poll') {
    while (state.left > 0) reader.poll(handlers, 1)
  } else if (how === 'native spin') {
    const page = openPage(other, 0, false)
    while (state.left > 0) {
      const { cursor } = page
      if (reader.poll(handlers, 1) === 0) native.spin(page.mapping, Page.CURSOR, cursor, 10_000)
    }
    page.mapping.close()
  } else {
    await reader.run(handlers, { wait: how, limit: 1, signal: stop.signal })
  }
}

serve({
  write({ directory, pageSize, timestamps }: { directory: string; pageSize: number; timestamps: boolean }) {
    writer = Writer.open(directory, { pageSize, timestamps, frames: [Small] })
  },
  read({ directory, cpu }: { directory: string; cpu: number }) {
    other = directory
    reader = Reader.open(directory)
    pinTo(cpu)
  },
  async pong({ count, how }: { count: number; how: How }) {
    stop = new AbortController()
    Object.assign(state, { left: count, expected: 0, errors: 0 })
    sayReady()
    await follow(how, answer)
    return state.errors
  },
  /** Returns the errors and the latencies in ns; the first tenth is left out. */
  async ping({ count, how }: { count: number; how: How }) {
    stop = new AbortController()
    times = new Uint32Array(count)
    Object.assign(state, { left: count, expected: 0, errors: 0 })
    ask(0)
    await follow(how, take)
    return { errors: state.errors, percentiles: percentiles(times.subarray(count / 10)) }
  },
  close() {
    reader.close()
    writer.close()
  },
})
