import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { countFor } from '../../faults/program.ts'
import { makeFolder } from '../../support/folders.ts'

const CASES = countFor('TICKTAPE_FUZZ_CASES', 1000)
const SEED = countFor('TICKTAPE_FUZZ_SEED', 1)
/** The maximum time of one case, in ms. */
const HANG_MS = 20_000

test(`${CASES} damaged journals: each is read as far as it is sound, or refused with a named error`, {
  timeout: 3_600_000,
}, async () => {
  const folder = makeFolder('memory')
  const progress = join(folder, 'progress')
  const program = join(import.meta.dirname, '../../faults/hostile.mjs')
  // A small heap, so that a memory leak fails the test.
  const child = spawn(
    process.execPath,
    ['--max-old-space-size=512', program, folder, String(SEED), String(CASES), progress],
    {
      cwd: join(import.meta.dirname, '../../..'),
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let said = ''
  let complained = ''
  child.stdout.on('data', chunk => (said += String(chunk)))
  child.stderr.on('data', chunk => (complained += String(chunk)))
  const seedAtWork = (): string => (existsSync(progress) ? readFileSync(progress, 'latin1').trim() : '')

  let hung = ''
  let last = seedAtWork()
  const watchdog = setInterval(() => {
    const now = seedAtWork()
    if (now === last) {
      hung = now
      child.kill('SIGKILL')
    }
    last = now
  }, HANG_MS)
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
  clearInterval(watchdog)

  expect({
    hungInSeed: hung,
    complained,
    endedInSeed: signal === null ? '' : `${seedAtWork()} by ${signal}`,
    code,
  }).toEqual({ hungInSeed: '', complained: '', endedInSeed: '', code: 0 })
  console.log(`hostile files: ${said.trim()}`)
  expect(JSON.parse(said)).toMatchObject({ cases: CASES })
})
