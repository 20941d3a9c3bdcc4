import { beforeAll, expect, test } from 'vitest'
import { CRASH_BUILD_MS, crashAddon } from '../../faults/crash-addon.ts'
import { countFor, runProgram } from '../../faults/program.ts'
import { makeFolder } from '../../support/folders.ts'

let addon: string

beforeAll(() => {
  addon = crashAddon()
}, CRASH_BUILD_MS)

const KILLS = countFor('TICKTAPE_CHAOS_KILLS', 20)
const SEED = countFor('TICKTAPE_CHAOS_SEED', 1)
const TURNS = process.env['TICKTAPE_CHAOS_TURNS'] ?? 'first'

async function chaos(...args: (string | number)[]): Promise<Record<string, number>> {
  const ended = await runProgram('chaos.mjs', [makeFolder('memory'), ...args], { TICKTAPE_ADDON: addon })
  expect(ended.stderr).toBe('')
  expect(ended.code).toBe(0)
  console.log(`chaos ${args.join(' ')}: ${ended.stdout.trim()}`)
  return JSON.parse(ended.stdout) as Record<string, number>
}

test('a writer that is killed at any crash point leaves a journal that the next writer recovers', {
  timeout: 3_600_000,
}, async () => {
  const { points, deaths } = await chaos('points', TURNS)
  expect(points).toBeGreaterThan(20)
  expect(deaths).toBeGreaterThanOrEqual(points)
})

test(`a writer that is killed ${KILLS} times at random moments under full load loses no frame that a reader has seen`, {
  timeout: 3_600_000,
}, async () => {
  const { recovered, frames } = await chaos('random', KILLS, SEED)
  expect(recovered).toBe(KILLS)
  expect(frames).toBeGreaterThan(KILLS)
})
