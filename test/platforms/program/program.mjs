/**
 * Checks what the library must do on every runtime, as a plain program. scripts/test-matrix.mjs, test-arm64.mjs and test-musl.mjs run it
 * where vitest does not run. Arguments: words in the names of the checks to run; without arguments all checks run. Prints a line of JSON
 * for each check, and exits with the number of failed checks.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killChildren } from './children.mjs'
import * as journals from './journals.mjs'
import * as processes from './processes.mjs'
import * as state from './state.mjs'

/** The time in ms after which a check counts as hanging. It is long because an emulated processor is slow. */
const LONGEST_MS = 300_000

const root = mkdtempSync(join(process.env.TICKTAPE_TEST_MEMORY ?? tmpdir(), 'program-'))
let failed = 0
let folders = 0
const wanted = process.argv.slice(2)
for (const [name, check] of Object.entries({ ...journals, ...processes, ...state })) {
  if (wanted.length > 0 && !wanted.some(word => name.includes(word))) continue
  const began = performance.now()
  let error
  let timer
  const tooLong = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it has not finished after ${LONGEST_MS / 1000} s`)), LONGEST_MS)
  })
  try {
    await Promise.race([check(join(root, `check-${folders++}`)), tooLong])
  } catch (thrown) {
    error = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
    failed++
  }
  clearTimeout(timer)
  killChildren()
  const ms = Math.round(performance.now() - began)
  console.log(JSON.stringify({ check: name.replaceAll('_', ' '), passed: error === undefined, ms, error }))
}
rmSync(root, { recursive: true, force: true })
process.exit(failed)
