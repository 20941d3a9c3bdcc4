import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '@nats-io/transport-node'
import { Writer } from 'ticktape'
import { describe, expect, test } from 'vitest'
import type { ReplicationEvent } from '../../dist/replicate/events.js'
import { Publisher } from '../../dist/replicate/nats/publisher.js'
import { makeFolder } from '../support/folders.ts'
import { Count, Pair } from '../support/frames.ts'
import { PAGE_SIZE } from '../support/journals.ts'
import { endOfJournal, HAS_NATS, NatsServer, until } from '../support/nats.ts'
import { pagesOf, textOf } from '../support/replicas.ts'
import { skipUnless } from '../support/skips.ts'
import { append, apply, place, publish, withManager } from '../support/streams.ts'

const HAS_OPENSSL = spawnSync('openssl', ['version']).status === 0
const skip = skipUnless(HAS_NATS, 'streams of replication', 'There is no nats-server')

const code = (name: string): unknown => expect.objectContaining({ code: name })

describe.skipIf(skip)('a stream', () => {
  test('has definitions and instruments before the frames that need them, also those that come later', async () => {
    const server = await NatsServer.start()
    const { source, replica } = place()
    append(source, 0, 10)
    const publisher = await publish(source, server)
    const applier = apply(replica, server)
    await until('the first frames', () => endOfJournal(replica) === 10)
    const writer = Writer.open(source, { durability: 'process', journalId: 5 })
    writer.addInstruments(
      Array.from({ length: 1000 }, (_, i) => ({
        number: i + 1,
        venue: 'okx',
        symbol: `S-${i}`,
        text: 'x'.repeat(300),
      })),
    )
    writer.write(Pair, { n: 1, note: 'later' })
    await until('the later frame', () => endOfJournal(replica) === writer.position)
    for (const name of ['schema.json', 'instruments.json']) expect(textOf(replica, name)).toBe(textOf(source, name))
    writer.close()
    await publisher.stop()
    await applier.stop()
  })

  test('serves several replicas, and one that begins later', async () => {
    const server = await NatsServer.start()
    const { source, replica, folder } = place()
    append(source, 0, 3000)
    const publisher = await publish(source, server, { maxBytes: 20_000 })
    const first = apply(replica, server)
    await until('the first replica', () => endOfJournal(replica) === endOfJournal(source))
    append(source, 3000, 5000)
    const second = apply(join(folder, 'second'), server, { stream: 'quotes' })
    for (const directory of [replica, join(folder, 'second')]) {
      await until(directory, () => endOfJournal(directory) === endOfJournal(source))
      expect(pagesOf(directory)).toEqual(pagesOf(source))
    }
    await Promise.all([publisher.stop(), first.stop(), second.stop()])
  })

  test('has only durable frames, when these are asked for', async () => {
    const server = await NatsServer.start()
    const { folder, replica } = place()
    const source = join(makeFolder(), 'quotes')
    const writer = Writer.open(source, { pageSize: PAGE_SIZE, durability: 'commit' })
    for (let i = 0; i < 10; i++) writer.write(Count, { n: i })
    await writer.flush()
    for (let i = 10; i < 20; i++) writer.write(Count, { n: i })
    const publisher = await publish(source, server, { durable: true })
    const [first, all] = [apply(replica, server), join(folder, 'all')]
    await until('the durable frames', () => endOfJournal(replica) === 10)
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(endOfJournal(replica)).toBe(10)
    await writer.flush()
    const second = apply(all, server)
    for (const directory of [replica, all]) await until(directory, () => endOfJournal(directory) === 20)
    writer.close()
    await Promise.all([publisher.stop(), first.stop(), second.stop()])
  })

  test('has one publisher: a second one is refused by name, on the same machine and elsewhere', async () => {
    const server = await NatsServer.start()
    const { source, folder } = place()
    append(source, 0, 10)
    const publisher = await publish(source, server)
    await expect(publish(source, server)).rejects.toThrow(code('ERR_STREAM_PUBLISHER'))
    const copy = join(folder, 'elsewhere')
    cpSync(source, copy, { recursive: true })
    await expect(publish(copy, server, { stream: 'quotes' })).rejects.toThrow(
      /another process publishes to stream quotes/,
    )
    await publisher.stop()
  })

  test('whose publisher is not heard, refuses its messages by their numbers', async () => {
    const server = await NatsServer.start()
    const { source, replica } = place()
    append(source, 0, 10)
    const publisher = await publish(source, server)
    await until('published', async () => (await lastSequence(server)) >= 3)
    // As a publisher in another part of a network would do it.
    const connection = await connect({ servers: server.url })
    await connection.request('ticktape.quotes.run', 'foreign')
    append(source, 10, 20)
    const error = await publisher.ended
    expect(error).toEqual(code('ERR_STREAM'))
    expect(String(error)).toMatch(/was not written by 'ticktape replicate publish'/)
    await connection.close()
    // And the replica stops before it.
    expect(await apply(replica, server).ended).toEqual(code('ERR_STREAM'))
    expect(endOfJournal(replica)).toBe(10)
  })

  test('of another journal is refused: one that was made again, cut, changed, or has another id', async () => {
    const server = await NatsServer.start()
    const { source, folder } = place()
    append(source, 0, 100)
    await (await publish(source, server)).stop()
    const saved = join(folder, 'saved')
    cpSync(source, saved, { recursive: true })
    const refused = async (what: RegExp): Promise<void> => {
      await expect(publish(source, server)).rejects.toThrow(what)
      await expect(publish(source, server)).rejects.toThrow(code('ERR_SOURCE_CHANGED'))
      rmSync(source, { recursive: true })
    }
    rmSync(source, { recursive: true })
    append(source, 0, 50)
    await refused(/no frame begins at 0|ends at position|created again/)
    append(source, 0, 200)
    await refused(/created again/)
    {
      using writer = Writer.open(source, { pageSize: PAGE_SIZE, durability: 'process' })
      writer.write(Count, { n: 1 })
    }
    await refused(/its journal id is 0/)
    cpSync(saved, source, { recursive: true })
    await (await publish(source, server)).stop()
  })

  test('that was deleted and created again stops publisher and replica', { timeout: 60_000 }, async () => {
    const server = await NatsServer.start()
    const { source, replica } = place()
    append(source, 0, 10)
    const publisher = await publish(source, server)
    const applier = apply(replica, server)
    await until('applied', () => endOfJournal(replica) === 10)
    await withManager(server, async manager => void (await manager.streams.delete('quotes')))
    append(source, 10, 20)
    expect(await publisher.ended).toEqual(code('ERR_STREAM'))
    expect(await applier.ended).toEqual(code('ERR_STREAM'))
    const again = await publish(source, server)
    expect(await apply(replica, server).ended).toEqual(code('ERR_REPLICA_MISMATCH'))
    expect(endOfJournal(replica)).toBe(10)
    await again.stop()
  })
})

