import { readdirSync, readFileSync, rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { frame, inspect, instrument, Reader, repair, u32, verify, Writer } from 'ticktape'
import { describe, expect, it } from 'vitest'
import { failureOf } from '../../support/failures.ts'
import { makeFolder, removeLive } from '../../support/folders.ts'
import { ticktape } from '../../support/journals.ts'
import { journalPath, openReader, openWriter } from '../../support/open.ts'
import { decodeInstruments } from '../../support/plain-decoder.ts'

const Quote = frame('Quote', 1, { instrument, n: u32 })
const BTC = { number: 1, venue: 'okx', symbol: 'BTC-USD-261225-120000-C', priceTick: '0.0005', inverse: true }
const MEME = { number: 2, venue: 'binance', symbol: '币安人生USDT' }

const fileOf = (directory: string): string => join(directory, 'instruments.json')
const textOf = (directory: string): string => readFileSync(fileOf(directory), 'utf8')

/** A closed journal with one quote of each instrument, and its instruments.json replaced by this text. */
function journalWith(text: string | undefined): string {
  const directory = journalPath()
  using writer = Writer.open(directory, { pageSize: 65_536 })
  writer.addInstruments([BTC, MEME])
  for (const number of [1, 2]) writer.write(Quote, { instrument: number, n: number })
  if (text !== undefined) writeFileSync(fileOf(directory), text)
  return directory
}

function symbolsOf(directory: string): string[] {
  return Array.from(openReader(directory), view => (view.is(Quote) ? view.symbol : '?'))
}

describe('a writer', () => {
  it('writes an entry to a line, which an independent decoder reads', () => {
    const writer = openWriter()
    writer.addInstruments([BTC, MEME])
    expect(textOf(writer.path)).toBe(
      `{\n  "format": 1,\n  "instruments": [\n    ${JSON.stringify(BTC)},\n    ${JSON.stringify(MEME)}\n  ]\n}\n`,
    )
    expect([...decodeInstruments(textOf(writer.path)).values()]).toEqual([BTC, MEME])
    expect(statSync(fileOf(writer.path)).mode & 0o777).toBe(0o600)
  })

  it('writes no file before there is an instrument, also for frames with instrument fields', () => {
    const writer = openWriter()
    writer.addInstruments([])
    writer.write(Quote, { instrument: 1, n: 1 })
    expect(readdirSync(writer.path)).not.toContain('instruments.json')
  })

  it('adds to what it has, keeps the order, and leaves the file alone when nothing is new', () => {
    const writer = openWriter()
    writer.addInstruments([MEME])
    writer.addInstruments([BTC, MEME])
    expect(openReader(writer.path).instruments()).toEqual([MEME, BTC])
    const before = statSync(fileOf(writer.path), { bigint: true })
    writer.addInstruments([BTC, MEME])
    const after = statSync(fileOf(writer.path), { bigint: true })
    expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs])
  })

  it('that opens the journal again merges with what an earlier one has added', () => {
    const directory = journalPath()
    for (const entry of [BTC, MEME]) {
      using writer = Writer.open(directory)
      writer.addInstruments([entry])
    }
    expect(openReader(directory).instruments()).toEqual([BTC, MEME])
  })

  it.each([
    ['another symbol', { ...BTC, symbol: 'X' }, 'symbol: "BTC-USD-261225-120000-C" in the journal, "X" in the program'],
    ['another tick', { ...BTC, priceTick: '0.001' }, 'priceTick: "0.0005" in the journal, "0.001" in the program'],
    ['a key more', { ...BTC, calendar: 'cme' }, 'calendar: absent in the journal, "cme" in the program'],
    [
      'a key less',
      { number: 1, venue: 'okx', symbol: BTC.symbol, inverse: true },
      'priceTick: "0.0005" in the journal, absent',
    ],
  ])('refuses %s for a known number, by name, and changes nothing', (_, entry, difference) => {
    const directory = journalWith(undefined)
    const before = textOf(directory)
    using writer = Writer.open(directory)
    const failure = failureOf(() => writer.addInstruments([{ number: 3, venue: 'v', symbol: 'S' }, entry]))
    expect(failure).toMatchObject({ code: 'ERR_INSTRUMENT_MISMATCH', path: fileOf(directory) })
    expect(failure.message).toContain(difference)
    expect(failure.message).toMatch(/Give an instrument whose terms changed a new number$/)
    expect(failure['differences']).toHaveLength(1)
    expect(textOf(directory)).toBe(before)
    writer.addInstruments([{ number: 3, venue: 'v', symbol: 'S' }])
  })

  it('finds long values that differ only at their end different', () => {
    const writer = openWriter()
    writer.addInstruments([{ ...BTC, note: `${'x'.repeat(60)}a` }])
    expect(failureOf(() => writer.addInstruments([{ ...BTC, note: `${'x'.repeat(60)}b` }])).code).toBe(
      'ERR_INSTRUMENT_MISMATCH',
    )
  })

  it('takes entries whose keys come in another order, or are undefined, as the same', () => {
    const writer = openWriter()
    writer.addInstruments([{ priceTick: '1', symbol: 'S', number: 5, venue: 'v' }])
    writer.addInstruments([{ number: 5, venue: 'v', symbol: 'S', priceTick: '1', calendar: undefined } as never])
    expect(openReader(writer.path).instrument(5)).toEqual({ number: 5, venue: 'v', symbol: 'S', priceTick: '1' })
  })

  it.each([
    ['no list', 'x'],
    ['no object', [null]],
    ['a list', [[]]],
    ['no number', [{ venue: 'v', symbol: 'S' }]],
    ['number 0', [{ ...MEME, number: 0 }]],
    ['a number of 33 bits', [{ ...MEME, number: 2 ** 32 }]],
    ['half a number', [{ ...MEME, number: 1.5 }]],
    ['a bigint', [{ ...MEME, number: 1n }]],
    ['no symbol', [{ number: 1, venue: 'v' }]],
    ['an empty symbol', [{ ...MEME, symbol: '' }]],
    ['a symbol of 256 bytes', [{ ...MEME, symbol: 'é'.repeat(128) }]],
    ['a symbol with a NUL', [{ ...MEME, symbol: 'a\0' }]],
    ['a symbol with a line break', [{ ...MEME, symbol: 'a\nb' }]],
    ['a symbol with an escape sequence', [{ ...MEME, symbol: '\u009b2J' }]],
    ['half of a surrogate pair', [{ ...MEME, symbol: '\ud83d' }]],
    ['a venue that is a number', [{ ...MEME, venue: 5 }]],
    ['another key with an object', [{ ...MEME, terms: {} }]],
    ['another key with NaN', [{ ...MEME, tick: Number.NaN }]],
    ['another key with a bigint', [{ ...MEME, tick: 1n }]],
    [
      'a getter that changes its mind',
      [Object.defineProperty({ ...MEME }, 'symbol', { enumerable: true, get: counting() })],
    ],
  ])('refuses %s', (_, entries) => {
    const writer = openWriter()
    const failure = failureOf(() => writer.addInstruments(entries as never))
    expect(failure).toMatchObject({ code: 'ERR_INVALID_OPTION' })
    expect(readdirSync(writer.path)).not.toContain('instruments.json')
  })

  it('refuses two entries with one number', () => {
    const writer = openWriter()
    expect(failureOf(() => writer.addInstruments([MEME, { ...MEME, symbol: 'X' }])).code).toBe(
      'ERR_INSTRUMENT_MISMATCH',
    )
    writer.addInstruments([MEME, { ...MEME }])
  })

  it('refuses more than the file may hold, and what was there stays', () => {
    const writer = openWriter()
    writer.addInstruments([MEME])
    const huge = { number: 3, venue: 'v', symbol: 'S', note: 'x'.repeat(64 * 1024 * 1024) }
    expect(failureOf(() => writer.addInstruments([huge]))).toMatchObject({ code: 'ERR_INVALID_OPTION' })
    expect(openReader(writer.path).instruments()).toEqual([MEME])
  })

  it('keeps what it was given even if the caller changes it afterwards', () => {
    const writer = openWriter()
    const entry = { ...MEME }
    writer.addInstruments([entry])
    entry.symbol = 'X'
    writer.addInstruments([{ number: 3, venue: 'v', symbol: 'S' }])
    expect(openReader(writer.path).instrument(2)).toEqual(MEME)
  })

  it('adds none once it is closed, or when the journal is gone', () => {
    const writer = openWriter()
    removeLive(writer.path)
    expect(failureOf(() => writer.addInstruments([MEME])).code).toBe('ERR_JOURNAL_REPLACED')
    writer.close()
    expect(failureOf(() => writer.addInstruments([MEME])).code).toBe('ERR_CLOSED')
  })

  it('leaves no temporary file, and the next one removes that of a dead writer', () => {
    const directory = journalWith(undefined)
    expect(readdirSync(directory).filter(name => name.endsWith('.tmp'))).toEqual([])
    writeFileSync(`${fileOf(directory)}.tmp`, '{')
    using writer = Writer.open(directory)
    expect(writer.recovery.actions).toContain('removed the unfinished instruments.json.tmp')
    expect(readdirSync(directory)).not.toContain('instruments.json.tmp')
  })

  it('any entries are read as they were given', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }).filter(text => !/\p{Cc}/u.test(text))
    const plain = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    )
    const entry = fc
      .tuple(
        fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        name,
        name,
        fc.dictionary(fc.string({ unit: 'grapheme' }), plain, { maxKeys: 4 }),
      )
      .map(([number, venue, symbol, rest]) => ({ ...rest, number, venue, symbol }))
    const property = fc.property(fc.uniqueArray(entry, { selector: one => one.number, maxLength: 5 }), entries => {
      const writer = openWriter()
      writer.addInstruments(entries)
      const reader = openReader(writer.path)
      // JSON has no −0.
      expect(reader.instruments()).toEqual(JSON.parse(JSON.stringify(entries)))
      for (const { number, symbol } of entries) expect(reader.instrument(number)?.symbol).toBe(symbol)
      writer.close()
      reader.close()
    })
    fc.assert(property, { numRuns: 60, seed: 20_261_127 })
  })
})

