// What a server, its limits or its administrator may do to a stream while it is used, and what a stop meets.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Writer } from 'ticktape'
import { describe, expect, test } from 'vitest'
import type { ReplicationEvent } from '../../dist/replicate/events.js'
import { InFlight } from '../../dist/replicate/nats/in-flight.js'
import { makeFolder } from '../support/folders.ts'
import { Pair } from '../support/frames.ts'
import { CAPACITY, PAGE_SIZE, pageFile } from '../support/journals.ts'
import { endOfJournal, HAS_NATS, NatsServer, until } from '../support/nats.ts'
import { pagesOf } from '../support/replicas.ts'
import { skipUnless } from '../support/skips.ts'
import { append, apply, place, publish, withManager } from '../support/streams.ts'

const skip = skipUnless(HAS_NATS, 'faults of streams', 'There is no nats-server')
const code = (name: string): unknown => expect.objectContaining({ code: name })

describe.skipIf(skip)('an applier', () => {
  test('ends when it is told to, at every moment of its start', async () => {
    const server = await NatsServer.start()
    const { source, replica } = place()
    append(source, 0, 10)
    await (await publish(source, server)).stop()
    for (let ms = 0; ms < 24; ms++) {
      let started = (): void => {}
      const begun = new Promise<void>(resolve => (started = resolve))
      const applier = apply(replica, server, { onEvent: ({ kind }) => kind === 'started' && started() })
      await begun
      await sleep(ms / 4)
      await Promise.race([
        applier.stop(),
        sleep(5000, undefined, { ref: false }).then(() => Promise.reject(new Error(`not after ${ms / 4} ms`))),
      ])
    }
  })

  test('continues after a process that died before the first frame was on its page', async () => {
    const server = await NatsServer.start()
    const { source, replica } = place()
    append(source, 0, 3 * CAPACITY)
    const publisher = await publish(source, server, { maxBytes: 20_000 })
    const first = apply(replica, server)
    await until('applied', () => endOfJournal(replica) === endOfJournal(source))
    await first.stop()
    const pages = pagesOf(replica)
    for (const { number } of pages.slice(1)) rmSync(pageFile(replica, number))
    writeFileSync(pageFile(replica, 0), new Uint8Array(PAGE_SIZE))
    const again = apply(replica, server)
    await until('applied again', () => again.progress()?.position === endOfJournal(source))
    expect(pagesOf(replica)).toEqual(pages)
    await Promise.all([again.stop(), publisher.stop()])
  })

  test('gets the definitions of what follows a copy whose last page has room', async () => {
    const server = await NatsServer.start()
    const { source, folder } = place()
    const copy = join(folder, 'copy')
    append(source, 0, 10)
    await (await publish(source, server)).stop()
    // With other CRCs than the page that is there, a writer continues on the next one.
    const options = { pageSize: PAGE_SIZE, durability: 'interval', checksums: true, journalId: 5 } as const
    Writer.open(source, options).close()
    cpSync(source, copy, { recursive: true })
    {
      using writer = Writer.open(source, options)
      expect(writer.write(Pair, { n: 1, note: 'defined later' })).toBe(CAPACITY)
    }
    const publisher = await publish(source, server)
    const applier = apply(copy, server, { adopt: true })
    await until('applied', () => endOfJournal(copy) === endOfJournal(source))
    expect(pagesOf(copy)).toEqual(pagesOf(source))
    await Promise.all([applier.stop(), publisher.stop()])
  })
})

