import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { Writer } from 'ticktape'
import { expect, test } from 'vitest'
import { COMMANDS as MODULES } from '../../dist/cli/commands.js'
import { makeFolder } from '../support/folders.ts'
import { ticktape } from '../support/journals.ts'

const COMMANDS = [
  'demo',
  'run',
  'replay',
  'orders',
  'positions',
  'why',
  'tail',
  'ls',
  'verify',
  'repair',
  'prune',
  'doctor',
  'strategy',
  'flatten',
  'limits',
]

test("the version is the package's", () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  expect(ticktape('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
})

test('help lists every command and the exit codes', () => {
  const { status, stdout, stderr } = ticktape('--help')
  expect([status, stderr]).toEqual([0, ''])
  for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'))
  expect(stdout).toContain('Exit codes')
})

test.each(MODULES)('the module of $names has just these commands', async ({ names, load }) => {
  const root = new Command()
  ;(await load())(root)
  expect(root.commands.map(command => command.name())).toEqual(names)
})

test.each(COMMANDS)('%s has examples in its help', command => {
  const { status, stdout } = ticktape(command, '--help')
  expect(status).toBe(0)
  expect(stdout).toContain(`$ ticktape ${command}`)
})

test('all help is wrapped in the same way: that of commander and our own', { timeout: 120_000 }, () => {
  for (const command of COMMANDS) {
    const [prose] = ticktape(command, '--help').stdout.split('\nExamples:')
    expect(
      prose.split('\n').filter(line => line.length > 100),
      command,
    ).toEqual([])
  }
})

test('help ends quietly when its output is closed, and says when it cannot be written', () => {
  const command = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
  const help = (rest: string): { status: number | null; stdout: string; stderr: string } =>
    spawnSync('bash', ['-o', 'pipefail', '-c', `"${process.execPath}" "${command}" --help ${rest}`], {
      encoding: 'utf8',
    })
  expect(help('| true')).toMatchObject({ status: 0, stderr: '' })
  expect(help('> /dev/full')).toMatchObject({ status: 2, stderr: expect.stringMatching(/^ENOSPC: .*\n$/) as string })
})

test('without a command it shows the help and fails', () => {
  const { status, stderr } = ticktape()
  expect(status).toBe(2)
  expect(stderr).toContain('Usage: ticktape')
})

test('an error in the arguments names the command that shows the help', () => {
  expect(ticktape('tail', '--bogus').stderr).toMatch(/; see 'ticktape help tail'\n$/)
  expect(ticktape('tale').stderr).toMatch(/^ERR_USAGE: unknown command 'tale' .*tail.*; see 'ticktape help'\n$/)
  expect(ticktape('help', 'xyzzy')).toEqual({
    status: 2,
    stdout: '',
    stderr: "ERR_USAGE: unknown command 'xyzzy'; see 'ticktape help'\n",
  })
  expect(ticktape('help', 'tail')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('Usage: ticktape tail') as string,
  })
})

test('a missing journal, and a missing directory for a new one', () => {
  const none = join(makeFolder(), 'no', 'such')
  expect(ticktape('tail', none).stderr).toBe(
    `ERR_JOURNAL_NOT_FOUND: there is no journal at ${none}; check the path, or start its writer\n`,
  )
  const journal = join(makeFolder('memory'), 'j')
  Writer.open(journal).close()
  expect(ticktape('repair', journal, '--to', none)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining(`the directory ${join(none, '..')} is missing; create it first`) as string,
  })
})

test('a strategy with a syntax error: the message says how to find it', () => {
  const file = join(makeFolder(), 'wrong.mjs')
  writeFileSync(file, 'export default {')
  expect(ticktape('run', file).stderr).toMatch(
    /^ERR_STRATEGY: .* cannot be loaded: Unexpected end of input; node --check \S+wrong.mjs shows where\n$/,
  )
  writeFileSync(file, "import { nothing } from 'node:fs'")
  expect(ticktape('run', file).stderr).not.toContain('--check')
})
