// The C++ program of bench/baseline reads journals that the library wrote, and the library reads those of the program. So the format does
// not depend on a language.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  frame as define,
  type FrameView,
  f64,
  i64,
  instrument,
  on,
  Reader,
  text,
  u64,
  verify,
  Writer,
  WriterLockedError,
} from 'ticktape'
import { afterAll, describe, expect, it, onTestFinished } from 'vitest'
import { Baseline, buildBaseline } from '../../../bench/support/baseline.ts'
import { Large, Small } from '../../../bench/support/frames.ts'
import { makeFolder } from '../../support/folders.ts'
import { Kinds } from '../../support/frames.ts'

const output = mkdtempSync(join(tmpdir(), 'twin-'))
afterAll(() => rmSync(output, { recursive: true, force: true }))
const twin = buildBaseline(output)
if ('missing' in twin) console.log(`twin.test.ts is skipped: ${twin.missing}`)
const program = 'program' in twin ? twin.program : ''

const PAGE = 65_536
const FRAMES = 5000
/** The number of questions and answers. Both sides spin, which takes long on busy cores. */
const TURNS = 1000

/** What the C++ program writes with `label`; bench/baseline/journal.h has the same. */
const Label = define('Label', 3, { seq: f64, instrument, note: text(36) })
const NOTES = ['', 'a', 'é', '币安人生', '🚀 to the moon', '123456789012345678901234567890123456']
const SYMBOLS = [
  [0, ''],
  [1, '币安人生USDT'],
  [2, 'BTC-USD-261225-120000-C'],
  [3, '1000000BABYDOGEUSDT'],
  [4, '#4'],
  [4_000_000_000, '🚀-USDT'],
] as const

/** Runs a mode that begins at once. Returns its output, one JSON value a line. */
function runTwin(...words: (string | number)[]): unknown[] {
  const { status, stdout, stderr } = spawnSync(program, words.map(String), { encoding: 'utf8', maxBuffer: 2 ** 26 })
  expect([status, stderr]).toEqual([0, ''])
  return stdout
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as unknown)
}

/** A journal that the C++ program wrote, over several pages. */
async function writtenByTwin(directory: string, ...words: (string | number)[]): Promise<void> {
  const writer = new Baseline(program, ['write', directory, '--frames', FRAMES, '--page', PAGE, ...words])
  await writer.ready()
  writer.go()
  await writer.result()
  await writer.end()
}

/** Reads a journal with the C++ program. It checks each sequence number, and ends with an error if one is wrong. */
async function readByTwin(directory: string, frames: number): Promise<{ frames: number; errors: number; sum: number }> {
  const reader = new Baseline(program, ['read', directory, '--frames', frames])
  await reader.ready()
  const result = await reader.result<{ frames: number; errors: number; sum: number }>()
  await reader.end()
  return result
}

function openReader(directory: string): Reader {
  const reader = Reader.open(directory)
  onTestFinished(() => reader.close())
  return reader
}

/** Polls once per iteration of the event loop until it has read this many frames. */
async function pollAll(reader: Reader, handlers: ReturnType<typeof on>, frames: number): Promise<void> {
  for (let seen = 0; seen < frames; ) {
    seen += reader.poll(handlers)
    await new Promise(resolve => setImmediate(resolve))
  }
}

