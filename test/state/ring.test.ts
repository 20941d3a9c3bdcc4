/** Tests the ring: each policy, compared with a model, and between processes that are killed. */
import { setTimeout as sleep } from 'node:timers/promises'
import * as fc from 'fast-check'
import { f64, frame, on } from 'ticktape'
import { Counters, Ring, type RingOptions } from 'ticktape/state'
import { describe, expect, test } from 'vitest'
import { startChild } from '../support/child.ts'
import { failureOf, rejectionOf } from '../support/failures.ts'
import { Count, Huge, Pair, Tick } from '../support/frames.ts'
import { opened, statePath } from '../support/state.ts'

const LONG = Boolean(process.env['TICKTAPE_STATE_LONG'])

function openRing(path: string, options: Partial<RingOptions> & { readonly role: RingOptions['role'] }): Ring {
  return opened(Ring.open(path, options))
}

function pair(options: Omit<RingOptions, 'role'>): { producer: Ring; consumer: Ring } {
  const path = statePath()
  return { producer: openRing(path, { role: 'producer', ...options }), consumer: openRing(path, { role: 'consumer' }) }
}

function writeCounts(ring: Ring, from: number, to: number): number {
  let written = 0
  for (let n = from; n < to; n++) if (ring.write(Count, { n })) written++
  return written
}

function readCounts(ring: Ring, limit?: number): number[] {
  const numbers: number[] = []
  ring.poll(
    on(Count, t => numbers.push(t.n)).on(Pair, t => numbers.push(t.n)),
    limit,
  )
  return numbers
}

