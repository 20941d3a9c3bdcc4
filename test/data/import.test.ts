// What was exported comes back as it was; what cannot be imported is named with its file and its line, and leaves nothing.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { DuckDBInstance } from '@duckdb/node-api'
import * as fc from 'fast-check'
import {
  ascii,
  bool,
  bytes,
  enumOf,
  f32,
  f64,
  frame,
  i8,
  i16,
  i32,
  i64,
  instrument,
  Reader,
  text,
  u8,
  u16,
  u32,
  u64,
  verify,
  Writer,
} from 'ticktape'
import { describe, expect, test } from 'vitest'
import { Exporter } from '../../dist/data/export/export.js'
import { type ImportOptions, type ImportReport, importFiles } from '../../dist/data/import/import.js'
import { rejectionOf } from '../support/failures.ts'
import { makeFolder } from '../support/folders.ts'
import { PAGE_SIZE, ticktape } from '../support/journals.ts'

const All = frame(
  'All',
  7,
  {
    a: u8,
    b: i8,
    c: u16,
    d: i16,
    e: u32,
    f: i32,
    g: f32,
    h: f64,
    ok: bool,
    venueTime: i64,
    orderId: u64,
    instrument,
    side: enumOf('buy', 'sell', 'é,"'),
    label: text(24),
    code: ascii(8),
    raw: bytes(3),
  },
  { slots: 3 },
)

const integer = (bits: number, signed: boolean): fc.Arbitrary<number> =>
  signed
    ? fc.integer({ min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1 })
    : fc.integer({ min: 0, max: 2 ** bits - 1 })
const characters = (size: number): fc.Arbitrary<string> =>
  fc
    .oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('"', ',', '\n', '\r\n', ' ', 'a""b', '\ufeffx', 'NULL', '1e5'),
    )
    .map(value => value.replaceAll('\0', '').replaceAll('\r', ''))
    .filter(value => Buffer.byteLength(value) <= size)
const ROWS = fc.record({
  a: integer(8, false),
  b: integer(8, true),
  c: integer(16, false),
  d: integer(16, true),
  e: integer(32, false),
  f: integer(32, true),
  g: fc.float(),
  h: fc.double(),
  ok: fc.boolean(),
  venueTime: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  orderId: fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constantFrom(2n ** 64n - 1n, 2n ** 53n + 1n)),
  instrument: fc.constantFrom(0, 3, 4),
  side: fc.constantFrom('buy', 'sell', 'é,"'),
  label: characters(24),
  code: fc.string({ unit: 'binary-ascii', maxLength: 8 }).map(value => value.replaceAll(/[\0\r]/g, '')),
  raw: fc.uint8Array({ minLength: 3, maxLength: 3 }),
})

/** The bytes of all frames, from the times on; the checksums and positions of journals differ. */
function contents(journal: string): unknown[] {
  using reader = Reader.open(journal)
  return Array.from(reader, one => {
    const { time, cause, causeJournal, source, dest } = one
    return { time, cause, causeJournal, source, dest, ...one.toObject() }
  })
}

/** Imports in this process: the command takes longer to start than to read these files. */
const importing = (paths: readonly string[], to: string, options: Partial<ImportOptions>): Promise<ImportReport> =>
  importFiles(paths, to, {
    schema: '',
    frame: '',
    time: undefined,
    unit: 'ns',
    columns: {},
    pageSize: PAGE_SIZE,
    signal: new AbortController().signal,
    onProgress: () => {},
    ...options,
  })

