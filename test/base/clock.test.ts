import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { now, on } from 'ticktape'
import { expect, it, onTestFinished } from 'vitest'
import { native } from '../../dist/native/index.js'
import { runChild, startChild } from '../support/child.ts'
import { Count } from '../support/frames.ts'
import { journalPath, openReader, openWriter } from '../support/open.ts'
import { skipUnless } from '../support/skips.ts'

/** How long to watch the clock. `npm run test:clock` does it for an hour, and prints the result. */
const LONG = Number(process.env['TICKTAPE_CLOCK_SECONDS'] ?? 0)
const SECONDS = LONG || 2

/** ns. A reading is not counted when its two neighbours are further apart: the thread was interrupted between them. */
const NARROW = 500n
/** The bound for errors: at most one reading in a thousand may be off by more. */
const BOUND = 1000

const words = new BigInt64Array(native.clockBuffer)
const noCounter = native.whyNoCounter()

/** The distance of readings from the middle of two readings of the system's clock, in ns, with the number of times that each occurred. */
class Errors {
  private readonly counts = new Uint32Array(1_000_001)
  narrow = 0
  wide = 0
  backwards = 0
  private last = 0n

  read(times: number): void {
    for (let i = 0; i < times; i++) {
      native.readSystemClock()
      const before = words[2]
      native.readClock()
      native.readSystemClock()
      const [time, , after] = words
      if (time < this.last) this.backwards++
      this.last = time
      if (after - before > NARROW || after < before) {
        this.wide++
        continue
      }
      this.narrow++
      const error = Math.abs(Number(2n * time - before - after)) >> 1
      this.counts[Math.min(error, 1_000_000)]++
    }
  }

  /** The error in ns that the given share of all readings did not exceed. */
  quantile(part: number): number {
    let left = Math.ceil(part * this.narrow)
    return this.counts.findIndex(count => (left -= count) <= 0)
  }
}

it("a reading is within 1 µs of the system's clock, however often the clock is read", {
  timeout: SECONDS * 1000 + 30_000,
}, async () => {
  const errors = new Errors()
  const end = performance.now() + SECONDS * 1000
  let told = performance.now()
  for (let round = 0; performance.now() < end; round++) {
    errors.read([1, 10, 100, 1_000, 20_000][round % 5])
    await sleep([0, 1, 0, 5, 0, 0, 20][round % 7])
    if (LONG > 0 && performance.now() - told > 60_000) {
      told = performance.now()
      tell(errors)
    }
  }
  if (LONG > 0) tell(errors)
  expect(errors.narrow).toBeGreaterThan(1_000)
  expect(errors.quantile(0.999)).toBeLessThan(BOUND)
  expect(native.whyNoCounter()).toBe(noCounter)
})

function tell(errors: Errors): void {
  const [p50, p99, p999, max] = [0.5, 0.99, 0.999, 1].map(part => errors.quantile(part))
  const { narrow, wide, backwards } = errors
  const by = noCounter === null ? 'counter' : `system, ${noCounter}`
  console.log(
    `clock (${by}): ${narrow} readings, off by p50 ${p50}, p99 ${p99}, p99.9 ${p999}, max ${max} ns; ` +
      `${wide} not counted, ${backwards} before the last`,
  )
}

it('now() and the hot path read the same clock', () => {
  for (let i = 0; i < 10_000; i++) {
    native.readClock()
    const first = words[0]
    const second = now()
    native.readClock()
    // Not earlier: both come from one line. A disturbed check of the clock may set it back, within the bound.
    expect(Number(second - first)).toBeGreaterThan(-BOUND)
    expect(Number(words[0] - second)).toBeGreaterThan(-BOUND)
  }
})