function upTo(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

describe('when it is full', () => {
  test("'fail' returns false, and works again when there is room", () => {
    const { producer, consumer } = pair({ slots: 5, whenFull: 'fail' })
    expect(writeCounts(producer, 0, 9)).toBe(5)
    expect([producer.size, producer.dropped, producer.lapped]).toEqual([5, 0, 0])
    expect(producer.begin(Count)).toBeUndefined()
    expect(readCounts(consumer, 2)).toEqual([0, 1])
    expect(writeCounts(producer, 5, 9)).toBe(2)
    expect(readCounts(consumer)).toEqual([2, 3, 4, 5, 6])
    expect(consumer.size).toBe(0)
  })

  test("'drop' counts what it drops", () => {
    const { producer, consumer } = pair({ slots: 3, whenFull: 'drop' })
    expect(writeCounts(producer, 0, 10)).toBe(3)
    expect([producer.dropped, consumer.dropped]).toEqual([7, 7])
    expect(readCounts(consumer)).toEqual([0, 1, 2])
  })

  test("'overwrite' keeps the newest and counts what was lapped", () => {
    const { producer, consumer } = pair({ slots: 4, whenFull: 'overwrite' })
    expect(writeCounts(producer, 0, 10)).toBe(10)
    expect([producer.lapped, consumer.lapped, producer.size]).toEqual([6, 6, 4])
    expect(readCounts(consumer, 1)).toEqual([6])
    writeCounts(producer, 10, 12)
    expect(readCounts(consumer)).toEqual([8, 9, 10, 11])
    expect(consumer.lapped).toBe(7)
  })

  test("'overwrite' while a frame is handled does not change that frame", () => {
    const { producer, consumer } = pair({ slots: 2, whenFull: 'overwrite' })
    writeCounts(producer, 0, 2)
    const seen: number[] = []
    consumer.poll(
      on(Count, t => {
        if (seen.length === 0) writeCounts(producer, 2, 8)
        seen.push(t.n)
      }),
    )
    expect(seen).toEqual([0, 6, 7])
    expect(consumer.lapped).toBe(5)
  })

  test("'wait' ends with a named error", () => {
    const { producer } = pair({ slots: 2, whenFull: 'wait', waitMs: 20 })
    writeCounts(producer, 0, 2)
    expect(failureOf(() => producer.write(Count, { n: 2 }))).toMatchObject({
      code: 'ERR_STATE_FULL',
      message: expect.stringContaining('alive and does not read'),
    })
    expect(producer.size).toBe(2)
  })

  test("'wait' waits for another process and loses no frame", async () => {
    const path = statePath()
    const producer = openRing(path, { role: 'producer', slots: 8, whenFull: 'wait' })
    const child = startChild(
      `
      const { Ring } = await import('ticktape/state')
      const ring = Ring.open(dir, { role: 'consumer' })
      let next = 0
      while (next < 5000) ring.poll(on(Count, t => { if (t.n !== next++) throw new Error('gap at ' + t.n) }), 3)
      say(next); process.exit()`,
      [path],
    )
    expect(writeCounts(producer, 0, 5000)).toBe(5000)
    expect(await child.hear()).toBe(5000)
  })

  test('writeWhenReady does not block the event loop, and ends with its signal', async () => {
    const { producer, consumer } = pair({ slots: 1, whenFull: 'fail' })
    await producer.writeWhenReady(Count, { n: 0 })
    const second = producer.writeWhenReady(Count, { n: 1 })
    await sleep(20)
    expect(readCounts(consumer)).toEqual([0])
    await second
    const abort = new AbortController()
    const third = producer.writeWhenReady(Count, { n: 2 }, { signal: abort.signal })
    setTimeout(() => abort.abort(new Error('enough')), 20)
    await expect(third).rejects.toThrow('enough')
    expect(readCounts(consumer)).toEqual([1])
    const fourth = producer.writeWhenReady(Count, { n: 3 })
    await fourth
    const fifth = producer.writeWhenReady(Count, { n: 4 })
    producer.close()
    expect((await rejectionOf(fifth)).code).toBe('ERR_CLOSED')
  })

  test('a signal given to open ends a wait', () => {
    const path = statePath()
    const producer = openRing(path, {
      role: 'producer',
      slots: 1,
      whenFull: 'wait',
      signal: AbortSignal.abort(new Error('shut down')),
    })
    producer.write(Count, { n: 0 })
    expect(() => producer.write(Count, { n: 1 })).toThrow('shut down')
  })
})

test('whether a ring overwrites is fixed: the consumer depends on it', () => {
  const path = statePath()
  Ring.open(path, { role: 'producer', whenFull: 'overwrite' }).close()
  expect(failureOf(() => Ring.open(path, { role: 'producer', whenFull: 'drop' })).code).toBe('ERR_STATE_MISMATCH')
  openRing(path, { role: 'producer', whenFull: 'overwrite' })
})

test('if a consumer opens first, the producer decides the number of slots', () => {
  const path = statePath()
  const consumer = openRing(path, { role: 'consumer' })
  expect(consumer.slots).toBe(4096)
  const producer = openRing(path, { role: 'producer', slots: 3 })
  expect([producer.slots, consumer.slots]).toEqual([3, 3])
  expect(writeCounts(producer, 0, 5)).toBe(3)
  expect(readCounts(consumer)).toEqual([0, 1, 2])
  producer.close()
  expect(failureOf(() => Ring.open(path, { role: 'producer', slots: 4 })).code).toBe('ERR_STATE_MISMATCH')
  expect(writeCounts(openRing(path, { role: 'producer' }), 3, 8)).toBe(3)
  consumer.close()
  expect(readCounts(openRing(path, { role: 'consumer', slots: 3 }))).toEqual([3, 4, 5])
  const other = statePath()
  openRing(other, { role: 'consumer' })
  expect(failureOf(() => Ring.open(other, { role: 'producer', slots: 5000 })).code).toBe('ERR_STATE_MISMATCH')
})

test('frames of every size are complete, around the end of the buffer too', () => {
  const { producer, consumer } = pair({ slots: 300 })
  const blob = new Uint8Array(255 * 64 - 40)
  let n = 0
  let expected = 0
  const check = on(Count, t => expect(t.n).toBe(expected++))
    .on(Pair, t => expect([t.n, t.note]).toEqual([expected, `note ${expected++}`]))
    .on(Huge, t => {
      expect(t.n).toBe(expected)
      expect(t.blob.every(byte => byte === (expected & 0xff))).toBe(true)
      expected++
    })
  for (let round = 0; round < 40; round++) {
    producer.write(Count, { n: n++ })
    producer.write(Pair, { n, note: `note ${n++}` })
    producer.write(Huge, { n, blob: blob.fill(n++ & 0xff) })
    if (round % 3 === 0) producer.write(Count, { n: n++ })
    expect(consumer.poll(check)).toBe(round % 3 === 0 ? 4 : 3)
  }
  expect(expected).toBe(n)
})

test('positions continue around the end of the buffer, and cause, source and dest are kept', () => {
  const { producer, consumer } = pair({ slots: 4 })
  const positions: number[] = []
  for (let i = 0; i < 6; i++) {
    producer.begin(Pair)
    producer.commit({ cause: { journal: 7, position: 100 + i }, source: i, dest: 9, time: BigInt(i + 1) })
    consumer.poll(
      on(Pair, t => {
        positions.push(t.position)
        expect([t.causeJournal, t.cause, t.source, t.dest, t.time, t.n]).toEqual([7, 100 + i, i, 9, BigInt(i + 1), 0])
      }),
    )
  }
  expect(positions).toEqual([0, 2, 4, 6, 8, 10])
})

test('all fields of a frame that is begun are zero, whatever was there before', () => {
  const { producer, consumer } = pair({ slots: 1 })
  const zeros: number[] = []
  producer.write(Tick, { symbol: 'OLD', last: 1, bid: 2, ask: 3, volume: 4 })
  consumer.poll(on(Tick, () => {}))
  const t = producer.begin(Tick)
  if (t !== undefined) t.bid = 5
  producer.commit()
  consumer.poll(on(Tick, f => zeros.push(f.last, f.bid, f.ask, f.symbol.length)))
  expect(zeros).toEqual([0, 5, 0, 0])
})

test('a batch is published in one store, or in several parts when the ring is smaller', () => {
  const { producer, consumer } = pair({ slots: 8, whenFull: 'overwrite' })
  producer.batch(() => {
    writeCounts(producer, 0, 5)
    expect(consumer.size).toBe(0)
  })
  expect(readCounts(consumer)).toEqual([0, 1, 2, 3, 4])
  producer.batch(() => writeCounts(producer, 5, 25))
  expect(readCounts(consumer)).toEqual(upTo(17, 25))
  expect(() =>
    producer.batch(() => {
      writeCounts(producer, 25, 26)
      throw new Error('no more')
    }),
  ).toThrow('no more')
  expect(readCounts(consumer)).toEqual([25])
})

test('a wrong value, or calls out of order, change nothing', () => {
  const { producer, consumer } = pair({ slots: 4 })
  expect(failureOf(() => producer.write(Count, { n: 'x' as never })).code).toBe('ERR_FIELD_VALUE')
  expect(failureOf(() => producer.commit()).code).toBe('ERR_INVALID_STATE')
  const view = producer.begin(Count)
  expect(failureOf(() => producer.begin(Count)).code).toBe('ERR_INVALID_STATE')
  producer.abort()
  expect(failureOf(() => view?.n).code).toBe('ERR_VIEW_EXPIRED')
  expect(failureOf(() => producer.poll(on(Count, () => {}))).code).toBe('ERR_INVALID_STATE')
  expect(failureOf(() => consumer.write(Count, { n: 1 })).code).toBe('ERR_INVALID_STATE')
  expect(failureOf(() => consumer.poll({} as never)).code).toBe('ERR_INVALID_OPTION')
  expect(failureOf(() => producer.write(Huge, { n: 1, blob: new Uint8Array() })).code).toBe('ERR_FRAME_DEFINITION')
  expect(consumer.size).toBe(0)
})

test.each(['fail', 'overwrite'] as const)(
  "a frame is discarded when one of its fields refuses a value, with '%s'",
  whenFull => {
    const { producer, consumer } = pair({ slots: 8, whenFull })
    for (let n = 0; n < 20; n++) {
      const view = producer.begin(Pair)
      if (view === undefined) throw new Error('full')
      view.n = n
      if (n % 5 === 2) {
        expect(failureOf(() => (view.note = 'x'.repeat(41))).code).toBe('ERR_FIELD_VALUE')
        const failure = failureOf(() => producer.commit(n === 2 ? undefined : { source: 1 }))
        expect(failure.code).toBe('ERR_INVALID_STATE')
        expect(failure.message).toContain('discarded')
        if (n === 12) producer.abort()
      } else {
        producer.commit()
        expect(readCounts(consumer)).toEqual([n])
      }
    }
    expect(failureOf(() => producer.abort()).code).toBe('ERR_INVALID_STATE')
    expect(failureOf(() => producer.commit()).message).toContain('without begin()')
    expect([producer.size, producer.lapped]).toEqual([0, 0])
  },
)

test('a refused commit leaves the frame begun, and its message mentions abort()', () => {
  const { producer, consumer } = pair({ slots: 4 })
  producer.begin(Count)
  for (const refused of [() => producer.commit({ source: 1 }), () => producer.begin(Count)])
    expect(failureOf(refused).message).toContain('abort()')
  producer.abort()
  writeCounts(producer, 1, 2)
  expect(readCounts(consumer)).toEqual([1])
})

test.each(['fail', 'overwrite'] as const)("a frame of the largest size arrives complete, with '%s'", whenFull => {
  const { producer, consumer } = pair({ slots: 600, whenFull })
  const blob = new Uint8Array(255 * 64 - 40).map((_, i) => i % 251)
  const seen: Uint8Array[] = []
  for (let n = 0; n < 3; n++) {
    producer.write(Huge, { n, blob })
    consumer.poll(on(Huge, f => seen.push(f.blob)))
  }
  expect(seen.map(bytes => Buffer.compare(bytes, blob))).toEqual([0, 0, 0])
})

test('values and options that write to the ring themselves are refused', () => {
  const { producer, consumer } = pair({ slots: 8 })
  const meddling = (meddle: () => void): { n: number } => ({
    get n() {
      meddle()
      return 1
    },
  })
  expect(
    failureOf(() =>
      producer.write(
        Count,
        meddling(() => producer.abort()),
      ),
    ).code,
  ).toMatch(/^ERR_(VIEW_EXPIRED|INVALID_STATE)$/)
  expect(
    failureOf(() =>
      producer.write(
        Count,
        meddling(() => producer.write(Count, { n: 2 })),
      ),
    ).code,
  ).toBe('ERR_INVALID_STATE')
  producer.begin(Pair)
  const options = {
    get source() {
      producer.abort()
      producer.write(Pair, { n: 7, note: '' })
      return 1
    },
  }
  expect(failureOf(() => producer.commit(options)).code).toBe('ERR_INVALID_STATE')
  expect(
    failureOf(() =>
      producer.write(
        Count,
        meddling(() => producer.close()),
      ),
    ).code,
  ).toMatch(/^ERR_(CLOSED|VIEW_EXPIRED)$/)
  expect(readCounts(consumer)).toEqual([7])
})

test('poll rethrows the error of a handler, and its frame counts as read', () => {
  const { producer, consumer } = pair({ slots: 4 })
  writeCounts(producer, 0, 3)
  expect(() =>
    consumer.poll(
      on(Count, () => {
        throw new Error('handler')
      }),
    ),
  ).toThrow('handler')
  expect(readCounts(consumer)).toEqual([1, 2])
})

test('a handler may close the ring, and may not poll it', () => {
  const { producer, consumer } = pair({ slots: 4 })
  writeCounts(producer, 0, 3)
  const codes: string[] = []
  expect(
    consumer.poll(
      on(Count, () => codes.push(failureOf(() => consumer.poll(on(Count, () => {}))).code)),
      1,
    ),
  ).toBe(1)
  expect(codes).toEqual(['ERR_INVALID_STATE'])
  expect(consumer.poll(on(Count, () => consumer.close()))).toBe(1)
  expect(failureOf(() => readCounts(consumer)).code).toBe('ERR_CLOSED')
  expect(readCounts(openRing(producer.path, { role: 'consumer' }))).toEqual([2])
})

test('a definition that differs on the other side is refused', () => {
  const { producer, consumer } = pair({ slots: 4 })
  producer.write(Count, { n: 1 })
  const Other = frame('Other', Count.id, { m: f64 })
  expect(failureOf(() => consumer.poll(on(Other, () => {}))).code).toBe('ERR_SCHEMA_MISMATCH')
  expect(failureOf(() => producer.write(Other, { m: 1 })).code).toBe('ERR_SCHEMA_MISMATCH')
  expect(readCounts(consumer)).toEqual([1])
})

test('there is one producer and one consumer', () => {
  const { producer, consumer } = pair({ slots: 4 })
  expect(failureOf(() => Ring.open(producer.path, { role: 'producer' }))).toMatchObject({
    code: 'ERR_STATE_BUSY',
    pid: process.pid,
  })
  expect(failureOf(() => Ring.open(producer.path, { role: 'consumer' }))).toMatchObject({
    code: 'ERR_STATE_BUSY',
    pid: process.pid,
  })
  expect([producer.connected, consumer.connected]).toEqual([true, true])
  consumer.close()
  expect(producer.connected).toBe(false)
  openRing(producer.path, { role: 'consumer' })
})

test('run follows until its signal aborts or the ring is closed', async () => {
  const { producer, consumer } = pair({ slots: 4 })
  const seen: number[] = []
  const abort = new AbortController()
  const running = consumer.run(
    on(Count, t => seen.push(t.n)),
    { signal: abort.signal },
  )
  for (let n = 0; n < 8; n++) await producer.writeWhenReady(Count, { n })
  while (seen.length < 8) await sleep(1)
  abort.abort()
  expect(await running).toBe(8)
  const again = consumer.run(on(Count, () => {}))
  consumer.close()
  expect(await again).toBe(0)
})

/** A plain model of a ring: a list of frames with their sizes, and the number of used slots. */
class Model {
  readonly frames: { n: number; slots: number }[] = []
  dropped = 0
  lapped = 0
  constructor(
    private readonly slots: number,
    private readonly whenFull: 'fail' | 'drop' | 'overwrite',
  ) {}

  get size(): number {
    return this.frames.reduce((sum, each) => sum + each.slots, 0)
  }

  write(n: number, slots: number): boolean {
    if (this.size + slots > this.slots && this.whenFull !== 'overwrite') {
      if (this.whenFull === 'drop') this.dropped++
      return false
    }
    this.makeRoom(slots)
    this.frames.push({ n, slots })
    return true
  }

  makeRoom(slots: number): void {
    while (this.size + slots > this.slots) {
      this.frames.shift()
      this.lapped++
    }
  }

  read(limit: number): number[] {
    return this.frames.splice(0, limit).map(each => each.n)
  }
}

test.each(['fail', 'drop', 'overwrite'] as const)(
  "random operations give the same as a simple model: '%s'",
  whenFull => {
    const operation = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          kind: fc.constant('write' as const),
          slots: fc.constantFrom(1 as const, 2 as const),
          abort: fc.boolean(),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant('read' as const), limit: fc.integer({ min: 1, max: 6 }) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('batch' as const), count: fc.integer({ min: 0, max: 12 }) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constantFrom('reopen producer' as const, 'reopen consumer' as const) }),
      },
    )
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.array(operation, { maxLength: 80 }), (slots, operations) => {
        const path = statePath()
        const model = new Model(slots, whenFull)
        let producer = Ring.open(path, { role: 'producer', slots, whenFull })
        let consumer = Ring.open(path, { role: 'consumer' })
        let n = 0
        const write = (size: 1 | 2): void => {
          const written = size === 1 ? producer.write(Count, { n }) : producer.write(Pair, { n, note: '' })
          expect(written).toBe(model.write(n++, size))
        }
        try {
          for (const each of operations) {
            if (each.kind === 'write') {
              if (each.abort && producer.begin(Count) !== undefined) producer.abort()
              else if (each.abort) model.dropped += whenFull === 'drop' ? 1 : 0
              // In an overwriting ring an aborted frame has already removed older frames.
              if (each.abort && whenFull === 'overwrite') model.makeRoom(1)
              write(each.slots)
            } else if (each.kind === 'batch') {
              producer.batch(() => {
                for (let i = 0; i < each.count; i++) write(1)
              })
            } else if (each.kind === 'read') expect(readCounts(consumer, each.limit)).toEqual(model.read(each.limit))
            else if (each.kind === 'reopen producer') {
              producer.close()
              producer = Ring.open(path, { role: 'producer', whenFull })
            } else {
              consumer.close()
              consumer = Ring.open(path, { role: 'consumer' })
            }
            expect([producer.size, consumer.dropped, consumer.lapped]).toEqual([
              model.size,
              model.dropped,
              model.lapped,
            ])
          }
          expect(readCounts(consumer, 1000)).toEqual(model.read(1000))
        } finally {
          producer.close()
          consumer.close()
        }
      }),
      { numRuns: LONG ? 3000 : 60, seed: 7 },
    )
  },
  LONG ? 600_000 : 30_000,
)

