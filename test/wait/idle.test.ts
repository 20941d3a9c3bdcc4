import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { startChild } from '../support/child.ts'
import { makeFolder } from '../support/folders.ts'
import { Count } from '../support/frames.ts'
import { journalPath, openMerged, openReader, openWriter, readNumbers } from '../support/open.ts'
import { ROOT, skipUnless } from '../support/skips.ts'
import { noTracing, traceCode } from '../support/trace.ts'

/**
 * Follows a journal. Reports the least processor time that it used in one of three idle periods of `ms` each, because other programs only add to
 * it (cold caches), and then the age of each frame when it arrived.
 */
const FOLLOWER = `
const [, ms, open] = args
OPEN
const ages = []
let measured = false
const follow = async () => {
  for await (const next of reader) {
    const frame = next.frame ?? next
    if (!measured) throw new Error('not idle')
    ages.push(ticktape.ageOf(frame))
    if (ages.length === 60) break
  }
}
const following = follow()
await sleep(300)
const shares = []
for (let time = 0; time < 3; time++) {
  const before = process.cpuUsage()
  await sleep(Number(ms))
  const { user, system } = process.cpuUsage(before)
  shares.push((user + system) / 1000 / Number(ms))
}
measured = true
say(Math.min(...shares))
await following
ages.sort((a, b) => a - b)
say(ages[ages.length >> 1] / 1e3)
process.exit()
`

async function idleThenWoken(open: string, mode = 0o600): Promise<{ share: number; medianUs: number }> {
  const writers = [openWriter(journalPath(), { mode }), openWriter(journalPath(), { mode })]
  if (mode === 0o644) for (const above of ['..', '../..']) chmodSync(join(writers[0].path, above), 0o755)
  const child = startChild(FOLLOWER.replace('OPEN', open), [writers[0].path, 1000, writers[1].path])
  const share = (await child.hear()) as number
  for (let n = 0; n < 60; n++) {
    writers[0].write(Count, { n })
    await sleep(10)
  }
  return { share, medianUs: (await child.hear()) as number }
}

describe('a process that follows', () => {
  it.each([
    ['a journal', 'const reader = Reader.open(dir)'],
    ['two journals merged', 'const reader = MergedReader.open([dir, open])'],
  ])('%s uses under a hundredth of a processor while there is no frame, and is woken by one', async (what, open) => {
    const { share, medianUs } = await idleThenWoken(open)
    console.log(
      `following ${what}: ${(100 * share).toFixed(2)} % of a processor while idle; woken after ${medianUs.toFixed(0)} µs (median)`,
    )
    expect(share).toBeLessThan(0.01)
    expect(medianUs).toBeLessThan(50_000)
  })

  it.skipIf(skipUnless(ROOT, 'following without permission to write', 'only root can become somebody else'))(
    'without permission to write anything uses under two hundredths, and finds a frame by checking again',
    async () => {
      const { share, medianUs } = await idleThenWoken(
        'process.setgroups([]); process.setgid(65534); process.setuid(65534); const reader = Reader.open(dir)',
        0o644,
      )
      console.log(
        `following without permission to write: ${(100 * share).toFixed(2)} % of a processor while idle; woken after ${medianUs.toFixed(0)} µs (median)`,
      )
      // It wakes by itself, again and again.
      expect(share).toBeLessThan(0.02)
      expect(medianUs).toBeLessThan(50_000)
    },
  )

  it('gets every frame, whatever the timing of sleeps and frames', async () => {
    const writer = openWriter()
    const readers = [openReader(writer.path), openReader(writer.path), openReader(writer.path)]
    const merged = openMerged([writer.path])
    const follow = async (frames: AsyncIterable<unknown>) => {
      let count = 0
      for await (const _ of frames) if (++count === 400) break
      return count
    }
    const following = Promise.all([...readers.map(follow), follow(merged)])
    for (let n = 0; n < 400; n++) {
      writer.write(Count, { n })
      // Sometimes a turn of the event loop, sometimes a pause about as long as a reader takes to fall asleep, sometimes no pause.
      if (n % 3 === 0) await sleep(n % 4)
      else if (n % 7 === 0) await new Promise(resolve => setImmediate(resolve))
    }
    expect(await following).toEqual([400, 400, 400, 400])
  })
})

describe.skipIf(skipUnless(noTracing === undefined, 'which system calls a writer makes', String(noTracing)))(
  'a writer makes',
  () => {
    const writing = (before: string) => `
    const writer = Writer.open(dir, { pageSize: 1 << 20, frames: [Count] })
    const reader = Reader.open(dir)
    const handlers = on(Count, f => f.n)
    for (let n = 0; n < 2000; n++) { writer.begin(Count).n = n; writer.commit(); reader.poll(handlers) }
    ${before}
    mark('begin')
    for (let n = 0; n < 1000; n++) { writer.begin(Count).n = n; writer.commit(); reader.poll(handlers) }
    mark('end')
    process.exit()
  `
    /**
     * Not counted: calls by which V8 manages its memory, and private futexes, by which it wakes its own threads. They are not caused by
     * frames.
     */
    const ofTheJournal = (calls: string[]) =>
      calls.filter(
        call =>
          !/^(mprotect|madvise|munmap|mmap|brk|getpid|sched_yield)\(|^<\.\.\. .*resumed>|^futex\(.*_PRIVATE/.test(call),
      )

    it('no system call while no reader sleeps, and neither does a reader that polls', () => {
      expect(ofTheJournal(traceCode(writing(''), [`${makeFolder('memory')}/journal`]))).toEqual([])
    })

    it('one wake-up for a sleeping reader, however many frames follow', () => {
      const asleep = `
      const other = Reader.open(dir, { from: 'end' })
      void other[Symbol.asyncIterator]().next()
      await new Promise(resolve => setTimeout(resolve, 100))
    `
      const calls = ofTheJournal(traceCode(writing(asleep), [`${makeFolder('memory')}/journal`]))
      expect(calls).toEqual([expect.stringMatching(/^futex\(0x[0-9a-f]+, FUTEX_WAKE, /)])
    })
  },
)

it('frames written while a reader announces its sleep are not missed', async () => {
  const writer = openWriter()
  const reader = openReader(writer.path)
  for (let round = 0; round < 300; round++) {
    const next = reader[Symbol.asyncIterator]().next()
    writer.write(Count, { n: round })
    const { done } = await next
    expect(done).toBe(false)
    readNumbers(reader)
  }
})
