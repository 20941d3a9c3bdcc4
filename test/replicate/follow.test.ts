// Reading a journal's frames from a stream, on a machine that has no copy of it.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type FrameView, f64, frame, instrument, on, Reader, u32, Writer } from 'ticktape'
import { follow, StreamReader, type StreamReaderOptions } from 'ticktape/replicate'
import { describe, expect, test } from 'vitest'
import { makeFolder } from '../support/folders.ts'
import { Count, Pair } from '../support/frames.ts'
import { PAGE_SIZE } from '../support/journals.ts'
import { HAS_NATS, NatsServer, until } from '../support/nats.ts'
import { skipUnless } from '../support/skips.ts'
import { append, place, publish, withManager } from '../support/streams.ts'

const skip = skipUnless(HAS_NATS, 'reading from streams', 'There is no nats-server')
const code = (name: string): unknown => expect.objectContaining({ code: name })
const Priced = frame('Priced', 91, { instrument, price: f64 })
const Later = frame('Later', 92, { n: u32 })

interface Seen {
  readonly position: number
  readonly values: unknown
}

/** So many frames of a stream. */
async function take(
  server: NatsServer,
  count: number,
  options: StreamReaderOptions = {},
  onFrame: (count: number) => unknown = () => {},
): Promise<Seen[]> {
  const seen: Seen[] = []
  for await (const one of follow(server.url, 'quotes', options)) {
    seen.push(seenOf(one))
    await onFrame(seen.length)
    if (seen.length === count) break
  }
  return seen
}

function framesOf(directory: string): Seen[] {
  using reader = Reader.open(directory)
  return Array.from(reader, seenOf)
}

function seenOf(view: FrameView): Seen {
  const { position, time, cause } = view
  return { position, values: { ...view.toObject(), symbol: (view as { symbol?: string }).symbol, time, cause } }
}

const positions = (seen: readonly Seen[]): number[] => seen.map(({ position }) => position)