const FRAMES = LONG ? 100_000_000 : 3_000_000

/** Writes n, in some frames also in other fields, until it dies or ends. Each start counts from 0 and has its own number. */
const PRODUCER = `
  const { Ring } = await import('ticktape/state')
  const Mark = frame('Mark', 9, { start: f64, n: f64, twice: f64, minus: f64 })
  const ring = Ring.open(dir, { role: 'producer', whenFull: args[1] })
  const start = Number(args[2]), count = Number(args[3])
  say('ready')
  for (let n = 0; n < count; ) {
    const t = ring.begin(Mark)
    if (t === undefined) continue
    t.start = start; t.n = n; t.twice = 2 * n; t.minus = -n
    ring.commit()
    n++
  }
  say('done'); process.exit()
`

const Mark = frame('Mark', 9, { start: f64, n: f64, twice: f64, minus: f64 })

/** Checks that the frames of each start are complete, and numbered from 0 without a gap. */
class Checker {
  frames = 0
  starts = 0
  readonly problems: string[] = []
  private start = -1
  private next = 0
  readonly handlers = on(Mark, t => {
    const { n } = t
    if (t.start !== this.start) {
      if (t.start < this.start) this.problems.push(`start ${t.start} after ${this.start}`)
      this.start = t.start
      this.starts++
      this.next = 0
    }
    if (n !== this.next || t.twice !== 2 * n || t.minus !== -n)
      this.problems.push(`start ${this.start}: ${n} (${t.twice}, ${t.minus}) instead of ${this.next}`)
    this.next = n + 1
    this.frames++
  })
}

