// A process that repeats operations of ticktape/state alone, or is one end of a ring.
import { join } from 'node:path'
import { on } from 'ticktape'
import { CircuitBreaker, Counters, InFlight, LatestValues, Ring, TopOfBook } from 'ticktape/state'
import { Ticker } from 'ticktape/trading'
import { EAGER_CHECKS, pause } from '../../dist/wait/pause.js'
import { pinTo, sayReady, serve, ticks } from '../support/child.js'
import { Small } from '../support/frames.js'
import { median } from '../support/statistics.js'

const MARKETS = 512
const quote = { bid: 48, ask: 52, bidSize: 100, askSize: 250 }
const tick = { instrument: 1, venueTime: 0n, last: 61800.2, bid: 61800.2, ask: 61800.3, volume: 3 }
const longs = new BigUint64Array(new SharedArrayBuffer(4096))
const scratch = new BigUint64Array(1)
const halves = new Uint32Array(scratch.buffer)
const state = { sum: 0, expected: 0, errors: 0 }

/** A measurement is divided into this many slices and their median is used, because in some of them another process has the core. */
const SLICES = 25

/** ns for each of `count`. */
function timed(count: number, body: (count: number) => void): number {
  body(count >> 3)
  const slice = Math.ceil(count / SLICES)
  return median(
    Array.from({ length: SLICES }, () => {
      const start = ticks()
      body(slice)
      return (ticks() - start) / slice
    }),
  )
}

/** The cost of each operation, in ns. */
export interface StateCosts {
  readonly bookUpdate: number
  readonly bookPrice: number
  readonly bookRead: number
  readonly acquire: number
  readonly latestSet: number
  readonly latestBegin: number
  readonly latestGet: number
  readonly latestRead: number
  readonly counterAdd: number
  /** 64 bits put together from two numbers and stored at once: with a plain store, and with Atomics. */
  readonly wordPlain: number
  readonly wordAtomic: number
  readonly breakerCheck: number
}

/** The same with a Map and a lock in shared memory, in one thread: a lower bound, because other threads cannot share the Map. */
export interface MapCosts {
  readonly write: number
  readonly read: number
  readonly acquire: number
}

function operations(folder: string, count: number): StateCosts {
  const book = TopOfBook.open(join(folder, 'book'), { markets: MARKETS })
  const inFlight = InFlight.open(join(folder, 'in-flight'), { markets: MARKETS })
  const latest = LatestValues.open(join(folder, 'latest'), Ticker, { capacity: 256 })
  const counters = Counters.open(join(folder, 'counters'))
  const breaker = CircuitBreaker.open(join(folder, 'breaker'), { maxPosition: 1000 })
  const sent = counters.counter('sent')
  const acquiring: number[] = []
  for (let round = 0; round < count / MARKETS; round++) {
    const start = ticks()
    for (let market = 0; market < MARKETS; market++) inFlight.tryAcquire(market)
    acquiring.push((ticks() - start) / MARKETS)
    for (let market = 0; market < MARKETS; market++) inFlight.release(market)
  }
  const costs = {
    acquire: median(acquiring),
    bookUpdate: timed(count, n => {
      for (let i = 0; i < n; i++) {
        quote.bid = i & 0xffff
        book.set(i & 511, quote)
      }
    }),
    bookPrice: timed(count, n => {
      for (let i = 0; i < n; i++) book.setBid(i & 511, i & 0xffff)
    }),
    bookRead: timed(count, n => {
      for (let i = 0; i < n; i++) {
        const { bid, ask, bidSize, askSize } = book.get(i & 511)
        state.sum += bid + ask + bidSize + askSize
      }
    }),
    latestSet: timed(count, n => {
      for (let i = 0; i < n; i++) {
        tick.last = i
        latest.set(i & 255, tick)
      }
    }),
    latestBegin: timed(count, n => {
      for (let i = 0; i < n; i++) {
        const t = latest.begin(i & 255)
        t.last = i
        t.bid = i
        t.ask = i
        t.volume = 3
        latest.commit()
      }
    }),
    latestGet: timed(count, n => {
      for (let i = 0; i < n; i++) {
        const t = latest.get(i & 255)
        if (t !== undefined) state.sum += t.last + t.bid + t.ask + t.volume
      }
    }),
    latestRead: timed(count, n => {
      for (let i = 0; i < n; i++) {
        const t = latest.read(i & 255)
        if (t !== undefined) state.sum += t.last + t.bid + t.ask + t.volume
      }
    }),
    counterAdd: timed(count, n => {
      for (let i = 0; i < n; i++) sent.add(1)
    }),
    wordPlain: timed(count, n => {
      for (let i = 0; i < n; i++) {
        halves[0] = i
        halves[1] = i
        longs[i & 511] = scratch[0]
      }
    }),
    wordAtomic: timed(count, n => {
      for (let i = 0; i < n; i++) {
        halves[0] = i
        halves[1] = i
        Atomics.store(longs, i & 511, scratch[0])
      }
    }),
    breakerCheck: timed(count, n => {
      for (let i = 0; i < n; i++) if (breaker.check(i & 511, 1) !== null) state.errors++
    }),
  }
  for (const structure of [book, inFlight, latest, counters, breaker]) structure.close()
  return costs
}