/** Reads the clock for a while, then reports how many readings there were and how many were off by more than the bound. */
const WATCH = `
const words = new BigInt64Array(native.clockBuffer)
let narrow = 0, off = 0, outside = 0
for (const end = performance.now() + 500; performance.now() < end; ) {
  for (let i = 0; i < 1000; i++) {
    native.readSystemClock()
    const before = words[2]
    native.readClock()
    native.readSystemClock()
    const after = words[2]
    if (words[0] < before || words[0] > after) outside++
    if (after - before > ${NARROW}n || after < before) continue
    narrow++
    if (words[0] < before - ${BOUND}n || words[0] > after + ${BOUND}n) off++
  }
}
`

it('each thread follows the clock independently', async () => {
  const code = `
    const { parentPort } = require('node:worker_threads')
    import(${JSON.stringify(new URL('../../dist/native/index.js', import.meta.url).href)}).then(({ native }) => {
      ${WATCH}
      parentPort.postMessage({ narrow, off })
    })`
  const found = await Promise.all(
    [0, 1].map(
      () =>
        new Promise<{ narrow: number; off: number }>((resolve, reject) => {
          const worker = new Worker(code, { eval: true })
          worker.once('message', resolve)
          worker.once('error', reject)
        }),
    ),
  )
  for (const { narrow, off } of found) {
    expect(narrow).toBeGreaterThan(100)
    expect(off / narrow).toBeLessThan(0.001)
  }
})

it("with TICKTAPE_CLOCK=system each reading uses the system's clock", async () => {
  process.env['TICKTAPE_CLOCK'] = 'system'
  onTestFinished(() => {
    delete process.env['TICKTAPE_CLOCK']
  })
  const code = `
    const { native } = await import('./dist/native/index.js')
    ${WATCH}
    say({ outside, why: native.whyNoCounter() })`
  const { said } = await runChild(code)
  expect(said).toEqual([{ outside: 0, why: 'TICKTAPE_CLOCK=system' }])
})

it.skipIf(skipUnless(noCounter === null, 'the counter is followed', `Not here: ${noCounter}`))(
  'the addon runs no thread for the clock',
  async () => {
    const { said } = await runChild(`

    import { readdirSync, readFileSync } from 'node:fs'

    const { native } = await import('./dist/native/index.js')
    for (const end = performance.now() + 100; performance.now() < end; ) native.readClock()
    const names = readdirSync('/proc/self/task').map(id => readFileSync('/proc/self/task/' + id + '/comm', 'utf8'))
    say(names.filter(name => name.startsWith('ticktape')))`)
    expect(said).toEqual([[]])
  },
)

it('the answer of another process is earlier than its question by no more than clocks may differ', async () => {
  const asked = journalPath()
  const asking = openWriter(asked)
  const answers = journalPath()
  const child = startChild(
    `
    const writer = Writer.open(args[1], { frames: [Count] })
    const reader = Reader.open(dir)
    say('ready')
    const handlers = on(Count, frame => writer.write(Count, { n: frame.n }))
    for (;;) reader.poll(handlers, 64)`,
    [asked, answers],
  )
  expect(await child.hear()).toBe('ready')
  const reader = openReader(answers)
  const answered: bigint[] = []
  const handlers = on(Count, frame => answered.push(frame.time))
  const seconds = LONG > 0 ? 20 : 2
  const end = performance.now() + seconds * 1000
  for (let n = 0; n < 100 || performance.now() < end; n++) {
    asking.write(Count, { n })
    while (answered.length <= n) reader.poll(handlers, 64)
  }
  const waits: number[] = []
  const questions = openReader(asked)
  const look = on(Count, frame => waits.push(Number(answered[frame.n] - frame.time)))
  while (questions.poll(look, 4096) > 0);
  expect(waits).toHaveLength(answered.length)
  // One in a thousand may be off by more than the bound: a clock that is being adjusted, a machine that was stopped.
  const shortest = waits.sort((one, other) => one - other)[Math.ceil(waits.length / 1000)]
  if (LONG > 0) console.log(`the shortest of ${waits.length} ways from a question to its answer took ${shortest} ns`)
  expect(shortest).toBeGreaterThan(-BOUND)
})
