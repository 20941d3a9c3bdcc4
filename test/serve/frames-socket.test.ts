// Frames over the socket: what was written before and what comes meanwhile, joined without a gap and without a double.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Reader, Writer } from 'ticktape'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startChild } from '../support/child.ts'
import { makeFolder } from '../support/folders.ts'
import { fill, Note, PAGE_SIZE, Quote } from '../support/journals.ts'
import { type Heard, openSocket, startServer } from '../support/serve.ts'

/** How many frames the writer writes while clients come and go; TICKTAPE_SERVE_FRAMES=1000000 for the long form. */
const FRAMES = Number(process.env['TICKTAPE_SERVE_FRAMES'] ?? 30_000)

/** The positions of frames in JSON messages, and that each message continues where the last one ended. */
function positionsIn(heard: Heard): number[] {
  return heard.messages
    .filter(one => one.type === 'frames')
    .flatMap(one => one.frames.map((frame: { position: number }) => frame.position))
}

/** The positions of frames in binary messages, by what docs/serve.md says of their form. */
function positionsInBinary(heard: Heard): number[] {
  const positions: number[] = []
  for (const message of heard.binary) {
    const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
    expect(view.getUint32(0, true)).toBe(1)
    let at = 24
    for (let left = view.getUint32(8, true); left > 0; left--) {
      positions.push(Number(view.getBigUint64(at, true)))
      at += 8 + 64 * view.getUint8(at + 8 + 2)
    }
    expect(at).toBe(message.length)
  }
  return positions
}

function positionsWritten(journal: string, from = 0): number[] {
  using reader = Reader.open(journal)
  const positions: number[] = []
  for (const { position } of reader) if (position >= from) positions.push(position)
  return positions
}

const WRITER = `
const writer = Writer.open(dir, { pageSize: 65536, durability: 'process' })
const frames = Number(args[1])
say('ready')
await line()
for (let n = 0; n < frames; n++) {
  if (n % 7 === 0) writer.write(Pair, { n, note: 'note ' + n })
  else writer.write(Count, { n })
  if (n % 50 === 0) await sleep(1)
}
writer.close()
say('done')
`

it('each client sees each position exactly once, over backfill and live, while a writer writes and rolls pages', {
  timeout: 120_000 + FRAMES / 5,
}, async () => {
  const journal = join(makeFolder('memory'), 'journal')
  const writer = startChild(WRITER, [journal, FRAMES])
  await writer.hear()
  const server = await startServer(journal)
  const early = await openSocket(server)
  early.send({ op: 'subscribe', channel: 'frames', from: 'start' })
  await early.message('subscribed')
  writer.tell()
  const done = writer.hear()
  // Clients come in the middle, some from the start, some from a position that another one was told.
  const clients: { readonly heard: Heard; readonly from: number; readonly form: string }[] = []
  let over = false
  void done.then(() => (over = true))
  while (!over) {
    const form = clients.length % 2 === 0 ? 'json' : 'binary'
    const last = early.messages.findLast(one => one.type === 'frames')
    const from = clients.length % 3 === 0 ? 0 : ((last?.next as number | undefined) ?? 0)
    const heard = await openSocket(server)
    heard.send({ op: 'subscribe', channel: 'frames', journal: 'journal', from, form })
    clients.push({ heard, from, form })
    // One goes again at once.
    if (clients.length % 5 === 0) {
      const gone = await openSocket(server)
      gone.send({ op: 'subscribe', channel: 'frames', from: 'start' })
      gone.socket.terminate()
    }
    await sleep(40)
  }
  const written = positionsWritten(journal)
  expect(written).toHaveLength(FRAMES)
  expect(clients.length).toBeGreaterThan(4)
  const last = written.at(-1) as number
  for (const { heard, from, form } of [{ heard: early, from: 0, form: 'json' }, ...clients]) {
    const seen = form === 'json' ? positionsIn : positionsInBinary
    await heard.until(() => seen(heard).at(-1) === last, 'the last frame', 60_000)
    expect(seen(heard)).toEqual(written.filter(position => position >= from))
  }
})