/** A symbol at the first look, something else at the second. */
function counting(): () => unknown {
  let looks = 0
  return () => (looks++ === 0 ? 5 : 'S')
}

describe('a reader', () => {
  it('has the entries with all their keys, and undefined for other numbers', () => {
    const reader = openReader(journalWith(undefined))
    expect(reader.instrument(1)).toEqual(BTC)
    expect([0, 3, -1, 0.5, 2 ** 32].map(number => reader.instrument(number))).toEqual(Array(5).fill(undefined))
    expect(Object.isFrozen(reader.instrument(1))).toBe(true)
  })

  it('finds entries that are added while it is open', () => {
    const writer = openWriter()
    const reader = openReader(writer.path)
    expect(reader.instruments()).toEqual([])
    writer.addInstruments([BTC])
    expect(reader.instrument(1)).toEqual(BTC)
    writer.addInstruments([MEME])
    expect(reader.instrument(2)).toEqual(MEME)
    expect(reader.instruments()).toEqual([BTC, MEME])
  })

  it('refuses both once it is closed', () => {
    const reader = Reader.open(journalWith(undefined))
    reader.close()
    for (const call of [() => reader.instrument(1), () => reader.instruments()])
      expect(failureOf(call).code).toBe('ERR_CLOSED')
  })

  it('reads a journal whose instruments.json was removed: symbols are numbers', () => {
    const directory = journalWith(undefined)
    rmSync(fileOf(directory))
    expect(symbolsOf(directory)).toEqual(['#1', '#2'])
    expect(openReader(directory).instruments()).toEqual([])
  })
})

