import { cpus } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { startChild } from '../../support/child.ts'
import { journalPath } from '../../support/open.ts'
import { ASAN, LINUX, skipUnless } from '../../support/skips.ts'

// `npm run test:soak` runs the same with many more frames, in larger pages.
const SOAK = process.env['TICKTAPE_SOAK'] === '1'
const FRAMES = SOAK ? 100_000_000 : 5_000_000
const PAGE_SIZE = SOAK ? 16 * 1024 * 1024 : 1024 * 1024
const BYTES_FOLLOWED = SOAK ? 10 * 2 ** 30 : 2 ** 29
const TIMEOUT = SOAK ? 3_600_000 : 60_000

/** Each field encodes the frame's number in a different way, so that a mixture of two frames is detected. */
const NUMBERED = `
const Numbered = frame('Numbered', 7, { n: f64, twice: f64, negative: f64, hash: u32, mixed: u32, next: f64, half: f64 })
const hashOf = n => (Math.imul(n, 0x9e3779b1) ^ (n / 4294967296)) >>> 0
`

const WRITER = `${NUMBERED}
const [, pageSize, count] = args
const writer = Writer.open(dir, { pageSize: Number(pageSize), frames: [Numbered] })
say('open'); await line()
const write = n => {
  const f = writer.begin(Numbered)
  f.n = n; f.twice = 2 * n; f.negative = -n; f.hash = hashOf(n); f.mixed = hashOf(n + 1); f.next = n + 1; f.half = n / 2
  writer.commit()
}
// Published one by one, and in batches of all sizes.
for (let n = 0; n < count; ) {
  for (let i = 0; i < 500 && n < count; i++) write(n++)
  writer.cork()
  for (let i = n % 64; i >= 0 && n < count; i--) write(n++)
  writer.uncork()
}
say(Math.floor(writer.position / ((pageSize - 4096) / 64)))
writer.close()
process.exit()
`

const READER = `${NUMBERED}
const [, count, wait] = args
const reader = await Reader.whenReady(dir)
say('open')
const controller = new AbortController()
let next = 0
const wrong = { gaps: 0, duplicates: 0, torn: 0, disorder: 0 }
let lastTime = 0n
const handlers = on(Numbered, f => {
  const n = f.n
  if (n > next) wrong.gaps++
  if (n < next) wrong.duplicates++
  if (f.twice !== 2 * n || f.negative !== -n || f.hash !== hashOf(n) || f.mixed !== hashOf(n + 1) || f.next !== n + 1 || f.half !== n / 2) wrong.torn++
  next = n + 1
  if (next === 100_000) say('under way')
  if (next % 100_000 === 0) {
    if (f.time < lastTime) wrong.disorder++
    lastTime = f.time
  }
  if (next >= count) controller.abort()
})
const handled = await reader.run(handlers, { wait, signal: controller.signal })
say({ handled, ...wrong })
reader.close()
process.exit()
`

describe('frames between processes', () => {
  it(
    `all ${FRAMES} reach four readers completely and in order, one of which is stopped for seconds`,
    async () => {
      const path = journalPath()
      const readers = ['yield', 'park', 'event-loop', 'park'].map(wait => startChild(READER, [path, FRAMES, wait]))
      const writer = startChild(WRITER, [path, PAGE_SIZE, FRAMES])
      await writer.hear()
      for (const reader of readers) expect(await reader.hear()).toBe('open')
      writer.tell()
      const sleeper = readers[3]
      expect(await sleeper.hear()).toBe('under way')
      sleeper.stop()
      const pages = await writer.hear()
      expect(pages).toBeGreaterThanOrEqual(300)
      if (!SOAK) await sleep(1500)
      sleeper.resume()
      for (const reader of readers) {
        let said = await reader.hear()
        if (said === 'under way') said = await reader.hear()
        expect(said).toEqual({ handled: FRAMES, gaps: 0, duplicates: 0, torn: 0, disorder: 0 })
      }
    },
    TIMEOUT,
  )
})

const FOLLOWER = `
import { readFileSync } from 'node:fs'
const Block = frame('Block', 8, { n: f64, blob: bytes(16280) })
const [, count] = args
const reader = Reader.open(dir)
const kibibytes = name => Number(new RegExp(name + ':\\\\s+(\\\\d+)').exec(readFileSync('/proc/self/status', 'utf8'))[1])
const mappings = () => readFileSync('/proc/self/maps', 'utf8').split('\\n').filter(text => text.includes('.page')).length
const controller = new AbortController()
const most = { rss: 0, shmem: 0, mappings: 0 }
let next = 0
const handlers = on(Block, f => {
  if (f.n !== next++) throw new Error('gap')
  if (next % 200 === 0) {
    most.rss = Math.max(most.rss, kibibytes('VmRSS'))
    most.shmem = Math.max(most.shmem, kibibytes('RssShmem'))
    most.mappings = Math.max(most.mappings, mappings())
  }
  if (next >= count) controller.abort()
})
say('open')
await reader.run(handlers, { wait: 'event-loop', signal: controller.signal })
say({ handled: next, ...most })
process.exit()
`

const BLOCK_WRITER = `
const Block = frame('Block', 8, { n: f64, blob: bytes(16280) })
const [, pageSize, count] = args
const writer = Writer.open(dir, { pageSize: Number(pageSize), frames: [Block] })
say('open'); await line()
for (let n = 0; n < count; n++) {
  writer.begin(Block).n = n
  writer.commit()
}
say('written')
writer.close()
process.exit()
`

it.skipIf(
  skipUnless(LINUX && !ASAN, 'memory while following', 'it is read from /proc, where AddressSanitizer has its own'),
)(
  `following ${BYTES_FOLLOWED / 2 ** 20} MiB keeps only a few pages mapped, and uses only the memory of these pages`,
  async () => {
    const path = journalPath()
    const pageSize = SOAK ? 16 * 1024 * 1024 : 4 * 1024 * 1024
    const count = Math.floor(BYTES_FOLLOWED / (255 * 64))
    const writer = startChild(BLOCK_WRITER, [path, pageSize, count])
    await writer.hear()
    const follower = startChild(FOLLOWER, [path, count])
    await follower.hear()
    writer.tell()
    const most = (await follower.hear()) as { handled: number; rss: number; shmem: number; mappings: number }
    console.log(
      `following ${BYTES_FOLLOWED / 2 ** 20} MiB: at most ${most.mappings} pages mapped, ${most.shmem} KiB of them resident, ${most.rss} KiB in all`,
    )
    expect(most.handled).toBe(count)
    // The page that is read, the next one, and one that is being unmapped.
    expect(most.mappings).toBeLessThanOrEqual(4)
    expect(most.shmem).toBeLessThan((4 * pageSize) / 1024)
    expect(most.rss).toBeLessThan(128 * 1024)
  },
  TIMEOUT,
)

if (SOAK) console.log(`soak on ${cpus().length} processors`)
