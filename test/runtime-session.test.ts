import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeFolder } from './support/folders.ts'
import { skipUnless } from './support/skips.ts'
import { noTracing, traceCode } from './support/trace.ts'

const START = `
  const { Gateway, SyntheticFeed } = await import('ticktape/runtime')
  mark('begin')
  const gateway = await Gateway.start({ home: args[0], strategies: [], feed: new SyntheticFeed({ limit: 1 }), speed: 'max' })
  mark('end')
  await gateway.stop()
  process.exit()`

/** What a process makes durable and renames, in order: the path of each fsync, and the new name of each rename. */
function lastingChanges(calls: readonly string[]): string[] {
  const opened = new Map<string, string>()
  return calls.flatMap(call => {
    const [, file, descriptor] = /^openat\(.*?"([^"]*)".*= (\d+)$/.exec(call) ?? []
    if (descriptor !== undefined) opened.set(descriptor, file)
    const synced = /^f(?:data)?sync\((\d+)\) += 0/.exec(call)?.[1]
    const renamed = /^rename\("[^"]*", "([^"]*)"\)/.exec(call)?.[1]
    if (synced !== undefined) return [`sync ${opened.get(synced)}`]
    return renamed === undefined ? [] : [`rename ${renamed}`]
  })
}

test.skipIf(skipUnless(noTracing === undefined, 'that a new session survives power loss', String(noTracing)))(
  "a new session's directories, and who has which number, survive power loss before the first strategy writes",
  () => {
    const folder = makeFolder()
    const home = join(folder, 'desks', 'one')
    const changes = lastingChanges(traceCode(START, [home]))
    expect(changes.slice(0, 2)).toEqual([`sync ${join(folder, 'desks')}`, `sync ${folder}`])
    const members = changes.indexOf(`rename ${home}/session.json`)
    expect(changes.slice(members - 1, members + 2)).toEqual([`sync ${home}/session.json.tmp`, `rename ${home}/session.json`, `sync ${home}`])
  },
)
