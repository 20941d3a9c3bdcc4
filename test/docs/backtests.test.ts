import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { makeFolder } from '../support/folders.ts'

const ROOT = join(import.meta.dirname, '../..')
const VITEST = join(ROOT, 'node_modules/vitest')

test('the test in docs/backtests.md runs as it is', { timeout: 120_000 }, () => {
  const page = readFileSync(join(ROOT, 'docs/backtests.md'), 'utf8')
  const folder = makeFolder()
  for (const name of ['patient.mjs', 'patient.test.mjs']) {
    const [, code = ''] = new RegExp(`\`\`\`js\n// ${name}\n(.*?)\`\`\``, 's').exec(page) ?? []
    expect(code).not.toBe('')
    const urlOf = (entry: string): string => JSON.stringify(pathToFileURL(join(ROOT, `dist/public/${entry}.js`)).href)
    const local = code
      .replace(/'ticktape\/(\w+)'/, (_, entry: string) => urlOf(entry))
      .replace("'vitest'", JSON.stringify(pathToFileURL(join(VITEST, 'dist/index.js')).href))
      .replace("'patient.mjs'", JSON.stringify(join(folder, 'patient.mjs')))
    writeFileSync(join(folder, name), local)
  }
  const args = [join(VITEST, 'vitest.mjs'), 'run', '--root', folder, '--testTimeout', '100000', '--reporter', 'json']
  const result = JSON.parse(
    execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }),
  ) as object
  expect(result).toMatchObject({ success: true, numPassedTests: 1 })
})
