import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as ticktape from 'ticktape'
import * as ops from 'ticktape/ops'
import * as runtime from 'ticktape/runtime'
import * as state from 'ticktape/state'
import * as testing from 'ticktape/testing'
import * as trading from 'ticktape/trading'
import { expect, test } from 'vitest'
import { makeFolder } from '../support/folders.ts'

/** Every block of TypeScript in the documents compiles against the package, with strict options. */

const ROOT = join(import.meta.dirname, '../..')
const DOCUMENTS = [
  'README.md',
  'docs/guide.md',
  'docs/state.md',
  'docs/runtime.md',
  'docs/operations.md',
  'docs/backtests.md',
]

const PACKAGES: readonly [string, object][] = [
  ['ticktape', ticktape],
  ['ticktape/runtime', runtime],
  ['ticktape/state', state],
  ['ticktape/trading', trading],
  ['ticktape/testing', testing],
  ['ticktape/ops', ops],
]

/** Names that a block uses, and that an earlier block or the text around it has introduced. */
const GIVEN: Readonly<Record<string, string>> = {
  Ticker: `declare const Ticker: import('ticktape').FrameDefinition<{
    symbol: import('ticktape').Field<string>
    last: import('ticktape').Field<number>
    bid: import('ticktape').Field<number>
    ask: import('ticktape').Field<number>
    volume: import('ticktape').Field<number>
  }>`,
  tickers: `declare const tickers: import('ticktape').Values<typeof Ticker>[]`,
  quotes: 'declare const quotes: Map<string, number>',
  ticker: `declare const ticker: import('ticktape').Values<typeof Ticker>`,
  order: `declare const order: import('ticktape/trading').OrderValues`,
  orders: `declare const orders: import('ticktape/trading').OrderValues[]`,
  writer: `declare const writer: import('ticktape').Writer`,
  reader: `declare const reader: import('ticktape').Reader`,
  handlers: `declare const handlers: import('ticktape').Handlers`,
  signal: `declare const signal: AbortSignal`,
  market: 'declare const market: number',
  index: 'declare const index: number',
  quantity: 'declare const quantity: number',
  symbol: 'declare const symbol: string',
  last: 'declare const last: number',
  bid: 'declare const bid: number',
  ask: 'declare const ask: number',
  volume: 'declare const volume: number',
  into: `declare const into: import('ticktape/state').Quote`,
  unknown: 'declare const unknown: Set<number>',
  volumes: 'declare const volumes: { add(symbol: string, quantity: number): void }',
  send: `declare function send(order: import('ticktape/trading').OrderValues): void`,
  handle: 'declare function handle(order: unknown): void',
  messages: 'declare const messages: { s: string; p: string }[]',
  report: 'declare function report(message: unknown, error: unknown): void',
  fillOf: `declare function fillOf(fill: import('ticktape/runtime').FillView): import('ticktape/trading').Fill`,
}

interface Block {
  /** Its location: `docs/guide.md:31`. */
  readonly place: string
  readonly code: string
}

function blocksOf(document: string): Block[] {
  const text = readFileSync(join(ROOT, document), 'utf8')
  return [...text.matchAll(/^```ts\n([^]*?)^```$/gm)].map(match => ({
    place: `${document}:${text.slice(0, match.index).split('\n').length + 1}`,
    code: match[1],
  }))
}

/** Names that a block declares or imports. */
function declaredIn(code: string): Set<string> {
  const names = new Set<string>()
  for (const [, list] of code.matchAll(/(?:import(?: type)?|const|let) \{ ?([^}]*?) ?\}/g)) {
    for (const name of list.split(','))
      names.add(
        name
          .trim()
          .replace(/^type /, '')
          .replace(/:.*$/, ''),
      )
  }
  for (const [, name] of code.matchAll(/\b(?:const|let|function|class) (\w+)/g)) names.add(name)
  return names
}

/** The block as a module, with the imports and the names that it assumes. */
function moduleOf(block: Block): string {
  let code = block.code
  const given: string[] = []
  // These declarations may use other names, which are needed too.
  for (let added = true; added; ) {
    added = false
    for (const [name, text] of Object.entries(GIVEN)) {
      const used = new RegExp(`(?<![.\\w'])${name}\\b(?!:)`).test(withoutComments(code))
      if (!used || declaredIn(code).has(name)) continue
      code = `${text}\n${code}`
      given.push(name)
      added = true
    }
  }
  const declared = declaredIn(code)
  for (const [specifier, names] of PACKAGES) {
    const needed = Object.keys(names).filter(
      name => !declared.has(name) && new RegExp(`(?<![.\\w'])${name}\\b`).test(code),
    )
    for (const name of needed) declared.add(name)
    if (needed.length > 0) code = `import { ${needed.join(', ')} } from '${specifier}'\n${code}`
  }
  return `// ${block.place}\n${code}\nexport {}\n`
}

function withoutComments(code: string): string {
  return code.replaceAll(/\/\/.*$/gm, '')
}

test('every block of TypeScript in the documents compiles', { timeout: 120_000 }, () => {
  const blocks = DOCUMENTS.flatMap(blocksOf)
  expect(blocks.length).toBeGreaterThan(15)
  const folder = makeFolder()
  for (const block of blocks)
    writeFileSync(join(folder, `${block.place.replaceAll(/[/:.]/g, '-')}.ts`), moduleOf(block))
  const script = join(ROOT, 'scripts/types-check.mjs')
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, '--sources', folder], { encoding: 'utf8' })
  expect([status, stderr, stdout]).toEqual([0, '', expect.stringMatching(/^TypeScript [\d.]+: clean\n$/) as string])
})
