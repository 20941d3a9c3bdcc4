import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { inheritedOptions } from '../../../dist/runtime/supervision/node-options.js'
import { makeFolder } from '../../support/folders.ts'
import { type CommandResult, ticktape } from '../../support/journals.ts'

const ROOT = join(import.meta.dirname, '../../..')
const RUNTIME = pathToFileURL(join(ROOT, 'dist/public/runtime.js')).href
const COMMAND = join(ROOT, 'dist/cli/main.js')

/** A loader for the TypeScript of these tests. The only type that it removes is ': number'. */
const LOADER = `import { register } from 'node:module'
register('data:text/javascript,' + encodeURIComponent(\`
import { readFileSync } from 'node:fs'
export async function load(url, context, next) {
  if (!new URL(url).pathname.endsWith('.ts')) return next(url, context)
  const source = readFileSync(new URL(url), 'utf8').replaceAll(': number', '')
  return { format: 'module', shortCircuit: true, source }
}\`))
`

/** A strategy in TypeScript that reports the options of its process. */
function typescript(folder: string): string {
  const file = join(folder, 'strategy.ts')
  writeFileSync(
    file,
    `import { defineStrategy } from '${RUNTIME}'
let seen: number = 0
export default defineStrategy({ id: 'typed',
  onTicker(_, context) { if (++seen === 1) context.log('options ' + JSON.stringify(process.execArgv)) } })
`,
  )
  return file
}

function capture(folder: string): string {
  const file = join(folder, 'capture.txt')
  writeFileSync(file, '1 {"stream":"a@bookTicker","data":{"u":1,"s":"A","b":"1","B":"1","a":"2","A":"1"}}')
  return file
}

function runWith(options: readonly string[], env: NodeJS.ProcessEnv, args: readonly string[]): CommandResult {
  return spawnSync(process.execPath, [...options, COMMAND, 'run', ...args], {
    encoding: 'utf8',
    timeout: 50_000,
    env: { ...process.env, ...env },
  })
}

const knowsTypes = Boolean((process.features as { readonly typescript?: unknown }).typescript)

test('a strategy in TypeScript runs if Node strips types, and is otherwise refused with advice', () => {
  const folder = makeFolder()
  const { status, stderr } = ticktape('run', typescript(folder), '--capture', capture(folder))
  if (knowsTypes) {
    expect([status, stderr]).toEqual([0, expect.stringContaining('[typed] options []') as string])
  } else {
    expect([status, stderr]).toEqual([
      2,
      expect.stringMatching(/^ERR_STRATEGY: .*Node 22\.18 or later.*NODE_OPTIONS='--import tsx'.*tsc.*\n$/) as string,
    ])
  }
})

test.each(['--import', 'NODE_OPTIONS'])(
  'a loader given by %s is used for a strategy in TypeScript, also in the process of the strategy',
  { timeout: 60_000 },
  how => {
    const folder = makeFolder()
    const loader = join(folder, 'loader.mjs')
    writeFileSync(loader, LOADER)
    const args = [typescript(folder), '--capture', capture(folder)]
    const { status, stdout, stderr } =
      how === '--import'
        ? runWith(['--import', loader, '--max-old-space-size=300'], {}, args)
        : runWith(['--max-old-space-size=300'], { NODE_OPTIONS: `--import ${loader}` }, args)
    expect([status, stdout.slice(0, 8)]).toEqual([0, '1 events'])
    const options = how === '--import' ? ['--import', loader, '--max-old-space-size=300'] : ['--max-old-space-size=300']
    expect(stderr).toContain(`[typed] options ${JSON.stringify(options)}`)
  },
)

test.each([
  [['--import', 'tsx', '-r', './a.cjs', '--loader=x', '--conditions', 'dev', '--expose-gc'], undefined],
  [['--inspect', '--inspect-brk=0', '--inspect-port', '9230', '--enable-source-maps'], ['--enable-source-maps']],
  [['--input-type=module', '-e', '--import', '--no-warnings'], ['--no-warnings']],
  [['--input-type', 'module', '-p', 'code', '-i'], []],
  [['--watch', '--watch-path', 'src', '--test', '--check', '--cpu-prof'], ['--cpu-prof']],
])('of the options %j a child inherits those that are not only for its parent', (options, inherited) => {
  expect(inheritedOptions(options)).toEqual(inherited ?? options)
})
