// Runs test/platforms/program, which does on any runtime what the tests do on Node.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './run.mjs'

/** @param command the program and its first arguments. Returns how many checks passed and failed, having said which failed. */
export function runProgram([program, ...first], env = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'platform-'))
  const args = [...first, join(root, 'test/platforms/program/program.mjs')]
  const { stdout, stderr, status, signal } = spawnSync(program, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...env, TICKTAPE_TEST_MEMORY: folder },
  })
  rmSync(folder, { recursive: true, force: true })
  const checks = stdout
    .split('\n')
    .filter(line => line.startsWith('{"check"'))
    .map(line => JSON.parse(line))
  const failures = checks.filter(check => !check.passed)
  for (const { check, error } of failures) console.log(`failed: ${check}\n${error}`)
  // Every check says how it went, so what ended otherwise was killed, or could not begin.
  const broken = signal !== null || checks.length === 0 || status !== failures.length
  if (broken) console.log(`failed: the program ended with ${signal ?? status} after ${checks.length} checks\n${stderr}`)
  const passed = checks.length - failures.length
  console.log(`${passed} checks passed, ${failures.length + (broken ? 1 : 0)} failed`)
  return { passed, failed: failures.length + (broken ? 1 : 0) }
}
