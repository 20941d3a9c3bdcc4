// Runs vitest with the given arguments, and prints one line of counts at the end. Exits with vitest's exit code.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'ticktape-test-summary-'))
const results = join(folder, 'results.json')
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`]
const { status } = spawnSync('vitest', ['run', ...reporters, ...process.argv.slice(2)], { stdio: 'inherit' })
console.log(summary())
rmSync(folder, { recursive: true })
process.exit(status ?? 1)

function summary() {
  const counts = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : { testResults: [] }
  const passed = counts.numPassedTests ?? 0
  const skipped = (counts.numPendingTests ?? 0) + (counts.numTodoTests ?? 0)
  // A file that could not be loaded has no tests to count; the same applies to a failure outside tests, such as files left behind.
  const files = counts.testResults.filter(file => file.status === 'failed' && file.assertionResults.length === 0).length
  const failed = (counts.numFailedTests ?? 0) + files
  return `${passed} passed, ${status === 0 ? failed : Math.max(failed, 1)} failed, ${skipped} skipped`
}
