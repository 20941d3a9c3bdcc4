import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Gateway, SyntheticFeed } from 'ticktape/runtime'
import { CircuitBreaker } from 'ticktape/state'
import { expect, test } from 'vitest'
import { rejectionOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { makeJournal } from '../../support/journals.ts'
import { skipUnless } from '../../support/skips.ts'
import { noTracing, traceCode } from '../../support/trace.ts'

const START = `
  const { Gateway, SyntheticFeed } = await import('ticktape/runtime')
  mark('begin')
  const gateway = await Gateway.start({ home: args[0], strategies: [], feed: new SyntheticFeed({ limit: 1 }), speed: 'max' })
  mark('end')
  await gateway.stop()
  process.exit()`

/** The syncs and renames of a process, in order: the path of each fsync, and the new name of each rename. */
function lastingChanges(calls: readonly string[]): string[] {
  const opened = new Map<string, string>()
  return calls.flatMap(call => {
    const at = (directory: string, name: string): string =>
      directory === 'AT_FDCWD' ? name : `${opened.get(directory)}/${name}`
    const [, base, file, descriptor] = /^openat\((\w+), "([^"]*)".*= (\d+)$/.exec(call) ?? []
    if (descriptor !== undefined) opened.set(descriptor, at(base, file))
    const synced = /^f(?:data)?sync\((\d+)\) += 0/.exec(call)?.[1]
    const [, to, newName] = /^renameat\(\w+, "[^"]*", (\w+), "([^"]*)"\)/.exec(call) ?? []
    const renamed = newName === undefined ? undefined : at(to, newName)
    if (synced !== undefined) return [`sync ${opened.get(synced)}`]
    return renamed === undefined ? [] : [`rename ${renamed}`]
  })
}

test.skipIf(skipUnless(noTracing === undefined, 'that a new home survives power loss', String(noTracing)))(
  "a new home's directories survive power loss before the first strategy writes",
  () => {
    const folder = makeFolder()
    const home = join(folder, 'desks', 'one')
    const changes = lastingChanges(traceCode(START, [home]))
    expect(changes.slice(0, 2)).toEqual([`sync ${join(folder, 'desks')}`, `sync ${folder}`])
    expect(changes).toContain(`sync ${home}`)
    expect(changes).toContain(`sync ${home}/gateway`)
  },
)

/** Begins a home and ends it. */
async function begin(home: string): Promise<void> {
  const gateway = await Gateway.start({
    home,
    strategies: [],
    feed: new SyntheticFeed({ limit: 1 }),
    speed: 'max',
    pageSize: 65536,
  })
  await gateway.fed
  await gateway.stop()
}

test('a home is refused in a journal and in a directory of other files: nothing is written there', async () => {
  const journal = join(makeFolder('memory'), 'j')
  await makeJournal(journal, 10)
  const full = makeFolder('memory')
  writeFileSync(join(full, 'notes.txt'), 'mine')
  const locked = makeFolder('memory')
  writeFileSync(join(locked, 'writer.lock'), '')
  for (const home of [journal, full, locked]) {
    const before = readdirSync(home)
    expect(await rejectionOf(begin(home))).toMatchObject({
      code: 'ERR_HOME',
      path: home,
      message: expect.stringContaining('a directory of its own') as string,
    })
    expect(readdirSync(home)).toEqual(before)
  }
})

test('a home can begin next to journals and state files, and where another was killed during its start', async () => {
  const home = makeFolder('memory')
  CircuitBreaker.open(join(home, 'breaker')).close()
  await makeJournal(join(home, 'positions'), 10)
  mkdirSync(join(home, 'gateway'))
  writeFileSync(join(home, 'gateway', 'writer.lock'), '')
  await begin(home)
  expect(readdirSync(home).toSorted()).toEqual([
    'breaker',
    'gateway',
    'instruments.json',
    'operator',
    'positions',
    'state',
  ])
})
