import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { prune, Writer } from 'ticktape'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Exporter } from '../../dist/data/export/export.js'
import type { ExportLayout } from '../../dist/data/export/select.js'
import { symbolOf, writeEvery } from '../support/every-kind.ts'
import { makeFolder, makeFolderForAll } from '../support/folders.ts'
import { fill, makeJournal, PAGE_SIZE, Quote, ticktape } from '../support/journals.ts'

let instance: DuckDBInstance
let connection: DuckDBConnection

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:')
  connection = await instance.connect()
})
afterAll(() => {
  connection.closeSync()
  instance.closeSync()
})

type Row = Record<string, unknown>

async function rows(sql: string): Promise<Row[]> {
  return (await connection.runAndReadAll(sql)).getRowObjects()
}

const PARQUET: ExportLayout = { format: 'parquet', by: [], decimals: {} }

async function exported(directory: string, to: string, layout: ExportLayout = PARQUET): Promise<number> {
  const exporter = Exporter.open(directory, to, layout, false)
  await exporter.run(new AbortController().signal, () => {})
  return exporter.report.frames
}

const folder = makeFolderForAll()
const every = join(folder, 'every')
let written: ReturnType<typeof writeEvery> = []
beforeAll(() => {
  written = writeEvery(every, 1000, 3)
})

/** What all formats have to give back, with the bits of the floats. */
function expectSame(row: Row, i: number): void {
  const { values, options } = written[i]
  const plain = values
  const text = (value: unknown): string => (Object.is(value, -0) ? '-0' : String(value))
  expect(
    Object.fromEntries(
      Object.entries(row)
        .filter(([name]) => !['position', 'time', 'cause_journal', 'since_root', 'o_bytes'].includes(name))
        .map(([name, value]) => [name, text(value)]),
    ),
  ).toEqual({
    cause: text(options.cause ?? null),
    source: text(options.source ?? 0),
    dest: text(options.dest ?? 0),
    a_u8: text(plain.aU8),
    b_i8: text(plain.bI8),
    c_u16: text(plain.cU16),
    d_i16: text(plain.dI16),
    e_u32: text(plain.eU32),
    f_i32: text(plain.fI32),
    g_f32: text(plain.gF32),
    h_f64: text(plain.hF64),
    i_u64: text(plain.iU64),
    j_i64: text(plain.jI64),
    k_bool: text(plain.kBool),
    l_enum: plain.lEnum,
    m_ascii: plain.mAscii,
    n_text: plain.nText,
    instrument: text(plain.instrument),
    symbol: symbolOf(plain.instrument),
  })
}

test('Parquet has every kind of field as it was written, with its type', async () => {
  const to = join(folder, 'parquet')
  expect(await exported(every, to)).toBe(1000)
  const found = await rows(`SELECT * FROM '${to}/every_kind/*.parquet' ORDER BY position`)
  expect(found).toHaveLength(1000)
  for (const [i, row] of found.entries()) {
    expectSame(row, i)
    expect(Buffer.from((row['o_bytes'] as { bytes: Uint8Array }).bytes)).toEqual(Buffer.from(written[i].values.oBytes))
  }
  const types = await rows(`DESCRIBE SELECT time, i_u64, h_f64, g_f32, c_u16 FROM '${to}/every_kind/*.parquet'`)
  expect(types.map(row => row['column_type'])).toEqual(['TIMESTAMP_NS', 'UBIGINT', 'DOUBLE', 'FLOAT', 'USMALLINT'])
})

