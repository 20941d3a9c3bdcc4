// The replica of a whole home: each of its journals, also those that it gets while it is replicated.
import { once } from 'node:events'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Writer } from 'ticktape'
import { Gateway, SyntheticFeed } from 'ticktape/runtime'
import { describe, expect, test } from 'vitest'
import { findJournals } from '../../dist/journal/inspect/inspect.js'
import { describeStream, homeStreamName, readDescription } from '../../dist/replicate/nats/home-streams.js'
import { moduleOf, newHome, QUICK, settled } from '../support/desks.ts'
import { makeFolder } from '../support/folders.ts'
import { Count } from '../support/frames.ts'
import { startTicktape, ticktape } from '../support/journals.ts'
import { endOfJournal, HAS_NATS, NatsServer, until } from '../support/nats.ts'
import { pagesOf } from '../support/replicas.ts'
import { skipUnless } from '../support/skips.ts'
import { append, withManager } from '../support/streams.ts'

const skip = skipUnless(HAS_NATS, 'replication of homes', 'There is no nats-server')

async function stop(child: ReturnType<typeof startTicktape>): Promise<number | null> {
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number | null]
  return code
}

const EVERY_TENTH = `let n = 0
export default defineStrategy({ id: 'ID', onBook(book, context) {
  if (n++ % 10 === 0) context.order({ symbol: book.symbol, side: 'buy', quantity: 0.001, price: book.ask, timeInForce: 'ioc' })
} })`
const strategy = (id: string): string => moduleOf(EVERY_TENTH.replace('ID', id), `${id}.mjs`)

describe.skipIf(skip)('ticktape replicate of a home', () => {
  test('keeps a replica of each journal, also of a strategy that comes later; its commands and its replay say the same', {
    timeout: 120_000,
  }, async () => {
    const server = await NatsServer.start()
    const home = newHome()
    const replica = join(makeFolder('memory'), 'copy')
    const applier = startTicktape('replicate', 'apply', replica, '--from', server.url)
    const feed = new SyntheticFeed({ symbols: ['BTCUSDT', 'ETHUSDT'], limit: 600 })
    const gateway = await Gateway.start({ ...QUICK, home, strategies: [strategy('a')], feed })
    const publisher = startTicktape('replicate', 'publish', home, '--to', server.url, '--stream', 'desk')
    await gateway.addStrategy(strategy('b.2'))
    await gateway.fed
    await settled(gateway)
    await gateway.stop()
    const paths = findJournals(home).map(path => path.slice(home.length + 1))
    expect(paths).toEqual(expect.arrayContaining(['gateway', 'strategies/a', 'strategies/b.2']))
    for (const path of paths)
      await until(path, () => endOfJournal(join(replica, path)) === endOfJournal(join(home, path)))
    expect(await stop(publisher)).toBe(0)
    expect(await stop(applier)).toBe(0)
    for (const path of paths) expect(pagesOf(join(replica, path))).toEqual(pagesOf(join(home, path)))
    for (const command of ['orders', 'positions'])
      expect(ticktape(command, replica, '--json').stdout).toBe(ticktape(command, home, '--json').stdout)
    expect(ticktape('replay', replica)).toMatchObject({ status: 0 })
    expect(ticktape('run', strategy('a'), '--home', replica, '--duration', '1')).toMatchObject({ status: 2 })
    expect(ticktape('replicate', 'promote', replica)).toMatchObject({ status: 0, stderr: '' })
    expect(ticktape('replicate', 'promote', replica)).toMatchObject({ status: 2 })
    expect(ticktape('run', strategy('a'), '--home', replica, '--duration', '1').stderr).not.toMatch(/ERR_REPLICA/)
  })

  test('is chosen by name where there are others, and ends when one of its journals cannot be continued', {
    timeout: 60_000,
  }, async () => {
    const server = await NatsServer.start()
    const folder = makeFolder('memory')
    const [home, other, replica] = [join(folder, 'desk'), join(folder, 'quotes'), join(folder, 'replica')]
    for (const path of ['gateway', 'operator']) append(join(home, path), 0, 10)
    append(other, 0, 5)
    const publishers = [home, other].map(path => startTicktape('replicate', 'publish', path, '--to', server.url))
    const streams = async (): Promise<string[]> => {
      const names: string[] = []
      await withManager(server, async manager => {
        for await (const name of manager.streams.names()) names.push(name)
      })
      return names.sort()
    }
    await until('all are there', async () => (await streams()).length === 3)
    const unnamed = ticktape('replicate', 'apply', replica, '--from', server.url)
    expect(unnamed).toMatchObject({ status: 2, stderr: expect.stringMatching(/desk \(a home\), quotes; choose one/) })
    const refused = ticktape(
      'replicate',
      'apply',
      replica,
      '--from',
      server.url,
      '--stream',
      'desk',
      '--retain-bytes',
      '1M',
    )
    expect(refused.stderr).toMatch(/desk is a home.*--retain-bytes is for one journal/)
    const applier = startTicktape('replicate', 'apply', replica, '--from', server.url, '--stream', 'desk')
    for (const path of ['gateway', 'operator']) await until(path, () => endOfJournal(join(replica, path)) === 10)
    // The operator's journal is made again.
    const saved = join(folder, 'saved')
    cpSync(join(home, 'operator'), saved, { recursive: true })
    rmSync(join(home, 'operator'), { recursive: true })
    Writer.open(join(home, 'operator'), { durability: 'process', frames: [Count] }).close()
    const [code] = (await once(publishers[0], 'exit')) as [number | null]
    expect(code).toBe(2)
    expect(await stop(applier)).toBe(0)
    expect(await stop(publishers[1])).toBe(0)
  })
})

test('names and descriptions of streams', () => {
  expect(homeStreamName({ home: 'desk', path: 'strategies/momentum' })).toBe('desk--strategies--momentum')
  for (const path of ['strategies/a.b', `strategies/${'x'.repeat(32)}`]) {
    const name = homeStreamName({ home: 'a-home-with-a-long-name', path })
    expect(name).toMatch(/^a-home-with-a-long-name--[0-9a-f]{16}$/)
  }
  const of = { home: 'desk', path: 'venues/okx' }
  expect(readDescription('x', describeStream(of))).toEqual({ name: 'x', of })
  // What a description names becomes a directory.
  for (const path of ['../x', 'strategies/../../x', '/etc', 'strategies/.x', 'log', 'strategies/a/b'])
    expect(readDescription('x', describeStream({ home: 'desk', path }))).toEqual({ name: 'x', of: undefined })
  expect(readDescription('x', 'runs of a ticktape journal: {')).toEqual({ name: 'x', of: undefined })
  expect(readDescription('x', undefined)).toEqual({ name: 'x', of: undefined })
})