describe.skipIf(skip)('the limits of a stream', () => {
  test('leave a replica behind, which says so, and begins again with a copy of the source', async () => {
    const server = await NatsServer.start()
    const { source, replica, folder } = place()
    append(source, 0, 100)
    const publisher = await publish(source, server, { limits: { bytes: 100_000 }, maxBytes: 16_384 })
    const applier = apply(replica, server)
    await until('applied', () => endOfJournal(replica) === 100)
    await applier.stop()
    for (let i = 1; i < 6; i++) {
      append(source, i * 1000, i * 1000 + 800)
      await until('published', async () => (await lastEnd(server)) === endOfJournal(source))
    }
    expect(await apply(replica, server).ended).toEqual(code('ERR_STREAM_BEHIND'))
    expect(await apply(join(folder, 'new'), server).ended).toEqual(code('ERR_STREAM_BEHIND'))
    const copy = join(folder, 'copy')
    cpSync(source, copy, { recursive: true })
    append(source, 9000, 9100)
    expect(await apply(copy, server).ended).toEqual(code('ERR_REPLICA'))
    const adopted = apply(copy, server, { adopt: true })
    await until('the copy has all', () => endOfJournal(copy) === endOfJournal(source))
    expect(pagesOf(copy)).toEqual(pagesOf(source))
    await adopted.stop()
    // It is a replica now, and needs no --adopt.
    await apply(copy, server).stop()
    await publisher.stop()
  })
})

