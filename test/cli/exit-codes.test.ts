/** The exit codes of all commands: those that `ticktape help` and the help of each command list. In this process, so that all can be tried. */
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { TestDesk } from 'ticktape/testing'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { COMMANDS } from '../../dist/cli/commands.js'
import { run } from '../../dist/cli/program.js'
import { moduleOf } from '../support/desks.ts'
import { makeFolderForAll } from '../support/folders.ts'
import { flip, makeJournal, pageFile, patch, slotAt } from '../support/journals.ts'

const folder = makeFolderForAll()
const at = (name: string): string => join(folder, name)
let strategy: string

/** Runs a command. Returns its exit code. */
async function codeOf(...args: readonly string[]): Promise<number | string | undefined> {
  const write = (_: unknown, ...rest: readonly unknown[]): boolean => {
    const done = rest.at(-1)
    if (typeof done === 'function') done()
    return true
  }
  const outputs = [process.stdout, process.stderr].map(stream => vi.spyOn(stream, 'write').mockImplementation(write))
  try {
    await run(['node', 'ticktape', ...args])
    return process.exitCode ?? 0
  } finally {
    process.exitCode = undefined
    for (const output of outputs) output.mockRestore()
  }
}

beforeAll(async () => {
  strategy = moduleOf("export default defineStrategy({ id: 'a', onTrade() {} })", 'a.mjs', folder)
  const desk = await TestDesk.open({ home: at('home'), strategies: [strategy] })
  desk.trade('BTCUSDT', 100, 1)
  await desk.close()
  cpSync(at('home'), at('damaged'), { recursive: true })
  patch(pageFile(at('damaged/gateway'), 0), slotAt(1), new Uint8Array(64).fill(0xff))
  await makeJournal(at('sound'), 20)
  cpSync(at('sound'), at('broken'), { recursive: true })
  flip(pageFile(at('broken'), 0), 16)
})

afterEach(() => {
  process.exitCode = undefined
})

test('every command that can fail says in its help which exit codes it has', async () => {
  for (const { load } of COMMANDS) {
    const root = new Command()
    ;(await load())(root)
    for (const command of root.commands) {
      let help = ''
      command.configureOutput({ writeOut: text => void (help += text) }).outputHelp()
      expect(help, command.name()).toMatch(/Exit codes?:?/)
    }
  }
})

describe('0: done', () => {
  test.each([
    ['ls', 'sound'],
    ['tail', 'sound'],
    ['verify', 'sound'],
    ['doctor', 'sound'],
    ['replay', 'sound'],
    ['orders', 'home'],
    ['positions', 'home'],
    ['replay', 'home'],
  ])('%s %s', async (command, what) => {
    expect(await codeOf(command, at(what))).toBe(0)
  })
})

describe('1: a command that looks at journals finds damage', () => {
  test.each([
    ['ls', 'broken'],
    ['tail', 'broken'],
    ['verify', 'broken'],
    ['verify', 'damaged/gateway'],
    ['doctor', 'broken'],
  ])('%s %s', async (command, what) => {
    expect(await codeOf(command, at(what))).toBe(1)
  })

  test('repair', async () => {
    expect(await codeOf('repair', at('damaged/gateway'), '--to', at('copy'))).toBe(1)
  })
})

describe('2: a command cannot do its work', () => {
  test.each([
    ['orders', 'damaged'],
    ['positions', 'damaged'],
    ['why', 'damaged', '10'],
    ['replay', 'damaged'],
    ['replay', 'damaged', '--strategy', 'a'],
    ['reset', 'damaged'],
    ['replay', 'broken'],
    ['archive', 'broken', '--to', 'archived'],
    ['codegen', 'python', 'nowhere'],
    ['prune', 'broken', '--age', '1d'],
    ['metrics', 'nowhere', '--once'],
    ['top', 'nowhere', '--once'],
    ['watch', 'nowhere', '--once'],
    ['orders', 'nowhere'],
    ['positions', 'nowhere'],
    ['why', 'nowhere', '10'],
    ['tail', 'nowhere'],
    ['ls', 'nowhere'],
    ['verify', 'nowhere'],
    ['replay', 'nowhere'],
    ['reset', 'nowhere'],
    ['flatten', 'nowhere'],
    ['cancel-all', 'nowhere'],
    ['limits', 'nowhere'],
    ['breaker', 'nowhere'],
    ['halt', 'nowhere', 'why'],
    ['resume', 'nowhere'],
  ])('%s %s %s %s', async (...args) => {
    // All that names a place in the folder.
    const isPlace = (word: string): boolean => ['damaged', 'broken', 'nowhere', 'archived'].includes(word)
    expect(await codeOf(...args.map(word => (isPlace(word) ? at(word) : word)))).toBe(2)
  })

  test('run, on a home whose sequence is damaged', async () => {
    expect(await codeOf('run', strategy, '--home', at('damaged'), '--duration', '1')).toBe(2)
  })

  test('wrong arguments, an unknown command, and no command', async () => {
    expect(await codeOf('ls')).toBe(2)
    expect(await codeOf('tail', at('sound'), '--limit', 'many')).toBe(2)
    expect(await codeOf('lst', at('sound'))).toBe(2)
    expect(await codeOf()).toBe(2)
  })
})

test('3: no gateway runs', async () => {
  for (const args of [
    ['flatten', at('home')],
    ['cancel-all', at('home')],
    ['cancel-all', at('home'), '--strategy', 'nobody'],
    ['strategy', 'pause', at('home'), 'nobody'],
    ['strategy', 'list', at('home')],
    ['strategy', 'add', at('home'), 'a', strategy],
  ])
    expect([args, await codeOf(...args)]).toEqual([args, 3])
})
