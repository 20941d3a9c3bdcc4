import { join } from 'node:path'
import { verify, Writer } from 'ticktape'
import { beforeAll, expect, test } from 'vitest'
import { CRASH_BUILD_MS, crashAddon } from '../../faults/crash-addon.ts'
import { runProgram } from '../../faults/program.ts'
import { makeFolder } from '../../support/folders.ts'
import { Count, Pair } from '../../support/frames.ts'
import { PAGE_SIZE } from '../../support/journals.ts'
import { pagesOf } from '../../support/replicas.ts'

let addon: string

beforeAll(() => {
  addon = crashAddon()
}, CRASH_BUILD_MS)

/** A journal of four pages. */
function makeSource(directory: string): void {
  using writer = Writer.open(directory, { pageSize: PAGE_SIZE, durability: 'process' })
  for (let i = 0; i < 1000; i++) {
    writer.write(Count, { n: i })
    writer.write(Pair, { n: i, note: 'x' })
  }
}

/** Each point and how often it is passed before; the last two only where the machine was started again. */
const POINTS = [
  ['replica-record-written', 1],
  ['replica-record-renamed', 1],
  ['replica-frames-copied', 1],
  ['replica-frames-copied', 25],
  ['roll-page-taken', 1],
  ['roll-published', 2],
  ['roll-sealed', 1],
  ['close-synced', 1],
] as const

async function apply(replica: string, source: string, env: Record<string, string>): Promise<string | null> {
  const ended = await runProgram('replica-to-kill.mjs', [replica, source, 'commit'], { TICKTAPE_ADDON: addon, ...env })
  if (ended.signal === null) expect(ended).toMatchObject({ code: 0, stderr: '' })
  return ended.signal
}

test('a replica whose writer is killed at any point is continued with the same frames', {
  timeout: 120_000,
}, async () => {
  const folder = makeFolder('memory')
  const source = join(folder, 'source')
  makeSource(source)
  await Promise.all(
    [0, 1].map(async half => {
      for (const [point, turn] of POINTS.filter((_, i) => i % 2 === half)) {
        const replica = join(folder, `${point}-${turn}`)
        expect(await apply(replica, source, { TICKTAPE_CRASH_POINT: `${point}:${turn}` })).toBe('SIGKILL')
        expect(await apply(replica, source, {})).toBe(null)
        expect(pagesOf(replica)).toEqual(pagesOf(source))
        expect((await verify(replica, { deep: true })).findings).toEqual([])
      }
    }),
  )
})

test.each(['replica-page-renewed', 'replica-page-named'])(
  'so is one that is killed at %s, after the machine was started again',
  { timeout: 120_000 },
  async point => {
    const folder = makeFolder('memory')
    const [source, replica] = [join(folder, 'source'), join(folder, 'replica')]
    makeSource(source)
    expect(await apply(replica, source, { TICKTAPE_CRASH_POINT: 'replica-frames-copied:30' })).toBe('SIGKILL')
    const boot = { TICKTAPE_BOOT_ID: '1'.repeat(32) }
    expect(await apply(replica, source, { ...boot, TICKTAPE_CRASH_POINT: `${point}:1` })).toBe('SIGKILL')
    expect(await apply(replica, source, boot)).toBe(null)
    expect(pagesOf(replica)).toEqual(pagesOf(source))
    expect((await verify(replica, { deep: true })).findings).toEqual([])
  },
)