describe.skipIf(skip)('choosing a stream', () => {
  test('of several is an error that lists them, and those of others do not count', async () => {
    const server = await NatsServer.start()
    const { source, replica, folder } = place()
    const other = join(folder, 'orders')
    append(source, 0, 10)
    append(other, 0, 20)
    await withManager(server, async manager => void (await manager.streams.add({ name: 'logs', subjects: ['logs.>'] })))
    const publishers = [await publish(source, server)]
    await apply(replica, server).stop()
    publishers.push(await publish(other, server))
    const error = await apply(join(folder, 'third'), server).ended
    expect(error).toEqual(code('ERR_STREAM'))
    expect(String(error)).toMatch(/orders, quotes; choose one with --stream/)
    await expect(publish(source, server, { stream: 'logs' })).rejects.toThrow(/not one of ticktape/)
    await expect(publish(source, server, { stream: 'a b' })).rejects.toThrow(code('ERR_INVALID_OPTION'))
    await Promise.all(publishers.map(({ stop }) => stop()))
  })

  test('waits for a server, which needs JetStream', async () => {
    const server = await NatsServer.start()
    await server.kill()
    const { source, replica } = place()
    append(source, 0, 10)
    const events: string[] = []
    const onEvent = (event: ReplicationEvent): void =>
      void events.push(event.kind === 'waiting' ? event.text : event.kind)
    const applier = apply(replica, server, { onEvent })
    const publishing = publish(source, server, { onEvent })
    await until('both wait', () => events.filter(text => /^no server answers at .*refused/.test(text)).length === 2)
    await server.start()
    await until('the replica', () => endOfJournal(replica) === 10)
    await Promise.all([(await publishing).stop(), applier.stop()])
    const plain = await NatsServer.start('-c', noJetStream())
    await expect(publish(source, plain)).rejects.toThrow(code('ERR_STREAM_SERVER'))
  })
})

describe.skipIf(skip)('credentials', () => {
  test('come from files, and never from the address', async () => {
    const { source, replica, folder } = place()
    append(source, 0, 10)
    mkdirSync(join(folder, 'secret'))
    const file = join(folder, 'secret', 'password')
    writeFileSync(file, 'open sesame\n')
    const server = await NatsServer.start('--user', 'desk', '--pass', 'open sesame')
    await expect(publish(source, server)).rejects.toThrow(code('ERR_STREAM_SERVER'))
    const url = server.url.replace('//', '//desk:open%20sesame@')
    await expect(Publisher.open(source, { server: url }, new AbortController().signal)).rejects.toThrow(
      code('ERR_INVALID_OPTION'),
    )
    const who = { user: 'desk', passwordFile: file }
    const publisher = await publish(source, server, who)
    const applier = apply(replica, server, who)
    await until('applied', () => endOfJournal(replica) === 10)
    await Promise.all([publisher.stop(), applier.stop()])
  })

  test.skipIf(skipUnless(HAS_OPENSSL, 'an encrypted connection', 'There is no openssl'))(
    'and certificates decide whether a connection is made',
    async () => {
      const { source, replica, folder } = place()
      append(source, 0, 10)
      const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
      const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
      const made = ['-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, '-days', '2']
      execFileSync('openssl', ['req', '-x509', ...made, ...subject], { stdio: 'ignore' })
      const server = await NatsServer.start('--tls', '--tlscert', certificate, '--tlskey', key)
      await expect(publish(source, server)).rejects.toThrow(code('ERR_STREAM_SERVER'))
      const encrypted = { tlsCa: certificate }
      const publisher = await publish(source, server, encrypted)
      const applier = apply(replica, server, { ...encrypted, server: server.url.replace('nats:', 'tls:') })
      await until('applied', () => endOfJournal(replica) === 10)
      await Promise.all([publisher.stop(), applier.stop()])
    },
  )
})

/** A configuration in which the only account has no JetStream. */
function noJetStream(): string {
  const file = join(makeFolder(), 'nats.conf')
  writeFileSync(file, 'accounts { A { users = [{ user: a }] } }\nno_auth_user: a\n')
  return file
}

async function lastSequence(server: NatsServer): Promise<number> {
  let last = 0
  await withManager(server, async manager => void (last = (await manager.streams.info('quotes')).state.last_seq))
  return last
}

/** The end of the last run in the stream. */
async function lastEnd(server: NatsServer): Promise<number> {
  let end = 0
  await withManager(server, async manager => {
    const last = await manager.streams.getMessage('quotes', { last_by_subj: 'ticktape.quotes.run' })
    const [page, slot, slots] = (last?.header.get('Ticktape-Run') ?? '0:0:0').split(':').map(Number)
    end = page * ((PAGE_SIZE - 4096) / 64) + slot + slots
  })
  return end
}
