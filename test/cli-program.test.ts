import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ticktape } from './support/journals.ts'

const COMMANDS = ['demo', 'run', 'replay', 'tail', 'ls', 'verify', 'repair', 'prune', 'doctor']

test('the version is the package\'s', () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
  expect(ticktape('--version')).toEqual({ status: 0, stdout: `${version}\n`, stderr: '' })
})

test('help lists every command and the exit codes', () => {
  const { status, stdout, stderr } = ticktape('--help')
  expect([status, stderr]).toEqual([0, ''])
  for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ {2}${command} `, 'm'))
  expect(stdout).toContain('Exit codes')
})

test.each(COMMANDS)('%s has examples in its help', command => {
  const { status, stdout } = ticktape(command, '--help')
  expect(status).toBe(0)
  expect(stdout).toContain(`$ ticktape ${command}`)
})

test('no command shows the help and fails', () => {
  const { status, stderr } = ticktape()
  expect(status).toBe(2)
  expect(stderr).toContain('Usage: ticktape')
})