describe.skipIf('missing' in twin)('a writer in C++', () => {
  it('writes 64-byte frames that we read, page after page', async () => {
    const directory = join(makeFolder('memory'), 'journal')
    await writtenByTwin(directory, '--size', 64, '--timestamps')
    const seen: number[] = []
    let lastTime = 0n
    for (const frame of openReader(directory)) {
      if (!frame.is(Small)) throw new Error(`type ${frame.type}`)
      expect(frame.time).toBeGreaterThanOrEqual(lastTime)
      expect([frame.bid, frame.ask, frame.volume]).toEqual([frame.seq + 0.5, frame.seq + 1, frame.seq + 1.5])
      lastTime = frame.time
      seen.push(frame.seq)
    }
    expect(seen).toEqual(Array.from({ length: FRAMES }, (_, i) => i))
    expect(readdirSync(directory).filter(name => name.endsWith('.page')).length).toBeGreaterThan(3)
  })

  it('writes 128-byte frames in batches that we read, and decode by its schema.json alone', async () => {
    const directory = join(makeFolder('memory'), 'journal')
    await writtenByTwin(directory, '--size', 128, '--batch', 7)
    const frames = Array.from(openReader(directory), frame => ({ slots: frame.slots, values: frame.toObject() }))
    expect(frames.length).toBe(FRAMES)
    expect(frames[4321]).toEqual({
      slots: 2,
      values: {
        seq: 4321,
        price: 4321.5,
        quantity: 4322,
        filled: 4322.5,
        average: 4323,
        bid: 4323.5,
        ask: 4324,
        volume: 4324.5,
      },
    })
  })

  it('sets marks and a layout hash as the format says', async () => {
    const directory = join(makeFolder('memory'), 'journal')
    await writtenByTwin(directory, '--size', 128)
    const reader = openReader(directory)
    for (const seq of [0, 1, 479, 480, 2500, FRAMES - 1]) {
      const slotsOfPage = (PAGE - 4096) / 64
      const page = Math.floor((seq * 2) / slotsOfPage)
      reader.seek({ position: page * slotsOfPage + ((seq * 2) % slotsOfPage) })
      const [frame] = reader as Iterable<FrameView>
      expect(frame.toObject()).toMatchObject({ seq })
    }
    const page = readFileSync(join(directory, '0000000000.page'))
    const schema = JSON.parse(readFileSync(join(directory, 'schema.json'), 'utf8')) as { frames: unknown }
    expect(page.subarray(64, 72)).toEqual(
      createHash('sha256').update(JSON.stringify(schema.frames)).digest().subarray(0, 8),
    )
    expect([page.readUInt32LE(512 + 4), page.readUInt32LE(512 + 8)]).toEqual([256, 512])
    const verified = spawnSync(
      process.execPath,
      [join(import.meta.dirname, '../../..', 'dist', 'cli', 'main.js'), 'verify', directory],
      { encoding: 'utf8' },
    )
    expect(verified.stdout + verified.stderr).toMatch(/sound/)
    expect(verified.status).toBe(0)
  })

  it('writes text and instruments, whose symbols we read by its instruments.json', async () => {
    const directory = join(makeFolder('memory'), 'journal')
    runTwin('label', directory, '--frames', FRAMES, '--page', PAGE)
    const reader = openReader(directory)
    const seen = Array.from(reader, view => (view.is(Label) ? { ...view.toObject(), symbol: view.symbol } : view.type))
    expect(seen).toEqual(
      Array.from({ length: FRAMES }, (_, seq) => {
        const [number, symbol] = SYMBOLS[seq % 6]
        return { seq, instrument: number, symbol, note: NOTES[Math.floor(seq / 6) % 6] }
      }),
    )
    expect(reader.instrument(1)).toEqual({ number: 1, venue: 'binance', symbol: '币安人生USDT', priceTick: '0.0001' })
    const schema = JSON.parse(readFileSync(join(directory, 'schema.json'), 'utf8')) as { frames: unknown }
    const hash = createHash('sha256').update(JSON.stringify(schema.frames)).digest().subarray(0, 8)
    expect(readFileSync(join(directory, '0000000000.page')).subarray(64, 72)).toEqual(hash)
    const report = await verify(directory, { deep: true })
    expect(report.findings).toEqual([])
    expect(report.notes.length).toBeGreaterThan(0) // number 4 has no entry
    // Our writer goes on with it, and keeps its instruments.
    using writer = Writer.open(directory)
    writer.addInstruments([{ number: 4, venue: 'okx', symbol: 'NEW' }])
    writer.write(Label, { seq: FRAMES, instrument: 4, note: '' })
    expect(runTwin('decode', directory).at(-1)).toEqual({
      type: 'Label',
      seq: FRAMES,
      instrument: 4,
      symbol: 'NEW',
      note: '',
    })
  })

  it.each(['barrier', 'ordered'])('wakes our reader that sleeps, announcing frames by %s', async announce => {
    const directory = join(makeFolder('memory'), 'journal')
    const writer = new Baseline(program, [
      'write',
      directory,
      '--frames',
      FRAMES,
      '--page',
      PAGE,
      '--announce',
      announce,
    ])
    await writer.ready()
    const reader = openReader(directory)
    const frames = reader[Symbol.asyncIterator]()
    const first = frames.next()
    // By then the reader sleeps. Without a wake-up it checks again only after a second.
    await new Promise(resolve => setTimeout(resolve, 50))
    writer.go()
    for (let seq = 0; seq < FRAMES; seq++) {
      const { value } = await (seq === 0 ? first : frames.next())
      expect((value as FrameView).toObject()).toMatchObject({ seq })
    }
    await writer.result()
    await writer.end()
  })

  it('holds the lock that excludes our writer, which then continues its journal', async () => {
    const directory = join(makeFolder('memory'), 'journal')
    const writer = new Baseline(program, ['write', directory, '--frames', FRAMES, '--page', PAGE])
    await writer.ready()
    expect(() => Writer.open(directory)).toThrow(WriterLockedError)
    writer.go()
    await writer.result()
    await writer.end()
    const ours = Writer.open(directory)
    expect(ours.recovery.position).toBe(FRAMES)
    for (let seq = FRAMES; seq < 2 * FRAMES; seq++)
      ours.write(Small, { seq, bid: seq + 0.5, ask: seq + 1, volume: seq + 1.5 })
    ours.close()
    expect(await readByTwin(directory, 2 * FRAMES)).toMatchObject({ frames: 2 * FRAMES, errors: 0 })
  })
})