describe('ticktape import', () => {
  test.each(['parquet', 'csv', 'jsonl'] as const)('brings back what was exported as %s, bit for bit', async format => {
    const folder = makeFolder()
    const journal = join(folder, 'journal')
    {
      using writer = Writer.open(journal, { pageSize: PAGE_SIZE, durability: 'process' })
      writer.addInstruments([{ number: 3, venue: 'v', symbol: 'BTC,"USDT', tick: '0.1' }])
      let time = 1_700_000_000_123_456_789n
      for (const [i, values] of fc.sample(ROWS, { numRuns: 400, seed: 11 }).entries()) {
        time += BigInt(i % 3) * 1_000_000_007n
        writer.write(All, values, {
          time,
          ...(i % 2 === 0 ? {} : { cause: { journal: i, position: 2 ** 40 + i } }),
          source: i,
          dest: 65535,
        })
      }
    }
    const exporter = Exporter.open(journal, join(folder, 'out'), { format, by: [], decimals: {} }, false)
    await exporter.run(new AbortController().signal, () => {})
    const to = join(folder, 'again')
    const report = await importing([join(folder, 'out/all')], to, { frame: 'All', schema: journal })
    expect(report).toEqual({ path: to, frames: 400, files: 1, unused: [] })
    expect(contents(to)).toEqual(contents(journal))
    using reader = Reader.open(to)
    expect(reader.instrument(3)).toEqual({ number: 3, venue: 'v', symbol: 'BTC,"USDT', tick: '0.1' })
    expect(await verify(to, { deep: true })).toMatchObject({ sound: true, findings: [] })
  })

  test('reads captures of others: with a schema of its own, names and times as they are there', () => {
    const folder = makeFolder()
    const schema = join(folder, 'tick.json')
    const fields = [
      { name: 'symbol', kind: 'ascii(8)' },
      { name: 'last', kind: 'f64' },
      { name: 'side', kind: 'enum', values: ['buy', 'sell'] },
      { name: 'id', kind: 'u64' },
    ]
    writeFileSync(schema, JSON.stringify({ frames: [{ name: 'Tick', id: 4, fields }] }))
    const csv = '\ufeffts,symbol,price,side,id,extra\r\n1700000000123.5,BTC,"61,8",sell,1,x\r\n'.replace(
      '"61,8"',
      '61.8',
    )
    writeFileSync(join(folder, 'a.csv.gz'), gzipSync(csv))
    writeFileSync(
      join(folder, 'b.csv'),
      'ts,symbol,price,side,id,extra\n2023-11-14T22:13:20.2+00:00,ETH,-0,buy,18446744073709551615,\n',
    )
    writeFileSync(
      join(folder, 'c.ndjson'),
      '{"ts":1700000000300,"symbol":"SOL","price":1e-9,"side":"buy","id":18446744073709551615}\n',
    )
    const files = ['a.csv.gz', 'b.csv', 'c.ndjson'].map(name => join(folder, name))
    const to = join(folder, 'journal')
    const result = ticktape(
      'import',
      ...files,
      '--to',
      to,
      '--frame',
      'Tick',
      '--schema',
      schema,
      '--map',
      'last=price',
      '--time',
      'ts',
      '--time-unit',
      'ms',
    )
    expect(result).toMatchObject({ status: 0, stderr: 'columns that were not used: extra\n' })
    expect(result.stdout).toBe(`${to}: 3 frames from 3 files\n`)
    expect(contents(to)).toMatchObject([
      { time: 1_700_000_000_123_500_000n, symbol: 'BTC', last: 61.8, side: 'sell', id: 1n },
      { time: 1_700_000_000_200_000_000n, symbol: 'ETH', last: -0, side: 'buy', id: 2n ** 64n - 1n },
      { time: 1_700_000_000_300_000_000n, symbol: 'SOL', last: 1e-9, side: 'buy', id: 2n ** 64n - 1n },
    ])
  })

  test('names the file and the line of what it cannot import, and leaves nothing', async () => {
    const folder = makeFolder()
    const schema = join(folder, 's.json')
    const fields = [
      { name: 'n', kind: 'u8' },
      { name: 'label', kind: 'text(4)' },
      { name: 'side', kind: 'enum', values: ['buy', 'sell'] },
    ]
    const other = [{ name: 'price', kind: 'f64' }]
    const frames = [
      { name: 'T', id: 1, fields },
      { name: 'P', id: 2, slots: 2, fields: other },
      { name: 'S', id: 3, fields: [{ name: 'small', kind: 'f32' }] },
    ]
    writeFileSync(schema, JSON.stringify({ frames }))
    const to = join(folder, 'new')
    const refused = async (
      name: string,
      content: string | Buffer,
      options: Partial<ImportOptions> = {},
      code = 'ERR_IMPORT',
    ): Promise<string> => {
      const file = join(folder, name)
      writeFileSync(file, content)
      const error = await rejectionOf(importing([file], to, { frame: 'T', schema, ...options }))
      expect(error).toMatchObject(code === 'ERR_IMPORT' ? { code, path: expect.any(String) as string } : { code })
      expect(readdirSync(folder).filter(one => one.startsWith('new'))).toEqual([])
      return (error as Error).message.replaceAll(`${folder}/`, '')
    }
    const head = 'time,n,label,side\n1,1,a,buy\n'
    expect(await refused('a.csv', `${head}2,256,a,buy\n`)).toMatch(/^line 3 of a\.csv: .*'n'/)
    expect(await refused('a.csv', `${head}2,1.5,a,buy\n`)).toMatch(
      /^line 3 of a\.csv: 'n' takes a whole number, not '1\.5'/,
    )
    expect(await refused('a.csv', `${head}2,,a,buy\n`)).toMatch(/line 3 of a\.csv: 'n' has no value/)
    expect(await refused('a.csv', `${head}2,1,"a\nb",buy\n3,1,a,hold\n`)).toMatch(
      /line 5 of a\.csv: 'side' takes one of 'buy', 'sell', not 'hold'/,
    )
    expect(await refused('a.csv', `${head}2,1,abcde,buy\n`)).toMatch(/line 3 of a\.csv: .*'label'/)
    expect(await refused('a.csv', `${head}0,1,a,buy\n`)).toMatch(/line 3 of a\.csv is older than the row before it/)
    expect(await refused('a.csv', `${head}-2,1,a,buy\n`)).toMatch(/line 3 of a\.csv: 'time' takes a time from 1970 to/)
    expect(await refused('a.csv', `${head}9999-12-31,1,a,buy\n`)).toMatch(/line 3 of a\.csv: 'time' takes a time from/)
    expect(await refused('a.csv', `${head}2023-02-30,1,a,buy\n`)).toMatch(/line 3 of a\.csv: 'time' takes a time: ISO/)
    expect(await refused('a.csv', `${head}2,1e3,a,buy\n`)).toMatch(/line 3 of a\.csv: .*'n' .*1000/)
    expect(await refused('a.csv', `${head}yesterday,1,a,buy\n`)).toMatch(/line 3 of a\.csv: 'time' takes a time/)
    expect(await refused('a.csv', `${head}2,1,a\n`)).toMatch(/line 3 of a\.csv has 3 values, but there are 4 columns/)
    expect(await refused('a.csv', `${head}2,1,"a,buy\n`)).toMatch(/line 3 of a\.csv has a quote that does not end/)
    expect(await refused('a.csv', `${head}2,1,"a"b,buy\n`)).toMatch(/line 3 of a\.csv has 'b,buy' after the quote/)
    const long = `${head}2,1,${'a'.repeat(2 ** 20)},buy\n`
    expect(await refused('a.csv', `${head}2,1,"a\nb${long}`)).toMatch(/line 3 of a\.csv begins a record of more than/)
    expect(await refused('a.csv', Buffer.concat([Buffer.from(head), Buffer.alloc(2 ** 23, 'a')]))).toMatch(
      /line 3 of a\.csv has more than 1048576 characters/,
    )
    expect(await refused('a.csv', Buffer.from([...Buffer.from(head), 0xff, 0x0a]))).toMatch(
      /line 3 of a\.csv is not UTF-8/,
    )
    expect(await refused('a.csv', Buffer.from([...Buffer.from(`${head}2,1,`), 0xc3]))).toMatch(
      /line 3 of a\.csv is not/,
    )
    for (const [columns, values, column, value] of [
      ['price,source', '1,65536', 'source', '65536'],
      ['price,dest', '1,-1', 'dest', '-1'],
      ['price,cause', `1,${2 ** 48}`, 'cause', String(2 ** 48)],
      ['price', '1e400', 'price', '1e400'],
    ])
      expect(await refused('a.csv', `${columns}\n${values}\n`, { frame: 'P' })).toMatch(
        new RegExp(`^line 2 of a\\.csv: '${column}' takes a (whole )?number .*, not '${value}'`),
      )
    expect(await refused('a.csv', 'small\n1e39\n', { frame: 'S' })).toMatch(
      /^line 2 of a\.csv: 'small' takes a number that/,
    )
    expect(await refused('a.csv', '')).toMatch(/a\.csv is empty/)
    expect(await refused('a.csv', 'n,label\n')).toMatch(
      /a\.csv has no column for side; it has n, label: say which with --map/,
    )
    expect(await refused('a.csv', head, { columns: { m: 'n' } }, 'ERR_INVALID_OPTION')).toMatch(/^a T has no field 'm'/)
    expect(await refused('a.csv', head, { time: 'when' })).toMatch(/a\.csv has no column 'when'/)
    expect(await refused('a.csv.gz', head)).toMatch(/^a\.csv\.gz cannot be read: /)
    expect(await refused('a.jsonl', '{"n":1,"label":"a","side":"buy"}\n{"n":[1]}\n')).toMatch(
      /line 2 of a\.jsonl has a list or an object in 'n'/,
    )
    expect(await refused('a.jsonl', '{"n":1,"label":"a","side":"buy"}\n\n{n:1}\n')).toMatch(
      /line 3 of a\.jsonl is not JSON/,
    )
    expect(await refused('a.jsonl', '{"n":1,"label":"a","side":"buy"}\n{"x":1}\n')).toMatch(
      /line 2 of a\.jsonl has 'x', which the first line has not/,
    )
    expect(await refused('a.parquet', 'PAR1')).toMatch(/^a\.parquet cannot be read: /)
    expect(await refused('a.xml', '<a/>')).toMatch(/a\.xml is of no known kind/)
    const unknown = await refused('a.csv', head, { frame: 'U' }, 'ERR_INVALID_OPTION')
    expect(unknown).toMatch(/s\.json has no frame 'U'; it has T, P, S/)
    for (const bad of [
      { frames: [null] },
      { frames: [{ name: 'T', id: 1, fields: [1] }] },
      { frames: [{ name: 'T', id: 0, fields }] },
      { frames: [{ name: 'T', id: 1, fields: [{ name: 'n', kind: 'text(0)' }] }] },
    ]) {
      writeFileSync(join(folder, 'bad.json'), JSON.stringify(bad))
      expect(await refused('a.csv', head, { schema: join(folder, 'bad.json') })).toMatch(/^bad\.json is no schema: /)
    }
    expect(
      ticktape('import', schema, '--to', to, '--frame', 'T', '--schema', schema, '--time-unit', 'h').stderr,
    ).toMatch(/^ERR_USAGE: --time-unit takes ns, us, ms, s, not 'h'/)
  })

  test('keeps the order of times over all files, and mixes none that have times with those that have none', async () => {
    const folder = makeFolder()
    const schema = join(folder, 's.json')
    writeFileSync(schema, JSON.stringify({ frames: [{ name: 'T', id: 1, fields: [{ name: 'n', kind: 'u8' }] }] }))
    for (const [name, content] of Object.entries({
      a: 'time,n\n5,1\n',
      b: 'time,n\n5,2\n4,3\n',
      c: 'time,n\n4,4\n',
      d: 'n\n5\n',
    }))
      writeFileSync(join(folder, `${name}.csv`), content)
    const refused = async (...names: string[]): Promise<string> => {
      const files = names.map(name => join(folder, `${name}.csv`))
      const error = await rejectionOf(importing(files, join(folder, 'new'), { frame: 'T', schema }))
      expect(error).toMatchObject({ code: 'ERR_IMPORT', path: files.at(-1) })
      return (error as Error).message.replaceAll(`${folder}/`, '')
    }
    expect(await refused('a', 'b')).toMatch(/^line 3 of b\.csv is older than the row before it/)
    expect(await refused('a', 'c')).toMatch(/^line 2 of c\.csv is older than the row before it/)
    expect(await refused('d', 'a')).toMatch(/^a\.csv has times, but d\.csv before it has none/)
  })

  test('begins anew where an earlier import with the same process number was killed', async () => {
    const folder = makeFolder()
    const schema = join(folder, 's.json')
    const T = frame('T', 1, { n: u8 })
    writeFileSync(schema, JSON.stringify({ frames: [{ name: 'T', id: 1, fields: [{ name: 'n', kind: 'u8' }] }] }))
    writeFileSync(join(folder, 'a.csv'), 'time,n\n5,1\n')
    const to = join(folder, 'new')
    {
      using left = Writer.open(`${to}.${process.pid}.tmp`, { pageSize: PAGE_SIZE })
      left.write(T, { n: 9 }, { time: 1n })
    }
    await importing([join(folder, 'a.csv')], to, { frame: 'T', schema })
    expect(contents(to)).toMatchObject([{ time: 5n, n: 1 }])
  })

  test('keeps the digits of JSON lines, and whole numbers in any form', async () => {
    const folder = makeFolder()
    const schema = join(folder, 's.json')
    const fields = [
      { name: 'label', kind: 'text(40)' },
      { name: 'n', kind: 'i32' },
      { name: 'id', kind: 'u64' },
      { name: 'x', kind: 'f64' },
    ]
    writeFileSync(schema, JSON.stringify({ frames: [{ name: 'T', id: 1, fields }] }))
    const lines = [
      '{"label":0.10000000000000000555,"n":1.0,"id":18446744073709551615,"x":1e-400}',
      '{"label":1e400,"n":-2.5e3,"id":1.8446744073709551615e19,"x":-0}',
      '{"label":"\\u0031,\\"2:3","n":0,"id":0e5,"x":0.1}',
    ]
    writeFileSync(join(folder, 'a.jsonl'), `${lines.join('\n')}\n`)
    const to = join(folder, 'new')
    await importing([join(folder, 'a.jsonl')], to, { frame: 'T', schema })
    expect(contents(to)).toMatchObject([
      { label: '0.10000000000000000555', n: 1, id: 2n ** 64n - 1n, x: 0 },
      { label: '1e400', n: -2500, id: 2n ** 64n - 1n, x: -0 },
      { label: '1,"2:3', n: 0, id: 0n, x: 0.1 },
    ])
    for (const bad of [
      '{"label":1,"n":1.5,"id":1,"x":1}',
      '{"label":1,"n":1,"id":1,"x":1e400}',
      '{"label":01}',
      '{1:2}',
    ]) {
      writeFileSync(join(folder, 'bad.jsonl'), `${bad}\n`)
      const error = await rejectionOf(
        importing([join(folder, 'bad.jsonl')], join(folder, 'other'), { frame: 'T', schema }),
      )
      expect(error).toMatchObject({ code: 'ERR_IMPORT', message: expect.stringContaining('line 1 of ') as string })
    }
  })

  test("takes a Parquet file's own times as they are, whatever the unit of numbers is", async () => {
    const folder = makeFolder()
    const schema = join(folder, 's.json')
    writeFileSync(schema, JSON.stringify({ frames: [{ name: 'T', id: 1, fields: [{ name: 'n', kind: 'i64' }] }] }))
    const file = join(folder, 'a.parquet')
    await inDuckDb(`COPY (SELECT TIMESTAMP '2023-11-14 22:13:20.5' AS at, 1700000000500 AS ms, TIMESTAMP '1970-01-01 00:00:01' AS n)
      TO '${file}' (FORMAT parquet)`)
    for (const [i, time] of ['at', 'ms'].entries()) {
      const to = join(folder, `new${i}`)
      await importing([file], to, { frame: 'T', schema, time, unit: 'ms' })
      expect(contents(to)).toMatchObject([{ time: 1_700_000_000_500_000_000n, n: 1_000_000_000n }])
    }
  })

  test('does not take the readable beginning of a Parquet file for all of it', async () => {
    const folder = makeFolder()
    const schema = join(folder, 's.json')
    writeFileSync(schema, JSON.stringify({ frames: [{ name: 'T', id: 1, fields: [{ name: 'n', kind: 'u64' }] }] }))
    const file = join(folder, 'a.parquet')
    // Numbers that cannot be made smaller, so that most of the file is their pages.
    await inDuckDb(
      `COPY (SELECT hash(i) AS n FROM range(300000) AS t(i)) TO '${file}' (FORMAT parquet, ROW_GROUP_SIZE 30000)`,
    )
    const damaged = readFileSync(file)
    // Also of the headers of their pages.
    writeFileSync(file, damaged.fill(0xff, Math.floor(damaged.length * 0.7), Math.floor(damaged.length * 0.9)))
    const error = await rejectionOf(importing([file], join(folder, 'new'), { frame: 'T', schema }))
    expect(error).toMatchObject({ code: 'ERR_IMPORT', path: file })
    expect((error as Error).message).toMatch(/a\.parquet has 300000 rows, of which only the first \d+ can be read: ./)
    expect(readdirSync(folder).sort()).toEqual(['a.parquet', 's.json'])
  })
})

/** Runs a statement. */
async function inDuckDb(sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  try {
    await connection.run(sql)
  } finally {
    connection.closeSync()
    instance.closeSync()
  }
}
