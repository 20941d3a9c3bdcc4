/** Which strategies a start may run before their modules are loaded. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { strategiesOnRecord } from '../../../dist/trading/gateway/on-record.js'
import { moduleCode } from '../../../dist/trading/strategies/module-code.js'
import { moduleOf } from '../../support/desks.ts'
import { makeFolder } from '../../support/folders.ts'

const start = (id: string, file: string, code = moduleCode(file)) => ({
  id,
  file,
  code,
  strategy: 1,
  epoch: 1,
  seed: 1,
  wantsTicker: true,
})

test('strategies of an unchanged module start from the record; a new or changed module is loaded first', () => {
  const file = moduleOf('export default 1')
  expect(strategiesOnRecord([file], [start('a', file), start('b', file), start('c', '/elsewhere.mjs', 'x')])).toEqual([
    { id: 'a', file, code: moduleCode(file), wantsTicker: true, symbols: undefined, from: 'start' },
    { id: 'b', file, code: moduleCode(file), wantsTicker: true, symbols: undefined, from: 'start' },
  ])
  expect(strategiesOnRecord([file], [start('a', file, 'of another version')])).toBeUndefined()
  expect(strategiesOnRecord([file], [])).toBeUndefined()
  expect(strategiesOnRecord([join(makeFolder('memory'), 'gone.mjs')], [])).toBeUndefined()
  // Two of the same name: loading them refuses them, before a process of either was started.
  expect(strategiesOnRecord([file, file], [start('a', file)])).toBeUndefined()
})

test('a strategy that a command runs is never taken for a module, whatever the record says', () => {
  const file = join(makeFolder('memory'), 'other.json')
  writeFileSync(file, JSON.stringify({ id: 'other', command: ['a-program-of-the-path', '--fast'] }))
  const [info] = strategiesOnRecord([file], [start('other', file)]) ?? []
  expect(info).toMatchObject({ id: 'other', command: { words: ['a-program-of-the-path', '--fast'] } })
})
