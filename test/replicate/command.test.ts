import { once } from 'node:events'
import { join } from 'node:path'
import { Writer } from 'ticktape'
import { describe, expect, test } from 'vitest'
import { makeFolder } from '../support/folders.ts'
import { Count, Pair } from '../support/frames.ts'
import { Heard, PAGE_SIZE, startTicktape, ticktape } from '../support/journals.ts'
import { endOfJournal, HAS_NATS, NatsServer, until } from '../support/nats.ts'
import { makeReplica, pagesOf } from '../support/replicas.ts'
import { skipUnless } from '../support/skips.ts'

const skip = skipUnless(HAS_NATS, 'replication over NATS', 'There is no nats-server')

interface Replication {
  readonly server: NatsServer
  readonly source: string
  readonly replica: string
}

async function prepare(): Promise<Replication> {
  const folder = makeFolder()
  return { server: await NatsServer.start(), source: join(folder, 'quotes'), replica: join(folder, 'replica') }
}

async function stop(child: ReturnType<typeof startTicktape>): Promise<number | null> {
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number | null]
  return code
}

describe.skipIf(skip)('ticktape replicate', () => {
  test('publishes a journal while it is written, applies it, and ends in order', { timeout: 60_000 }, async () => {
    const { server, source, replica } = await prepare()
    // The replica waits for the stream.
    const applier = startTicktape('replicate', 'apply', replica, '--from', server.url)
    const heard = new Heard(applier)
    const writer = Writer.open(source, { pageSize: PAGE_SIZE, durability: 'process' })
    writer.write(Count, { n: 0 })
    const publisher = startTicktape('replicate', 'publish', source, '--to', server.url)
    for (let i = 1; i < 3000; i++) {
      writer.write(Pair, { n: i, note: 'pair' }, { cause: i })
      if (i % 100 === 0) await new Promise(resolve => setTimeout(resolve, 5))
    }
    const end = writer.position
    await until('the replica has all', () => endOfJournal(replica) === end)
    writer.close()
    expect(pagesOf(replica)).toEqual(pagesOf(source))
    for (const args of [
      ['--from', 'start'],
      ['--json', '-n', '50'],
    ])
      expect(ticktape('tail', replica, ...args).stdout).toBe(ticktape('tail', source, ...args).stdout)
    expect(await stop(publisher)).toBe(0)
    expect(await stop(applier)).toBe(0)
    expect(heard.text).toBe('')
    expect(ticktape('verify', replica).status).toBe(0)
  })

  test('promotes a replica, once', () => {
    const folder = makeFolder('memory')
    const [source, replica] = [join(folder, 'source'), join(folder, 'replica')]
    Writer.open(source, { pageSize: PAGE_SIZE, durability: 'process' }).close()
    makeReplica(replica, source)
    expect(ticktape('replicate', 'promote', replica)).toMatchObject({ status: 0, stderr: '' })
    expect(ticktape('replicate', 'promote', replica, '--json').status).toBe(2)
    Writer.open(replica, { durability: 'process' }).close()
  })
})