test('CSV and JSON lines give every value back, also hostile texts, NaN and -0', async () => {
  const csv = join(folder, 'csv')
  await exported(every, csv, { ...PARQUET, format: 'csv' })
  const fromCsv = await rows(
    `SELECT * REPLACE (g_f32::FLOAT AS g_f32, h_f64::DOUBLE AS h_f64) FROM read_csv('${csv}/every_kind/*.csv', all_varchar = true, nullstr = '', quote = '"', escape = '"', allow_quoted_nulls = false, new_line = '\\n') ORDER BY position::UBIGINT`,
  )
  expect(fromCsv).toHaveLength(1000)
  for (const [i, row] of fromCsv.entries()) {
    expectSame(row, i)
    expect(row['o_bytes']).toBe(Buffer.from(written[i].values.oBytes).toString('hex'))
  }
  expect(fromCsv[0]['time']).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/)

  const jsonl = join(folder, 'jsonl')
  await exported(every, jsonl, { ...PARQUET, format: 'jsonl' })
  const fromJson = await rows(
    `SELECT j->>'$.h_f64' AS h, j->>'$.i_u64' AS i, j->>'$.n_text' AS n, j->>'$.m_ascii' AS m FROM read_ndjson_objects('${jsonl}/every_kind/*.jsonl') t(j)`,
  )
  expect(fromJson).toHaveLength(1000)
  for (const [i, row] of fromJson.entries()) {
    const { hF64, iU64, nText, mAscii } = written[i].values
    const { h, ...others } = row
    const number = Number(String(h).replace(/^(-?)inf(inity)?$/i, '$1Infinity'))
    expect(Object.is(number, hF64), `${String(h)} for ${hF64}`).toBe(true)
    expect(others).toEqual({ i: String(iU64), n: nText, m: mAscii })
  }
})

test('an export continues where it ended, and no frame is in it twice', async () => {
  const directory = join(makeFolder(), 'j')
  const to = `${directory}-out`
  using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
  fill(writer, 1500)
  expect(await exported(directory, to)).toBe(1650)
  expect(await exported(directory, to)).toBe(0)
  fill(writer, 500)
  // What a kill may leave behind.
  writeFileSync(join(to, '.quote.tmp'), 'half')
  expect(await exported(directory, to)).toBe(550)
  expect(await rows(`SELECT count(*) AS n, count(DISTINCT position) AS d FROM '${to}/quote/*.parquet'`)).toEqual([
    { n: 2000n, d: 2000n },
  ])
  expect(readdirSync(to).sort()).toEqual(['export.json', 'note', 'quote'])
  await expect(exported(directory, to, { ...PARQUET, format: 'csv' })).rejects.toThrow(
    expect.objectContaining({ code: 'ERR_EXPORT' }),
  )
})

test('what was pruned before it was exported, and another journal at the path, are named errors', async () => {
  const root = makeFolder()
  const directory = join(root, 'j')
  const to = join(root, 'out')
  {
    using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
    fill(writer, 500)
    await exported(directory, to)
    fill(writer, 6000)
    await prune(directory, { pages: 2 })
  }
  await expect(exported(directory, to)).rejects.toThrow(/were removed before they were exported/)
  const other = join(root, 'other')
  await makeJournal(other, 100)
  await expect(exported(other, to)).rejects.toThrow(/it is another journal/)
  await expect(exported(other, root)).rejects.toThrow(/has other files/)
})

test('folders by day and symbol, and decimals that must be exact', { timeout: 120_000 }, async () => {
  const directory = join(makeFolder(), 'j')
  {
    using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
    const day = 86_400n * 10n ** 9n
    for (const [i, symbol] of ['A', 'B', 'A', 'B'].entries())
      writer.write(Quote, { symbol, price: i + 0.25, side: 'buy' }, { time: BigInt(20_000 + (i >> 1)) * day })
  }
  const to = `${directory}-out`
  const run = ticktape('export', directory, '--parquet', to, '--by', 'day,symbol', '--decimal', 'price=2', '--json')
  expect(JSON.parse(run.stdout)).toMatchObject({ frames: 4, files: 4, stopped: false })
  expect(readdirSync(join(to, 'quote')).sort()).toEqual(['day=2024-10-04', 'day=2024-10-05'])
  expect(
    await rows(
      `SELECT symbol, price::VARCHAR AS p, day::VARCHAR AS d FROM read_parquet('${to}/quote/**/*.parquet') ORDER BY p`,
    ),
  ).toEqual([
    { symbol: 'A', p: '0.25', d: '2024-10-04' },
    { symbol: 'B', p: '1.25', d: '2024-10-04' },
    { symbol: 'A', p: '2.25', d: '2024-10-05' },
    { symbol: 'B', p: '3.25', d: '2024-10-05' },
  ])
  await expect(exported(directory, `${to}-2`, { ...PARQUET, decimals: { price: 1 } })).rejects.toThrow(
    /more than 1 decimals/,
  )
  await expect(exported(directory, `${to}-3`, { ...PARQUET, by: ['venue'] })).rejects.toThrow(
    /no frame has a column 'venue'/,
  )
})