describe.skipIf(skip)('a publisher', () => {
  test('that the server refuses says so once, and continues as soon as it is allowed to', async () => {
    const server = await NatsServer.start()
    const { source, replica } = place()
    append(source, 0, 10)
    await (await publish(source, server)).stop()
    await withManager(server, async manager => {
      const { config, state } = await manager.streams.info('quotes')
      await manager.streams.update('quotes', { ...config, discard: 'new', max_msgs: state.messages + 3 })
    })
    const events: ReplicationEvent[] = []
    const publisher = await publish(source, server, { onEvent: event => events.push(event) })
    append(source, 10, 3000)
    const waiting = (): ReplicationEvent[] => events.filter(({ kind }) => kind === 'waiting')
    await until('it says that it waits', () => waiting().length > 0)
    await sleep(1500)
    expect(waiting()).toEqual([{ kind: 'waiting', text: expect.stringMatching(/does not take .*maximum messages/) }])
    // Not one attempt after the other.
    expect(events.length).toBeLessThan(12)
    await withManager(server, async manager => {
      const { config } = await manager.streams.info('quotes')
      await manager.streams.update('quotes', { ...config, max_msgs: -1 })
    })
    const applier = apply(replica, server)
    await until('applied', () => endOfJournal(replica) === endOfJournal(source))
    expect(pagesOf(replica)).toEqual(pagesOf(source))
    await Promise.all([applier.stop(), publisher.stop()])
  })

  test('whose messages are too large for the stream ends, and says what to change', async () => {
    const server = await NatsServer.start()
    const { source } = place()
    append(source, 0, 10)
    await (await publish(source, server)).stop()
    await withManager(server, async manager => {
      const { config } = await manager.streams.info('quotes')
      await manager.streams.update('quotes', { ...config, max_msg_size: 10_000 })
    })
    const publisher = await publish(source, server)
    append(source, 10, 2000)
    const error = await publisher.ended
    expect(error).toEqual(code('ERR_STREAM_SERVER'))
    expect(String(error)).toMatch(/smaller --max-bytes/)
    const smaller = await publish(source, server, { maxBytes: 4096 })
    await smaller.stop()
  })

  test('and an applier end when the server does not know their user any more', async () => {
    const { source, replica, folder } = place()
    append(source, 0, 10)
    mkdirSync(join(folder, 'secret'))
    const passwordFile = join(folder, 'secret', 'password')
    writeFileSync(passwordFile, 'open sesame\n')
    const file = join(makeFolder(), 'nats.conf')
    const users = (name: string): void =>
      writeFileSync(file, `authorization { users = [{ user: ${name}, password: "open sesame" }] }\n`)
    users('desk')
    const server = await NatsServer.start('-c', file)
    const who = { user: 'desk', passwordFile }
    const publisher = await publish(source, server, who)
    const applier = apply(replica, server, who)
    await until('applied', () => endOfJournal(replica) === 10)
    await server.kill()
    users('other')
    await server.start()
    for (const error of [await publisher.ended, await applier.ended]) {
      expect(error).toEqual(code('ERR_STREAM_SERVER'))
      expect(String(error)).toMatch(/may this user still connect/)
    }
  })

  test('does not continue a stream whose limits have removed all runs: nothing shows that it is its journal', async () => {
    const server = await NatsServer.start()
    const { source } = place()
    append(source, 0, 10)
    // The second one says again what the frames are.
    for (let i = 0; i < 2; i++) await (await publish(source, server)).stop()
    await withManager(server, async manager => {
      const { state } = await manager.streams.info('quotes')
      await manager.streams.purge('quotes', { seq: state.last_seq })
    })
    await expect(publish(source, server)).rejects.toThrow(code('ERR_STREAM'))
  })

  test('counts a frame once, whatever happens to its message', async () => {
    const server = await NatsServer.start()
    const { source, replica } = place()
    append(source, 0, 2000)
    const publisher = await publish(source, server, { maxBytes: 4096 })
    const applier = apply(replica, server)
    for (let i = 0; i < 3; i++) {
      await server.kill()
      append(source, 2000 + i * 100, 2100 + i * 100)
      await server.start()
    }
    await until('applied', () => endOfJournal(replica) === endOfJournal(source))
    await Promise.all([publisher.stop(), applier.stop()])
    expect(publisher.progress()).toMatchObject({ frames: 2300, bytes: 2300 * 64 })
    expect(applier.progress()).toMatchObject({ frames: 2300, bytes: 2300 * 64 })
  })
})

test('what follows the last run does not let its page go', async () => {
  const stored: number[] = []
  const inFlight = new InFlight(begin => stored.push(begin))
  const answer = (seq: number): Promise<never> => Promise.resolve({ seq }) as Promise<never>
  inFlight.add(answer(1), { sequence: 1, begin: 0, end: 5, bytes: 320, frames: 5 })
  inFlight.add(answer(2), { sequence: 2, begin: 5, end: 5, bytes: 100, frames: 0 })
  await inFlight.empty(1000)
  expect(stored).toEqual([0])
})