test(
  `${FRAMES} frames from process to process, no gap`,
  async () => {
    const path = statePath()
    const consumer = openRing(path, { role: 'consumer', slots: 4096 })
    const producer = startChild(PRODUCER, [path, 'fail', 0, FRAMES])
    const checker = new Checker()
    await producer.hear()
    const end = performance.now() + (LONG ? 600_000 : 60_000)
    for (let looks = 0; checker.frames < FRAMES && performance.now() < end; looks++) {
      if (consumer.poll(checker.handlers, 1024) === 0 && looks % 1000 === 0) await sleep(0)
    }
    expect(checker.problems).toEqual([])
    expect([checker.frames, checker.starts, consumer.size]).toEqual([FRAMES, 1, 0])
    expect(await producer.hear()).toBe('done')
  },
  LONG ? 700_000 : 90_000,
)

const KILLS = LONG ? 200 : 8

test.each(['fail', 'overwrite'] as const)(
  `a producer killed ${KILLS} times leaves complete frames without a gap: '%s'`,
  async whenFull => {
    const path = statePath()
    const consumer = openRing(path, { role: 'consumer', slots: 1024 })
    const checker = new Checker()
    const whole = on(Mark, t => {
      if (t.twice !== 2 * t.n || t.minus !== -t.n) checker.problems.push(`torn: ${JSON.stringify(t.toObject())}`)
      checker.frames++
    })
    for (let kill = 0; kill < KILLS; kill++) {
      const producer = startChild(PRODUCER, [path, whenFull, kill, 1e12])
      await producer.hear()
      const end = performance.now() + Math.random() * 30
      while (performance.now() < end) {
        consumer.poll(whenFull === 'fail' ? checker.handlers : whole, 256)
        await sleep(0)
      }
      await producer.kill()
    }
    while (consumer.poll(whenFull === 'fail' ? checker.handlers : whole, 256) > 0);
    expect(checker.problems).toEqual([])
    expect(checker.frames).toBeGreaterThan(KILLS)
    if (whenFull === 'overwrite') expect(consumer.lapped).toBeGreaterThan(0)
  },
  KILLS * 5000 + 30_000,
)

