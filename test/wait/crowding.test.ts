/** Readers that nap while too many threads share the cores. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { Crowding } from '../../dist/wait/crowding.js'
import { type Child, startChild } from '../support/child.ts'
import { journalPath } from '../support/open.ts'
import { skipUnless } from '../support/skips.ts'

/** A thread as the kernel would count it. Each step lasts 20 ms, the time between two measurements. */
class FakeThread {
  private ms = 0
  private readonly counted = { ranMs: 0, waitedMs: 0, runs: 0 }
  readonly crowding = new Crowding(
    () => this.ms,
    () => ({ ...this.counted }),
  )

  /** Then the reader begins a wait, and finds frames after it. Returns how long it napped, in ms. */
  step(ranMs: number, waitedMs: number, runs: number): number {
    this.ms += 20
    this.counted.ranMs += ranMs
    this.counted.waitedMs += waitedMs
    this.counted.runs += runs
    this.crowding.beginWait()
    const napMs = this.crowding.takeNap()
    this.crowding.found()
    return napMs
  }

  /** Steps without any waiting until the reader does not nap any more. */
  stepsUntilAwake(): number {
    for (let steps = 1; steps < 1000; steps++) if (this.step(2, 0, 10) === 0) return steps
    return Number.POSITIVE_INFINITY
  }
}

describe('a reader', () => {
  it('that has a core whenever it wants one does not nap', () => {
    const thread = new FakeThread()
    for (let n = 0; n < 100; n++) expect(thread.step(19, 0.5, 50)).toBe(0)
  })

  it('that waits long for a core each time naps, and longer while that does not help, up to 8 ms', () => {
    const thread = new FakeThread()
    const naps = Array.from({ length: 6 }, () => thread.step(3, 17, 4))
    expect(naps).toEqual([1, 2, 4, 8, 8, 8])
  })

  it('naps shorter, and then not at all, when the cores are free again', () => {
    const thread = new FakeThread()
    for (let n = 0; n < 4; n++) thread.step(3, 17, 4)
    expect(Array.from({ length: 5 }, () => thread.step(2, 0.1, 10))).toEqual([4, 2, 1, 1, 0])
  })

  it('keeps its nap while it waits a little', () => {
    const thread = new FakeThread()
    thread.step(3, 17, 4)
    for (let n = 0; n < 50; n++) expect(thread.step(2, 2, 10)).toBe(1)
  })

  it('that must nap again each time needs more and more evidence that a core is free, up to 32 measurements', () => {
    const thread = new FakeThread()
    const steps = Array.from({ length: 8 }, () => {
      thread.step(3, 17, 4)
      return thread.stepsUntilAwake()
    })
    expect(steps).toEqual([2, 4, 8, 16, 32, 32, 32, 32])
  })

  it('that waits long but has little to do does not nap: each frame wakes it', () => {
    const thread = new FakeThread()
    for (let n = 0; n < 100; n++) expect(thread.step(1, 5, 2)).toBe(0)
  })

  it('that shares a core with one other that answers it at once does not nap', () => {
    const thread = new FakeThread()
    for (let n = 0; n < 100; n++) expect(thread.step(9, 10, 200)).toBe(0)
  })

  it('naps once, and sleeps when there was no frame after it', () => {
    const thread = new FakeThread()
    expect(thread.step(3, 17, 4)).toBe(1)
    expect([thread.crowding.takeNap(), thread.crowding.takeNap()]).toEqual([1, 0])
    thread.crowding.found()
    expect(thread.crowding.takeNap()).toBe(1)
  })

  it('never naps where the kernel does not count', () => {
    let ms = 0
    const crowding = new Crowding(
      () => (ms += 20),
      () => undefined,
    )
    for (let n = 0; n < 100; n++) {
      crowding.beginWait()
      expect(crowding.takeNap()).toBe(0)
    }
  })
})

/** Bound to one core with all others of its kind, it follows and says what it handled, and once more for one last frame. */
const READER = `
const { native } = await import('./dist/native/index.js')
const [, frames, how] = args
const { Crowding } = await import('./dist/wait/crowding.js')
native.setAffinity(native.getAffinity().slice(0, 1))
const { takeNap } = Crowding.prototype
let naps = 0
Crowding.prototype.takeNap = function () {
  const ms = takeNap.call(this)
  if (ms > 0) naps++
  return ms
}
const reader = Reader.open(dir)
let next = 0
let wrong = 0
const stop = new AbortController()
const handle = f => {
  if (f.n !== next) wrong++
  if (++next === Number(frames)) say([next, wrong, naps])
  if (next > Number(frames)) stop.abort()
}
say('ready')
if (how === 'for await') {
  for await (const f of reader) {
    handle(f)
    if (stop.signal.aborted) break
  }
} else {
  await reader.run(on(Count, handle), { wait: how, signal: stop.signal })
}
say([next, wrong, 0])
process.exit()
`

const READERS = 6

/** How often the writer of a journal has woken sleepers: the word SIGNAL of its control file. */
function wakes(directory: string): number {
  return readFileSync(join(directory, 'control')).readUInt32LE(128)
}

/** Whether a reader has announced its sleep there: the word SLEEPERS. */
function sleeps(directory: string): boolean {
  return readFileSync(join(directory, 'control')).readUInt32LE(256) === 1
}

/** Writes so many frames a ms, each at its time, in a process that is bound to no core. */
const WRITER = `
const [, frames, perMs] = args
const writer = Writer.open(dir, { frames: [Count] })
say('open')
await line()
const start = performance.now()
for (let n = 0; n < Number(frames); n++) {
  while (performance.now() < start + n / Number(perMs));
  writer.write(Count, { n })
}
say('written')
await line()
writer.write(Count, { n: Number(frames) })
await line()
`

const uncounted = skipUnless(
  existsSync('/proc/thread-self/schedstat'),
  'readers that nap',
  'this kernel does not count how long threads wait for a core',
)

describe.skipIf(uncounted).each([
  ['event-loop', 4],
  ['for await', 2],
  ['park', 4],
])('six readers (%s) on one core', (how, perMs) => {
  const frames = 3000 * perMs
  it('get every frame of a stream, nap in it, and are woken by a frame after it', async () => {
    const directory = journalPath()
    const writer = startChild(WRITER, [directory, frames, perMs])
    expect(await writer.hear()).toBe('open')
    const readers: Child[] = Array.from({ length: READERS }, () => startChild(READER, [directory, frames, how]))
    for (const reader of readers) expect(await reader.hear()).toBe('ready')
    writer.process.stdin.write('\n')
    await writer.hear()
    const naps: number[] = []
    for (const reader of readers) {
      const [handled, wrong, napped] = (await reader.hear()) as number[]
      expect([handled, wrong]).toEqual([frames, 0])
      naps.push(napped)
    }
    const woken = wakes(directory)
    console.log(`${how}: ${woken} wakes and ${naps.join(', ')} naps for ${frames} frames`)
    // How many wakes the naps save depends on what else runs on the machine, so nothing is asked of that number.
    expect(Math.max(...naps)).toBeGreaterThan(0)
    await sleep(100)
    expect(sleeps(directory), 'asleep and announced when the stream has ended').toBe(true)
    writer.process.stdin.write('\n')
    for (const reader of readers) expect(await reader.hear()).toEqual([frames + 1, 0, 0])
    expect(wakes(directory)).toBeGreaterThan(woken)
    writer.process.stdin.write('\n')
  }, 60_000)
})
