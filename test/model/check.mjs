/**
 * Checks the models exhaustively. They must hold as they are, and must fail without any one of their rules. Needs spin and gcc. Without
 * them it prints that, and checks nothing.
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

for (const tool of ['spin', 'gcc']) {
  if (spawnSync(tool, ['--version']).error !== undefined) {
    console.log(`models: skipped, there is no ${tool} (Debian: apt-get install spin gcc)`)
    process.exit(0)
  }
}

const folder = mkdtempSync(join(tmpdir(), 'journal-model-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
let failures = 0
for (const file of readdirSync(import.meta.dirname).filter(name => name.endsWith('.pml'))) {
  const rules = [...readFileSync(join(import.meta.dirname, file), 'utf8').matchAll(/^ \* {3}([A-Z_]+) /gm)].map(
    ([, rule]) => rule,
  )
  report(file, undefined, check(file))
  for (const rule of rules) report(file, rule, check(file, rule))
}
process.exitCode = failures === 0 ? 0 : 1

/** Searches all states. Returns how many there are and how many errors were found. */
function check(file, rule) {
  copyFileSync(join(import.meta.dirname, file), join(folder, file))
  run('spin', ['-a', ...(rule === undefined ? [] : [`-D${rule}`]), file])
  run('gcc', ['-O2', '-w', '-DSAFETY', '-o', 'pan', 'pan.c'])
  const text = run('./pan', ['-m1000000'])
  if (/max search depth too small/.test(text)) throw new Error(`${file}: the search was not exhaustive`)
  return { states: Number(/(\d+) states, stored/.exec(text)?.[1]), errors: Number(/errors: (\d+)/.exec(text)?.[1]) }
}

function run(command, args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? ''} ${stdout} ${stderr}`)
  return stdout
}

function report(file, rule, { states, errors }) {
  const wanted = rule === undefined ? errors === 0 : errors > 0
  if (!wanted) failures++
  const what = rule === undefined ? `holds in all ${states} states` : `fails without the rule against ${rule}`
  console.log(
    `${file}: ${wanted ? what : `NOT AS WANTED (${rule ?? 'all rules'}: ${errors} errors in ${states} states)`}`,
  )
}