const entryText = JSON.stringify(MEME)

describe('a hostile instruments.json', () => {
  const texts: readonly (readonly [string, string, RegExp])[] = [
    ['empty', '', /is not JSON/],
    ['cut short', '{"format":1,"instruments":[', /is not JSON/],
    ['zeros', '\0'.repeat(100), /is not JSON/],
    ['deep', '['.repeat(100_000), /is not JSON|is not an object/],
    ['null', 'null', /is not an object/],
    ['a list', '[]', /is not an object/],
    ['of another format', '{"format":2,"instruments":[]}', /has format 2, but this library reads 1/],
    ['without a list', '{"format":1}', /no list 'instruments'/],
    ['with an object for a list', '{"format":1,"instruments":{}}', /no list 'instruments'/],
    ['with null for an entry', '{"format":1,"instruments":[null]}', /one is not an object/],
    ['with number 0', `{"format":1,"instruments":[${entryText.replace('2', '0')}]}`, /'number' from 1/],
    ['with a huge number', `{"format":1,"instruments":[${entryText.replace('2', '1e300')}]}`, /'number' from 1/],
    ['with a number as text', `{"format":1,"instruments":[${entryText.replace('2', '"2"')}]}`, /'number' from 1/],
    ['with a number twice', `{"format":1,"instruments":[${entryText},${entryText}]}`, /two have the number 2/],
    [
      'with half a surrogate pair',
      '{"format":1,"instruments":[{"number":1,"venue":"v","symbol":"\\ud83d"}]}',
      /'symbol' of 1 to 255/,
    ],
    [
      'with an escape sequence',
      '{"format":1,"instruments":[{"number":1,"venue":"v","symbol":"\\u001b[2J"}]}',
      /'symbol' of 1 to 255/,
    ],
    [
      'with a long symbol',
      `{"format":1,"instruments":[{"number":1,"venue":"v","symbol":"${'x'.repeat(256)}"}]}`,
      /'symbol' of 1 to 255/,
    ],
    [
      'with a nested value',
      '{"format":1,"instruments":[{"number":1,"venue":"v","symbol":"S","a":{"b":[]}}]}',
      /in "a"/,
    ],
  ]

  it.each(texts)('%s: views show numbers, and everything that can say so says what is wrong', async (_, text, what) => {
    const directory = journalWith(text)
    expect(symbolsOf(directory)).toEqual(['#1', '#2'])
    const reader = openReader(directory)
    for (const call of [() => reader.instrument(1), () => reader.instruments()]) {
      const failure = failureOf(call)
      expect(failure).toMatchObject({ code: 'ERR_CORRUPT_JOURNAL', path: fileOf(directory) })
      expect(failure.message).toMatch(what)
      expect(failure.message).toContain("run 'ticktape repair'")
    }
    const report = await verify(directory)
    expect(report.findings).toMatchObject([{ path: fileOf(directory), what: expect.stringMatching(what) as string }])
    expect(inspect(directory).problems).toMatchObject([{ path: fileOf(directory), code: 'ERR_CORRUPT_JOURNAL' }])
    using writer = Writer.open(directory)
    expect(failureOf(() => writer.addInstruments([BTC])).code).toBe('ERR_CORRUPT_JOURNAL')
    expect(textOf(directory)).toBe(text)
    writer.write(Quote, { instrument: 1, n: 3 })
  })

  it('with a key __proto__ changes no prototype', () => {
    const directory = journalWith(
      '{"format":1,"instruments":[{"number":1,"venue":"v","symbol":"S","__proto__":"x","constructor":null}]}',
    )
    const entry = openReader(directory).instrument(1)
    expect(Object.getPrototypeOf(entry)).toBe(Object.prototype)
    expect(Object.entries(entry ?? {})).toContainEqual(['__proto__', 'x'])
    using writer = Writer.open(directory)
    writer.addInstruments([MEME])
    expect(Object.entries(openReader(directory).instrument(1) ?? {})).toContainEqual(['__proto__', 'x'])
  })

  it.each([
    ['larger than is allowed', (file: string) => truncateSync(file, 64 * 1024 * 1024 + 1), 'ERR_CORRUPT_JOURNAL'],
    ['a link to an endless file', (file: string) => (rmSync(file), symlinkSync('/dev/zero', file)), 'ERR_UNSAFE_PATH'],
  ])('%s is not read', async (_, damage, code) => {
    const directory = journalWith(undefined)
    damage(fileOf(directory))
    expect(symbolsOf(directory)).toEqual(['#1', '#2'])
    const reader = openReader(directory)
    expect(failureOf(() => reader.instrument(1)).code).toBe(code)
    expect((await verify(directory)).findings).toHaveLength(1)
  })

  it('is not read again and again for numbers it does not have', () => {
    const directory = journalPath()
    {
      using writer = Writer.open(directory, { pageSize: 1024 * 1024 })
      for (let number = 1; number <= 1000; number++) writer.write(Quote, { instrument: number, n: 1 })
    }
    const filler = JSON.stringify({ number: 4_000_000_000, venue: 'v', symbol: 'S', note: 'x'.repeat(8 * 1024 * 1024) })
    for (const text of [`{"format":1,"instruments":[${filler}]}`, `{"format":1,"instruments":[${filler}`]) {
      writeFileSync(fileOf(directory), text)
      const begun = performance.now()
      try {
        openReader(directory).instruments()
      } catch (error) {
        expect((error as Error).message).toContain('is not JSON')
      }
      const once = performance.now() - begun
      const from = performance.now()
      expect(symbolsOf(directory).at(-1)).toBe('#1000')
      expect(performance.now() - from).toBeLessThan(300 * once)
    }
  })
})

