// npm run bench -- [--quick] [--only NAME] [--json] [--rounds N]
//
// Runs all benchmarks, prints the results, and writes docs/benchmarks.md and the plots. With --only it runs one benchmark and
// writes no file; with --json it prints the results as JSON, and progress messages go to standard error.
import * as fs from 'node:fs'
import * as os from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { QUESTIONS } from './questions.js'
import { buildBaseline } from './support/baseline.js'
import { chooseCpus, describeMachine } from './support/machine.js'
import { plotSvg } from './support/plot.js'
import type { Answer, Conditions, Question } from './support/question.js'
import { consoleReport, markdownReport, type Report } from './support/report.js'

const DOCS = join(import.meta.dirname, '..', 'docs')

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
    rounds: { type: 'string', default: '5' },
    help: { type: 'boolean', default: false },
  },
})

const names = QUESTIONS.map(({ name }) => name)

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(2)
}

if (options.help) {
  process.stdout.write(
    `npm run bench -- [--quick] [--only NAME]... [--json] [--rounds N]\n\nNames: ${names.join(', ')}\n`,
  )
  process.exit(0)
}
const rounds = Number(options.rounds)
if (!Number.isInteger(rounds) || rounds < 1) fail(`--rounds takes a whole number from 1 on, not ${options.rounds}`)
for (const name of options.only) {
  if (!names.includes(name)) fail(`there is no question '${name}'; there are ${names.join(', ')}`)
}

const say = (text: string): void => {
  ;(options.json ? process.stderr : process.stdout).write(`${text}\n`)
}

/** A temporary folder that is removed when this process ends, however it ends. */
function folder(parent: string): string {
  const made = fs.mkdtempSync(join(parent, 'ticktape-bench-'))
  process.on('exit', () => fs.rmSync(made, { recursive: true, force: true }))
  return made
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(1))

const started = performance.now()
const built = buildBaseline()
if ('missing' in built) say(`The C++ side is left out: ${built.missing}.`)
const cpus = chooseCpus()
const machine = describeMachine(cpus)
for (const [what, value] of machine) say(`${what}: ${value}`)

const conditions: Conditions = {
  quick: options.quick,
  rounds,
  cpus,
  baseline: 'program' in built ? built.program : undefined,
  // /var/tmp, because /tmp may be in memory.
  memory: folder(fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir()),
  disk: folder(fs.existsSync('/var/tmp') ? '/var/tmp' : os.tmpdir()),
  say,
}

const asked: { question: Question; answer: Answer }[] = []
const failed: string[] = []
for (const question of QUESTIONS) {
  if (options.only.length > 0 && !options.only.includes(question.name)) continue
  say(`\n${question.title}`)
  const asking = performance.now()
  try {
    asked.push({ question, answer: await question.ask(conditions) })
  } catch (error) {
    failed.push(question.name)
    process.stderr.write(`${question.name} failed: ${(error as Error).stack ?? String(error)}\n`)
  }
  say(`  (${question.name}: ${((performance.now() - asking) / 1000).toFixed(1)} s)`)
}

const report: Report = {
  machine,
  quick: options.quick,
  rounds,
  seconds: (performance.now() - started) / 1000,
  loadAfter: os.loadavg()[0],
  missing: 'missing' in built ? [`C++: ${built.missing}`] : [],
  asked,
}
say(`\n${consoleReport(report)}`)
if (options.json) {
  const plain = asked.map(({ question: { name, title }, answer }) => ({ name, title, ...answer }))
  process.stdout.write(
    `${JSON.stringify({ ...report, machine: Object.fromEntries(machine), asked: plain }, null, 2)}\n`,
  )
}
// If any run had a missing, duplicated or torn frame, the report of the last good run is kept.
if (failed.length > 0) fail(`Failed: ${failed.join(', ')}; nothing was written.`)
if (options.only.length === 0) {
  fs.mkdirSync(join(DOCS, 'plots'), { recursive: true })
  for (const { answer } of asked) {
    for (const plot of answer.plots ?? []) fs.writeFileSync(join(DOCS, 'plots', plot.file), await plotSvg(plot))
  }
  fs.writeFileSync(join(DOCS, 'benchmarks.md'), markdownReport(report))
  say('Wrote docs/benchmarks.md and docs/plots.')
}