let journal: string
let writer: Writer

beforeEach(() => {
  journal = join(makeFolder('memory'), 'quotes')
  mkdirSync(journal)
  writer = Writer.open(journal, { pageSize: PAGE_SIZE, durability: 'process', frames: [Quote, Note] })
  fill(writer, 50)
})

afterEach(() => {
  writer.close()
})

it('frames as they are come after their schema, and decode to what was written', async () => {
  const server = await startServer(journal)
  const heard = await openSocket(server)
  heard.send({ op: 'subscribe', channel: 'frames', from: 'start', form: 'binary', types: ['Note'] })
  await heard.until(() => heard.binary.length > 0, 'frames')
  expect(heard.messages.map(one => one.type)).toEqual(['subscribed', 'schema'])
  const [subscribed, schema] = heard.messages
  expect(schema.number).toBe(subscribed.number)
  const note = schema.schema.frames.find((one: { name: string }) => one.name === 'Note')
  const text = note.fields.find((one: { name: string }) => one.name === 'text')
  const [message] = heard.binary
  const frame = message.subarray(32, 32 + 128)
  expect(frame.readUInt16LE(0)).toBe(note.id)
  const shown = frame.toString('latin1', text.offset, text.offset + text.size).replace(/\0+$/, '')
  using reader = Reader.open(journal)
  const first = [
    ...(function* () {
      for (const one of reader) if (one.is(Note)) yield one.toObject()
    })(),
  ][0]
  expect(shown).toBe(first.text)
})

it('a position that is not there, a journal that is not there, and a misspelt word are refused, and the socket stays', async () => {
  const server = await startServer(journal)
  const heard = await openSocket(server)
  heard.send({ op: 'subscribe', channel: 'frames', from: 10_000_000 })
  heard.send({ op: 'subscribe', channel: 'frames', journal: '../../etc' })
  heard.send({ op: 'subscribe', channel: 'frames', form: 'json', from: -1 })
  heard.send({ op: 'subscribe', channel: 'frames', typs: ['Quote'] })
  heard.send({ op: 'subscribe', channel: 'orders' })
  await heard.until(() => heard.messages.length === 5, 'five answers')
  expect(heard.messages.map(one => [one.type, one.code])).toEqual([
    ['error', 'ERR_POSITION'],
    ['error', 'ERR_NOT_FOUND'],
    ['error', 'ERR_BAD_REQUEST'],
    ['error', 'ERR_BAD_REQUEST'],
    ['error', 'ERR_NO_HOME'],
  ])
  expect(heard.messages[3].message).toContain("did you mean 'types'?")
  heard.send({ op: 'ping', id: 7 })
  expect(await heard.message('pong')).toEqual({ type: 'pong', id: 7 })
})

it('a subscription ends when its client says so, and begins again where the client is', async () => {
  const server = await startServer(journal)
  const heard = await openSocket(server)
  heard.send({ op: 'subscribe', channel: 'frames', from: 'start' })
  await heard.until(() => positionsIn(heard).length === 55, 'all frames')
  heard.send({ op: 'unsubscribe', channel: 'frames' })
  await heard.message('unsubscribed')
  const from = heard.messages.findLast(one => one.type === 'frames').next
  fill(writer, 10)
  await sleep(50)
  expect(positionsIn(heard)).toHaveLength(55)
  heard.send({ op: 'subscribe', channel: 'frames', from })
  await heard.until(() => positionsIn(heard).length === 66, 'the frames since then')
  expect(positionsIn(heard)).toEqual(positionsWritten(journal))
})

it('a server keeps no page: it has no slot among the readers', async () => {
  const server = await startServer(journal)
  const heard = await openSocket(server)
  heard.send({ op: 'subscribe', channel: 'frames', from: 'start' })
  await heard.message('frames')
  const { inspect } = await import('../../dist/journal/inspect/inspect.js')
  expect(inspect(journal).readers).toEqual([])
})