describe('verify', () => {
  it('of a sound journal with instruments finds nothing, also deep', async () => {
    const report = await verify(journalWith(undefined), { deep: true })
    expect([report.findings, report.notes]).toEqual([[], []])
  })

  it('deep notes the numbers that have no entry, and calls the journal sound', async () => {
    const directory = journalPath()
    {
      using writer = Writer.open(directory)
      writer.addInstruments([BTC])
      for (const number of [0, 1, ...Array.from({ length: 12 }, (_, i) => 50 + i), 50])
        writer.write(Quote, { instrument: number, n: 1 })
    }
    expect((await verify(directory)).notes).toEqual([])
    const report = await verify(directory, { deep: true })
    expect(report.sound).toBe(true)
    expect(report.notes).toMatchObject([
      {
        slot: 2,
        position: 2,
        what: 'frames from here on have instruments that instruments.json does not name: 50, 51, 52, 53, 54, 55, 56, 57, 58, 59 and 2 more',
      },
    ])
  })
})

describe('repair', () => {
  /** Repairs a journal whose instruments.json has this text. */
  async function repaired(text: string | undefined): Promise<{ state: string; complete: boolean; copy: string }> {
    const directory = journalWith(text)
    const report = await repair(directory)
    return { state: report.instruments, complete: report.complete, copy: report.copies[0].path }
  }

  it('copies it', async () => {
    const { state, complete, copy } = await repaired(undefined)
    expect([state, complete]).toEqual(['kept', true])
    expect(symbolsOf(copy)).toEqual([BTC.symbol, MEME.symbol])
    expect(openReader(copy).instrument(1)).toEqual(BTC)
  })

  it('keeps the entries that can be read in a damaged one, and does not call that complete', async () => {
    const good = `{\n  "format": 1,\n  "instruments": [\n    ${JSON.stringify(BTC)},\n    ${JSON.stringify(MEME)}\n  ]\n}\n`
    const cut = await repaired(good.slice(0, -20))
    expect([cut.state, cut.complete]).toEqual(['rebuilt', false])
    expect(symbolsOf(cut.copy)).toEqual([BTC.symbol, '#2'])
    const changed = await repaired(good.replace('"okx"', '"o"kx"'))
    expect(symbolsOf(changed.copy)).toEqual(['#1', MEME.symbol])
  })

  it('reports it as lost when nothing in it can be read', async () => {
    const { state, complete, copy } = await repaired('x'.repeat(1000))
    expect([state, complete]).toEqual(['lost', false])
    expect(symbolsOf(copy)).toEqual(['#1', '#2'])
    expect((await verify(copy)).sound).toBe(true)
    expect(ticktape('repair', journalWith('x')).stdout).toContain('instruments.json is lost; frames keep the numbers')
  })

  it('uses the file that was being written when the writer died', async () => {
    const directory = journalWith(undefined)
    writeFileSync(`${fileOf(directory)}.tmp`, textOf(directory))
    truncateSync(fileOf(directory), 0)
    const report = await repair(directory)
    expect(report.instruments).toBe('rebuilt')
    expect(symbolsOf(report.copies[0].path)).toEqual([BTC.symbol, MEME.symbol])
  })

  it('keeps definitions with text and instruments from a damaged schema.json', async () => {
    const directory = journalWith(undefined)
    truncateSync(join(directory, 'schema.json'), statSync(join(directory, 'schema.json')).size - 3)
    const report = await repair(directory)
    expect(report).toMatchObject({ schema: 'rebuilt', lostTypes: [], instruments: 'kept' })
    expect(symbolsOf(report.copies[0].path)).toEqual([BTC.symbol, MEME.symbol])
  })

  it('makes no such file for a journal that has none', async () => {
    const directory = journalWith(undefined)
    rmSync(fileOf(directory))
    const report = await repair(directory)
    expect(report).toMatchObject({ instruments: 'none', complete: true })
    expect(readdirSync(report.copies[0].path)).not.toContain('instruments.json')
  })
})

it('inspect counts the instruments', () => {
  expect(inspect(journalWith(undefined))).toMatchObject({ instruments: 2, problems: [] })
})

it('a directory with nothing but an instruments.json is no journal, and a writer may make one there', () => {
  const folder = makeFolder()
  writeFileSync(fileOf(folder), '{"format":1,"instruments":[]}')
  expect(failureOf(() => inspect(folder)).code).toBe('ERR_NOT_A_JOURNAL')
  const writer = openWriter(folder)
  writer.addInstruments([MEME])
  expect(openReader(folder).instruments()).toEqual([MEME])
})