describe.skipIf(skip)('a reader of a stream', () => {
  test('sees the frames of the source, with names of instruments, also of definitions that come later', async () => {
    const server = await NatsServer.start()
    const { source } = place()
    using writer = Writer.open(source, { pageSize: PAGE_SIZE, durability: 'process', journalId: 5 })
    writer.addInstruments([{ number: 7, venue: 'okx', symbol: 'BTC-USDT' }])
    for (let i = 0; i < 2000; i++) {
      const cause = writer.write(Count, { n: i })
      writer.write(Pair, { n: i, note: 'led here' }, { cause })
    }
    writer.write(Priced, { instrument: 7, price: 1.5 })
    const publisher = await publish(source, server, { maxBytes: 20_000 })
    const seen = await take(server, 4003, {}, count => {
      if (count !== 4001) return
      writer.addInstruments([{ number: 8, venue: 'okx', symbol: 'ETH-USDT' }])
      writer.write(Later, { n: 1 })
      writer.write(Priced, { instrument: 8, price: 2.5 })
    })
    expect(seen).toEqual(framesOf(source))
    expect(seen.at(-1)?.values).toMatchObject({ symbol: 'ETH-USDT', price: 2.5 })
    await publisher.stop()
  })

  test('begins at the start, at the end, at a position, and where a reader of its name was', async () => {
    const server = await NatsServer.start()
    const { source } = place()
    append(source, 0, 1500)
    const publisher = await publish(source, server, { maxBytes: 10_000 })
    const all = framesOf(source)
    expect(await take(server, 1500)).toEqual(all)
    expect(await take(server, 10, { from: { position: all[777].position } })).toEqual(all.slice(777, 787))
    const named = { from: { name: 'risk' } } as const
    expect(await take(server, 3, named)).toEqual(all.slice(0, 3))
    // The frame at which the loop ended was not asked to be followed by another: it comes again.
    expect(await take(server, 500, named)).toEqual(all.slice(2, 502))
    let hasBegun = false
    const late = take(server, 2, {
      from: { name: 'late', start: 'end' },
      onEvent: ({ kind }) => void (hasBegun ||= kind === 'started'),
    })
    await until('it has begun', () => hasBegun)
    append(source, 1500, 1502)
    expect(positions(await late)).toEqual(positions(framesOf(source)).slice(-2))
    await publisher.stop()
  })

  test('that begins at the end gets under its name what is published before it comes back', async () => {
    const server = await NatsServer.start()
    const { source } = place()
    append(source, 0, 10)
    const publisher = await publish(source, server)
    const from = { name: 'late', start: 'end' } as const
    await (await StreamReader.open(server.url, 'quotes', { from })).close()
    append(source, 10, 20)
    expect(positions(await take(server, 10, { from }))).toEqual(Array.from({ length: 10 }, (_, i) => 10 + i))
    await publisher.stop()
  })

  test('ends at once when its signal aborts, in the middle of a run', async () => {
    const server = await NatsServer.start()
    const { source } = place()
    append(source, 0, 500)
    const publisher = await publish(source, server)
    const ending = new AbortController()
    const seen: number[] = []
    for await (const one of follow(server.url, 'quotes', { signal: ending.signal })) {
      seen.push(one.position)
      if (seen.length === 100) ending.abort()
    }
    expect(seen).toHaveLength(100)
    await publisher.stop()
  })

  test('and a publisher work for a user who may not hear of others', async () => {
    const { source, folder } = place()
    append(source, 0, 100)
    const passwordFile = join(folder, 'password')
    writeFileSync(passwordFile, 'open sesame')
    const file = join(makeFolder(), 'nats.conf')
    const permissions = '{ publish: { allow: ">" }, subscribe: { deny: "_ticktape.>" } }'
    writeFileSync(
      file,
      `authorization { users = [{ user: desk, password: "open sesame", permissions: ${permissions} }] }\n`,
    )
    const server = await NatsServer.start('-c', file)
    const who = { user: 'desk', passwordFile }
    const publisher = await publish(source, server, who)
    const seen = await take(server, 100, { ...who, from: { name: 'risk' } })
    expect(seen).toHaveLength(100)
    await publisher.stop()
  })

  test('misses nothing and sees nothing twice while the server is killed', async () => {
    const server = await NatsServer.start()
    const { source } = place()
    append(source, 0, 500)
    const publisher = await publish(source, server, { maxBytes: 4096 })
    let written = 500
    const seen = await take(server, 2000, {}, async count => {
      if (count % 500 === 250) {
        await server.kill()
        await server.start()
      }
      if (count === written) {
        append(source, written, written + 500)
        written += 500
      }
    })
    expect(seen).toEqual(framesOf(source).slice(0, 2000))
    await publisher.stop()
  })

  test('runs handlers, and ends with close', async () => {
    const server = await NatsServer.start()
    const { source } = place()
    append(source, 0, 1000)
    const publisher = await publish(source, server)
    const reader = await StreamReader.open(server.url)
    const numbers: number[] = []
    const running = reader.run(
      on(Count, ({ n }) => {
        numbers.push(Number(n))
        if (numbers.length === 1000) void reader.close()
      }),
    )
    expect(await running).toBe(1000)
    expect(numbers).toEqual(Array.from({ length: 1000 }, (_, i) => i))
    expect(reader.position).toBe(1000)
    await expect(reader.follow().next()).rejects.toThrow(code('ERR_CLOSED'))
    const wrong = frame('Count', Count.id, { n: f64, more: f64 })
    await using other = await StreamReader.open(server.url, 'quotes')
    await expect(other.run(on(wrong, () => {}))).rejects.toThrow(code('ERR_SCHEMA_MISMATCH'))
    await publisher.stop()
  })

  test('of a stream with limits knows its frames, and says when it was left behind', async () => {
    const server = await NatsServer.start()
    const { source } = place()
    append(source, 0, 100)
    const publisher = await publish(source, server, { limits: { bytes: 100_000 }, maxBytes: 8192 })
    const named = { from: { name: 'slow' } } as const
    await take(server, 10, named)
    for (let i = 1; i < 6; i++) {
      append(source, i * 1000, i * 1000 + 800)
      await until('published', async () => (await lastAfter(server)) > i * 700)
    }
    const [first] = await take(server, 1)
    expect(first.position).toBeGreaterThan(1000)
    expect(first.values).toMatchObject({ n: expect.anything() })
    await expect(take(server, 1, named)).rejects.toThrow(code('ERR_STREAM_BEHIND'))
    await publisher.stop()
  })

  test('refuses by name what it cannot read', async () => {
    const server = await NatsServer.start()
    const { source, folder } = place()
    append(source, 0, 10)
    await (await publish(source, server)).stop()
    await using reader = await StreamReader.open(server.url, 'quotes', { from: { name: 'risk' } })
    await expect(take(server, 1, { from: { name: 'risk' } })).rejects.toThrow(code('ERR_READER_BUSY'))
    await expect(take(server, 1, { from: { name: 'a b' } })).rejects.toThrow(code('ERR_INVALID_OPTION'))
    await expect(take(server, 1, { from: { position: -1 } })).rejects.toThrow(code('ERR_INVALID_OPTION'))
    for (const wrong of [{ from: null }, { frm: 'end' }, { signal: 1 }])
      await expect(take(server, 1, wrong as never)).rejects.toThrow(code('ERR_INVALID_OPTION'))
    const reading = (async () => {
      for await (const _ of reader);
    })().catch((error: unknown) => error)
    await until('it has read', () => reader.position === 10)
    await withManager(server, async manager => void (await manager.streams.delete('quotes')))
    append(join(folder, 'other'), 0, 20)
    await (await publish(join(folder, 'other'), server, { stream: 'quotes' })).stop()
    expect(await reading).toEqual(code('ERR_STREAM'))
    await reader.close()
    await expect(take(server, 1, { from: { name: 'risk' } })).rejects.toThrow(/has read another journal/)
    const aborted = AbortSignal.abort()
    expect(await take(server, 1, { signal: aborted })).toEqual([])
  })
})

/** Where the last message of the stream is. */
async function lastAfter(server: NatsServer): Promise<number> {
  let after = 0
  await withManager(server, async manager => {
    const { state } = await manager.streams.info('quotes')
    const last = await manager.streams.getMessage('quotes', { seq: state.last_seq })
    after = Number(last?.header.get('Ticktape-After'))
  })
  return after
}