describe.skipIf('missing' in twin)('a reader in C++', () => {
  it.each(['process', 'interval'] as const)('reads what we write, durability %s', async durability => {
    const directory = join(makeFolder('memory'), 'journal')
    const writer = Writer.open(directory, { pageSize: PAGE, durability })
    onTestFinished(() => writer.close())
    for (let seq = 0; seq < FRAMES; seq++) {
      if (seq % 2 === 0) writer.write(Small, { seq, bid: seq + 0.5, ask: seq + 1, volume: seq + 1.5 })
      else
        writer.write(
          Large,
          { seq, price: 1, quantity: 1, filled: 1, average: 1, bid: 1, ask: 1, volume: 1 },
          { cause: seq },
        )
    }
    // Small: 3 × seq + 3 for each even number below FRAMES; Large: 7.
    const even = FRAMES / 2
    expect(await readByTwin(directory, FRAMES)).toMatchObject({
      frames: FRAMES,
      errors: 0,
      sum: 3 * even * (even - 1) + 3 * even + 7 * even,
    })
  })

  it('decodes every kind of field that we write, by schema.json and instruments.json alone', () => {
    const directory = join(makeFolder('memory'), 'journal')
    const Leg = define('Leg', 9, { id: u64, at: i64, leg: instrument, instrument, note: text(60) }, { slots: 2 })
    using writer = Writer.open(directory, { pageSize: PAGE })
    writer.addInstruments([
      { number: 1, venue: 'v', symbol: 'a"\\\u2028é' },
      { number: 2 ** 32 - 1, venue: 'v', symbol: '币🚀', tick: 1e-9, inverse: false, calendar: null },
    ])
    const wanted: unknown[] = []
    for (const note of [...NOTES, 'quote " and \\ and \t', '\ufeffbom', '\u{10ffff}']) {
      const values = { id: 2n ** 64n - 1n, at: -(2n ** 63n), leg: 1, instrument: 2 ** 32 - 1, note }
      writer.write(Leg, values)
      wanted.push({
        type: 'Leg',
        ...values,
        id: String(values.id),
        at: String(values.at),
        legSymbol: 'a"\\\u2028é',
        symbol: '币🚀',
      })
    }
    const kinds = {
      u8: 255,
      i8: -1,
      u16: 65_535,
      i16: -1,
      u32: 2 ** 32 - 1,
      i32: -1,
      f32: 0.5,
      f64: 0.1,
      bool: true,
      side: 'sell',
    } as const
    writer.write(Kinds, { ...kinds, u64: 1n, i64: -1n, text: 'ab', raw: Uint8Array.of(1, 255) })
    wanted.push({ type: 'Kinds', ...kinds, u64: '1', i64: '-1', text: 'ab', raw: '01ff0000' })
    expect(runTwin('decode', directory)).toEqual(wanted)
  })

  it('and writer answer ours, frame by frame', async () => {
    const folder = makeFolder('memory')
    const [there, back] = [join(folder, 'there'), join(folder, 'back')]
    const ours = Writer.open(back, { pageSize: PAGE })
    onTestFinished(() => ours.close())
    const ping = new Baseline(program, ['pingpong', there, back, '--role', 'ping', '--frames', TURNS, '--page', PAGE])
    await ping.ready()
    const reader = openReader(there)
    let expected = 0
    const handlers = on(Small, ({ seq }) => {
      expect(seq).toBe(expected++)
      ours.write(Small, { seq, bid: seq + 0.5, ask: seq + 1, volume: seq + 1.5 })
    })
    ping.go()
    await pollAll(reader, handlers, TURNS)
    expect(await ping.result()).toMatchObject({ errors: 0 })
    await ping.end()
  })
})
