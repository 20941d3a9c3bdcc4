import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { CRASH_BUILD_MS, crashAddon } from '../../faults/crash-addon.ts'
import { countFor, runProgram } from '../../faults/program.ts'
import { makeFolder } from '../../support/folders.ts'

const notLinux = process.platform === 'linux' ? undefined : 'only Linux shows which file a descriptor is'
if (notLinux !== undefined) console.log(`power loss: skipped: ${notLinux}`)

let addon: string

beforeAll(() => {
  addon = crashAddon()
}, CRASH_BUILD_MS)

// TICKTAPE_POWER_LOSS_LIVES: the number of journals. For each, some 80 images of the disk are created.
const LIVES = countFor('TICKTAPE_POWER_LOSS_LIVES', 6)
const FIRST = countFor('TICKTAPE_POWER_LOSS_SEED', 1)

test.skipIf(notLinux)(
  `${LIVES} journals lose power at random moments: all durable frames are there, and no frame that was not written`,
  { timeout: 3_600_000 },
  async () => {
    const folder = makeFolder('memory')
    const work = join(folder, 'work')
    mkdirSync(work)
    const ended = await runProgram('power-loss.mjs', [work, FIRST, LIVES], {
      TICKTAPE_ADDON: addon,
      TICKTAPE_SYNC_LOG: join(folder, 'log'),
    })
    expect(ended.stderr).toBe('')
    expect(ended.code).toBe(0)
    const counts = JSON.parse(ended.stdout) as Record<string, number>
    console.log(`power loss: ${ended.stdout.trim()}`)
    expect(counts['images']).toBeGreaterThan(LIVES * 20)
    expect(counts['lost']).toBeGreaterThan(0) // Otherwise the simulator would lose no frame, and the test would show nothing.
  },
)