const lock = new Int32Array(new SharedArrayBuffer(4))

function locked(body: () => void): void {
  while (Atomics.compareExchange(lock, 0, 0, 1) !== 0) Atomics.wait(lock, 0, 1)
  body()
  Atomics.store(lock, 0, 0)
  Atomics.notify(lock, 0, 1)
}

function withMap(count: number): MapCosts {
  const values = new Map<number, typeof tick>()
  const deadlines = new Map<number, number>()
  return {
    write: timed(count, n => {
      for (let i = 0; i < n; i++) locked(() => values.set(i & 255, { ...tick, last: i }))
    }),
    read: timed(count, n => {
      for (let i = 0; i < n; i++) {
        locked(() => {
          const t = values.get(i & 255)
          if (t !== undefined) state.sum += t.last + t.bid + t.ask + t.volume
        })
      }
    }),
    acquire: timed(count, n => {
      for (let i = 0; i < n; i++) {
        locked(() => {
          const now = performance.now()
          if ((deadlines.get(i & 511) ?? 0) <= now) deadlines.set(i & 511, now)
        })
      }
    }),
  }
}

const handlers = on(Small, f => {
  const { seq } = f
  if (seq !== state.expected) state.errors++
  state.expected = seq + 1
  state.sum += f.bid + f.ask + f.volume
})

function write(ring: Ring, from: number, to: number): void {
  for (let seq = from; seq < to; ) {
    const f = ring.begin(Small)
    if (f === undefined) continue
    f.seq = seq
    f.bid = seq
    f.ask = seq
    f.volume = seq
    ring.commit()
    seq++
  }
}

serve({
  operations({ folder, count, cpu }: { folder: string; count: number; cpu: number }) {
    pinTo(cpu)
    return operations(folder, count)
  },
  map({ count }: { count: number }) {
    return withMap(count)
  },
  produce({ path, frames, batch, cpu }: { path: string; frames: number; batch: number; cpu: number }) {
    pinTo(cpu)
    const ring = Ring.open(path, { role: 'producer', slots: 4096 })
    if (batch === 1) write(ring, 0, frames)
    else for (let seq = 0; seq < frames; seq += batch) ring.batch(() => write(ring, seq, Math.min(frames, seq + batch)))
    ring.close()
  },
  consume({ path, frames, cpu }: { path: string; frames: number; cpu: number }) {
    pinTo(cpu)
    const ring = Ring.open(path, { role: 'consumer', slots: 4096 })
    Object.assign(state, { expected: 0, errors: 0 })
    sayReady()
    let start = 0
    for (let looks = 0; state.expected < frames; ) {
      const count = ring.poll(handlers, 256)
      if (count > 0) {
        if (start === 0) start = ticks()
        looks = 0
      } else if (++looks > EAGER_CHECKS) pause()
    }
    const rate = (frames / (ticks() - start)) * 1000
    ring.close()
    return { rate, errors: state.errors }
  },
})