test(
  `a consumer killed ${KILLS} times continues with the frames it had not read, and reads at most those of one poll again`,
  async () => {
    const path = statePath()
    const producer = openRing(path, { role: 'producer', slots: 1024 })
    // The log is in shared memory, so it has every frame that was handled before the kill.
    const counters = opened(Counters.open(`${path}.counters`))
    let n = 0
    let handled = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const consumer = startChild(
        `
      const { Counters, Ring } = await import('ticktape/state')
      const ring = Ring.open(dir, { role: 'consumer' })
      const counters = Counters.open(dir + '.counters')
      const [first, next] = [counters.gauge('first'), counters.gauge('next')]
      let expected = -1
      first.set(-1)
      const handlers = on(Count, t => {
        if (expected < 0) { first.set(t.n); expected = t.n }
        if (t.n !== expected) throw new Error('gap at ' + t.n)
        expected++
        next.set(expected)
      })
      say('ready')
      for (;;) {
        ring.poll(handlers, 16)
        await new Promise(resolve => setImmediate(resolve))
      }`,
        [path],
      )
      await consumer.hear()
      const end = performance.now() + 5 + Math.random() * 30
      while (performance.now() < end) {
        if (producer.write(Count, { n })) n++
        else await sleep(0)
      }
      expect((await consumer.kill()).stderr).toBe('')
      const first = counters.read('first') ?? -1
      if (first < 0) continue
      // No frame is skipped; frames that were handled and not yet counted as read are read again.
      expect(first).toBeLessThanOrEqual(handled)
      expect(first).toBeGreaterThanOrEqual(handled - 16)
      handled = counters.read('next') ?? 0
    }
    expect(handled).toBeGreaterThan(KILLS)
  },
  KILLS * 5000 + 30_000,
)
