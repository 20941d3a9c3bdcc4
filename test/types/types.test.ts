import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test("a user's program compiles with strict options, except the lines that the types must refuse", {
  timeout: 120_000,
}, () => {
  const script = join(import.meta.dirname, '../../scripts/types-check.mjs')
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' })
  expect([status, stderr, stdout]).toEqual([0, '', expect.stringMatching(/^TypeScript [\d.]+: clean\n$/) as string])
})
