import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { localImports } from '../../../dist/trading/strategies/local-imports.js'
import { moduleCode } from '../../../dist/trading/strategies/module-code.js'
import { makeFolder } from '../../support/folders.ts'

/** Files by their paths. Returns the folder. */
function filesIn(files: Readonly<Record<string, string>>): string {
  const folder = makeFolder()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  return folder
}

const importsOf = (folder: string, file: string): string[] =>
  localImports(join(folder, file)).map(one => relative(folder, one))

test('the code of a module alone is the SHA-256 of its file', () => {
  const folder = filesIn({ 'a.mjs': "import { readFileSync } from 'node:fs'\nimport 'ticktape/runtime'" })
  const file = join(folder, 'a.mjs')
  expect(moduleCode(file)).toBe(createHash('sha256').update(readFileSync(file)).digest('hex'))
})

describe('the files that a module imports', () => {
  test.each([
    ["import { x } from './b.mjs'"],
    ["import './b.mjs'"],
    ['import x, {\n  y,\n} from "./b.mjs"'],
    ["export * from './b.mjs'"],
    ["const b = await import('./b.mjs')"],
    ['const b = await import(\n  /* why */ /* and how */ `./b.mjs`\n)'],
    ["const b = require('./b.mjs')"],
    ["import x from './b.mjs?fresh=1' with { type: 'json' }"],
    ["import x from './lib/../b.mjs'"],
  ])('are found in %j', text => {
    const folder = filesIn({ 'a.mjs': text, 'b.mjs': '', 'c.mjs': '' })
    expect(importsOf(folder, 'a.mjs')).toEqual(['b.mjs'])
  })

  test('are found through other files, each once, also in a circle; packages and what is not there do not count', () => {
    const folder = filesIn({
      'a.mjs':
        "import './lib/b.mjs'; import './gone.mjs'; import 'left-pad'; import 'node:fs'; import './node_modules/p/i.js'",
      'lib/b.mjs': "import '../a.mjs'; import './c.cjs'",
      'lib/c.cjs': "require('./data.json'); require('./d')",
      'lib/d.js': '',
      'lib/data.json': '{ "from": "./e.mjs" }',
      'lib/e.mjs': '',
      'node_modules/p/i.js': '',
    })
    expect(importsOf(folder, 'a.mjs')).toEqual(['lib/b.mjs', 'lib/c.cjs', 'lib/d.js', 'lib/data.json'])
  })

  test('are those that a loader of TypeScript finds', () => {
    const folder = filesIn({
      'a.ts':
        "import { b } from './b.js'\nimport type { C } from './c'\nimport { d } from './d.ts'\nimport e from './e'",
      'b.ts': '',
      'c.mts': '',
      'd.ts': '',
      'e/index.ts': '',
    })
    expect(importsOf(folder, 'a.ts')).toEqual(['b.ts', 'c.mts', 'd.ts', 'e/index.ts'])
  })

  test('are found in time in a file that was made to hold the search up', () => {
    const folder = filesIn({ 'a.mjs': `from ${'/* a */ '.repeat(20_000)}x\nimport(${' '.repeat(20_000)}x` })
    expect(importsOf(folder, 'a.mjs')).toEqual([])
  })
})

test('the code of a module changes with each file that it imports, and not with the folder that they are in', () => {
  const folder = filesIn({ 'a.mjs': "import './b.mjs'", 'b.mjs': "import './c.mjs'", 'c.mjs': '1', 'd.mjs': '1' })
  const codeNow = (): string => moduleCode(join(folder, 'a.mjs'))
  const before = codeNow()
  const copy = makeFolder()
  cpSync(folder, copy, { recursive: true })
  expect(moduleCode(join(copy, 'a.mjs'))).toBe(before)
  writeFileSync(join(folder, 'd.mjs'), '2')
  expect(codeNow()).toBe(before)
  const codes = new Set([before])
  for (const name of ['c.mjs', 'b.mjs', 'a.mjs']) {
    writeFileSync(join(folder, name), `${readFileSync(join(folder, name), 'utf8')}\n// changed`)
    codes.add(codeNow())
  }
  expect(codes.size).toBe(4)
})
