// Golden journals of each format of schema.json: they read as they did, and a journal without the newer kinds is written as it was.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { type FrameView, frame, instrument, verify, Writer } from 'ticktape'
import { expect, test } from 'vitest'
import { plain } from '../../fixtures/plain.mjs'
import { makeFolder } from '../../support/folders.ts'
import { journalPath, openReader } from '../../support/open.ts'

const FIXTURES = join(import.meta.dirname, '../../fixtures')

/** Unpacks one into a folder of its own. */
function golden(format: 'format-1' | 'format-2', name: string): string {
  const directory = join(makeFolder('memory'), name)
  mkdirSync(directory, { mode: 0o700 })
  for (const file of readdirSync(join(FIXTURES, format, name))) {
    const bytes = gunzipSync(readFileSync(join(FIXTURES, format, name, file)))
    writeFileSync(join(directory, file.replace(/\.gz$/, '')), bytes, { mode: 0o600 })
  }
  return directory
}

/** The frames of a page's file, byte by byte, and the hash of its definitions. */
function contentOf(directory: string, page: string): { frames: string; layoutHash: string } {
  const bytes = readFileSync(join(directory, page))
  return {
    frames: bytes.subarray(4096, 4096 + 64 * bytes.readUInt32LE(128)).toString('hex'),
    layoutHash: bytes.subarray(64, 72).toString('hex'),
  }
}

test('a journal without text and instruments is written as before, byte for byte', () => {
  const directory = golden('format-1', 'plain')
  const copy = journalPath()
  {
    using writer = Writer.open(copy, { pageSize: 65_536, durability: 'process', journalId: 7 })
    for (const view of openReader(directory)) {
      const { time, cause, causeJournal: journal = 0, source, dest } = view
      const options = { time, source, dest, cause: cause === undefined ? undefined : { journal, position: cause } }
      writer.write(view.definition, view.toObject(), view.slots > 1 ? options : { time })
    }
  }
  expect(readdirSync(copy).sort()).toEqual([...readdirSync(directory), 'writer.lock'].sort())
  expect(readFileSync(join(copy, 'schema.json'), 'utf8')).toBe(readFileSync(join(directory, 'schema.json'), 'utf8'))
  for (const page of readdirSync(directory).filter(name => name.endsWith('.page')))
    expect(contentOf(copy, page)).toEqual(contentOf(directory, page))
})

test('it becomes one of format 2 with the first definition that needs it, and stays readable', () => {
  const directory = golden('format-1', 'plain')
  const before = openReader(directory)
  const frames = Array.from(before, view => view.position)
  const text = readFileSync(join(directory, 'schema.json'), 'utf8')
  {
    using writer = Writer.open(directory, { journalId: 7 })
    writer.write(frame('Later', 77, { instrument }), { instrument: 5 })
  }
  const now = readFileSync(join(directory, 'schema.json'), 'utf8')
  expect(now).toMatch(/^\{\n {2}"format": 2,\n/)
  const old = text.replace('"format": 1', '"format": 2').replace(/\n {2}\]\n\}\n$/, '')
  expect(now.startsWith(old)).toBe(true)
  expect(Array.from(openReader(directory), view => view.position).slice(0, -1)).toEqual(frames)
})

test('the golden journal of format 2 reads as it did, symbols included', async () => {
  const directory = golden('format-2', 'instruments')
  const frames: unknown[] = []
  for (const view of openReader(directory) as Iterable<FrameView & Record<string, unknown>>) {
    const { type, position, slots, time, cause, causeJournal, source, dest } = view
    const symbols = { symbol: view['symbol'], legSymbol: view['legSymbol'], farSymbol: view['farSymbol'] }
    frames.push(
      plain({ type, position, slots, time, cause, causeJournal, source, dest, values: view.toObject(), symbols }),
    )
  }
  const wanted = JSON.parse(readFileSync(join(FIXTURES, 'format-2', 'instruments.json'), 'utf8')) as unknown
  expect(JSON.parse(JSON.stringify(frames))).toEqual(wanted)
  expect(openReader(directory).instrument(2)).toEqual({
    number: 2,
    venue: 'okx',
    symbol: 'BTC-USD-261225-120000-C',
    multiplier: 0.01,
    calendar: null,
  })
  expect((await verify(directory, { deep: true })).sound).toBe(true)
})
