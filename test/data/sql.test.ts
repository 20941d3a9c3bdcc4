import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { frame, prune, u32, Writer } from 'ticktape'
import { attach } from 'ticktape/sql'
import { BookTop, Order } from 'ticktape/trading'
import { expect, onTestFinished, test } from 'vitest'
import { symbolOf, writeEvery } from '../support/every-kind.ts'
import { makeFolder } from '../support/folders.ts'
import {
  fill,
  flip,
  makeJournal,
  PAGE_SIZE,
  pageFile,
  Quote,
  slotAt,
  startTicktape,
  ticktape,
  ticktapeWith,
} from '../support/journals.ts'

async function connect(): Promise<DuckDBConnection> {
  const instance = await DuckDBInstance.create(':memory:')
  const connection = await instance.connect()
  onTestFinished(() => {
    connection.closeSync()
    instance.closeSync()
  })
  return connection
}

type Row = Record<string, unknown>

async function rows(connection: DuckDBConnection, sql: string): Promise<Row[]> {
  return (await connection.runAndReadAll(sql)).getRowObjects()
}

test('every kind of field is the value that was written, with its header', async () => {
  const directory = join(makeFolder('memory'), 'j')
  const written = writeEvery(directory, 1200)
  const connection = await connect()
  const attachment = await attach(connection, directory)
  const found = await rows(connection, 'SELECT * FROM every_kind ORDER BY position')
  expect(found).toHaveLength(written.length)
  for (const [i, { values, options }] of written.entries()) {
    const row = found[i]
    const { o_bytes, time, position, cause_journal, since_root, ...rest } = row
    expect([cause_journal !== null, since_root !== null]).toEqual([options.cause !== undefined, true])
    expect(rest).toEqual({
      cause: options.cause === undefined ? null : BigInt(options.cause as number),
      source: options.source ?? 0,
      dest: options.dest ?? 0,
      a_u8: values.aU8,
      b_i8: values.bI8,
      c_u16: values.cU16,
      d_i16: values.dI16,
      e_u32: values.eU32,
      f_i32: values.fI32,
      g_f32: values.gF32,
      h_f64: values.hF64,
      i_u64: values.iU64,
      j_i64: values.jI64,
      k_bool: values.kBool,
      l_enum: values.lEnum,
      m_ascii: values.mAscii,
      n_text: values.nText,
      instrument: values.instrument,
      symbol: symbolOf(values.instrument),
    })
    expect(Object.is(row['h_f64'], values.hF64)).toBe(true)
    expect(Buffer.from((o_bytes as { bytes: Uint8Array }).bytes)).toEqual(Buffer.from(values.oBytes))
    expect((time as { nanos: bigint }).nanos).toBeGreaterThan(10n ** 18n)
    expect(typeof position).toBe('bigint')
  }
  const types = await rows(connection, 'DESCRIBE every_kind')
  expect(types.map(row => row['column_type'])).toEqual([
    'UBIGINT',
    'TIMESTAMP_NS',
    'UBIGINT',
    'USMALLINT',
    'USMALLINT',
    'USMALLINT',
    'UINTEGER',
    'UTINYINT',
    'TINYINT',
    'USMALLINT',
    'SMALLINT',
    'UINTEGER',
    'INTEGER',
    'FLOAT',
    'DOUBLE',
    'UBIGINT',
    'BIGINT',
    'BOOLEAN',
    'VARCHAR',
    'VARCHAR',
    'VARCHAR',
    'BLOB',
    'UINTEGER',
    'VARCHAR',
  ])
  await attachment.detach()
  await expect(rows(connection, 'SELECT 1 FROM every_kind')).rejects.toThrow('does not exist')
})

test('all parts of a statement see a live journal at one moment, and the next statement a later one', async () => {
  const directory = join(makeFolder('memory'), 'j')
  using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
  fill(writer, 3000)
  const connection = await connect()
  const attachment = await attach(connection, directory)
  const writing = setInterval(() => fill(writer, 200), 1)
  try {
    let last = 0n
    for (let i = 0; i < 5; i++) {
      const [row] = await rows(
        connection,
        `SELECT (SELECT count(*) FROM quote) AS quotes, (SELECT count(*) FROM note) AS notes`,
      )
      expect(row['notes']).toBe((row['quotes'] as bigint) / 10n)
      expect(row['quotes']).toBeGreaterThan(last)
      last = row['quotes'] as bigint
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  } finally {
    clearInterval(writing)
  }
  await attachment.detach()
})

test('a definition that is new becomes a view with refresh', async () => {
  const directory = join(makeFolder('memory'), 'j')
  const connection = await connect()
  await makeJournal(directory, 10)
  const attachment = await attach(connection, directory)
  expect(attachment.views.map(({ name }) => name)).toEqual(['quote', 'note'])
  expect(await attachment.refresh()).toBe(false)
  {
    using writer = Writer.open(directory)
    writer.write(frame('LateOne', 9, { n: u32 }), { n: 5 })
  }
  expect(await attachment.refresh()).toBe(true)
  expect(await rows(connection, 'SELECT n FROM late_one')).toEqual([{ n: 5 }])
  await attachment.detach()
})

test('pages that are pruned while a statement runs, and damage, are errors with their codes', async () => {
  const directory = join(makeFolder('memory'), 'j')
  await makeJournal(directory, 100_000)
  const connection = await connect()
  const attachment = await attach(connection, directory)
  const statement = connection.runAndReadAll(
    'SELECT sum(a.price + b.price) FROM quote a, (SELECT * FROM quote LIMIT 3000) b',
  )
  statement.catch(() => {}) // It is awaited below.
  while (attachment.progress === 0) await new Promise(resolve => setTimeout(resolve, 1))
  await prune(directory, { pages: 1 })
  await expect(statement).rejects.toThrow('ERR_POSITION_GONE')
  expect(attachment.takeError()).toMatchObject({ code: 'ERR_POSITION_GONE' })
  await attachment.detach()

  const damaged = join(makeFolder('memory'), 'j')
  await makeJournal(damaged, 100)
  flip(pageFile(damaged, 0), slotAt(3) + 16, 7)
  const other = await attach(connection, damaged)
  await expect(rows(connection, 'SELECT symbol FROM quote')).rejects.toThrow('is not ASCII')
  expect(other.takeError()).toMatchObject({ code: 'ERR_CORRUPT_JOURNAL' })
  await other.detach()
})

const book = { instrument: 1, venueTime: 0n, bid: 1, ask: 2, bidSize: 3, askSize: 4 }
const order = {
  orderId: 1n,
  instrument: 1,
  request: 0,
  account: 0,
  side: 'buy',
  orderType: 'limit',
  timeInForce: 'gtc',
  action: 'new',
  postOnly: false,
  reduceOnly: false,
  price: 1,
  quantity: 1,
  stopPrice: 0,
  expireAt: 0n,
  clientOrderId: 'x',
} as const

test('of a home each frame counts once, and frames that the sequence does not have are there too', {
  timeout: 120_000,
}, async () => {
  const home = join(makeFolder(), 'home')
  const Own = frame('OwnState', 900, { n: u32 })
  {
    using sequence = Writer.open(join(home, 'gateway'), { pageSize: PAGE_SIZE })
    for (let i = 0; i < 7; i++) sequence.write(BookTop, book)
    sequence.write(Order, order)
    for (const id of ['a', 'b']) {
      using strategy = Writer.open(join(home, 'strategies', id), { pageSize: PAGE_SIZE })
      strategy.write(Order, order)
      strategy.write(Own, { n: 1 })
    }
  }
  const count = (view: string): string => ticktape('sql', home, `SELECT count(*) AS n FROM ${view}`, '--csv').stdout
  expect(count('book_top')).toBe('n\n7\n')
  const connection = await connect()
  const attachment = await attach(connection, home, { prefix: 'desk_' })
  expect(await rows(connection, 'SELECT count(*) AS n FROM desk_order')).toEqual([{ n: 1n }])
  expect(await rows(connection, 'SELECT journal, n FROM desk_own_state ORDER BY 1')).toEqual([
    { journal: 'strategies/a', n: 1 },
    { journal: 'strategies/b', n: 1 },
  ])
  await attachment.detach()
})

test('CSV, JSON, a table and a Parquet file', { timeout: 120_000 }, async () => {
  const folder = makeFolder()
  const directory = join(folder, 'j')
  await makeJournal(directory, 30)
  const query = 'SELECT symbol, price, side, time FROM quote WHERE price < 2 ORDER BY price'
  const csv = ticktape('sql', directory, query, '--csv')
  expect(csv).toMatchObject({ status: 0, stderr: '' })
  expect(csv.stdout).toMatch(
    /^symbol,price,side,time\nBTC-USDT,0,buy,20\d\d-\d\d-\d\dT[\d:]{8}\.\d{9}Z\nBTC-USDT,1,sell,/,
  )
  const json = ticktape('sql', directory, 'SELECT id, text, raw, ok, cause FROM note LIMIT 1', '--json')
  expect(JSON.parse(json.stdout)).toEqual({
    id: '9',
    text: 'a b',
    raw: '\\x01\\x02\\x00\\x00\\x00\\x00\\x00\\x00',
    ok: true,
    cause: '9',
  })
  expect(ticktape('sql', directory, 'SELECT NULL AS a, 1.5 AS b').stdout).toBe('   a    b\nNULL  1.5\n1 row\n')
  // A text keeps the byte order mark at its front.
  const marked = `SELECT chr(65279) || 'x' AS "a""b", NULL::VARCHAR AS c, '' AS d`
  expect(ticktape('sql', directory, marked, '--csv').stdout).toBe('"a""b",c,d\n\ufeffx,,""\n')
  expect(ticktape('sql', directory, marked, '--json').stdout).toBe('{"a\\"b":"\ufeffx","c":null,"d":""}\n')
  const file = join(folder, 'quotes.parquet')
  expect(ticktape('sql', directory, 'SELECT * FROM quote;', '--parquet', file).status).toBe(0)
  const connection = await connect()
  expect(await rows(connection, `SELECT count(*) AS n, sum(price) AS s FROM '${file}'`)).toEqual([{ n: 30n, s: 435 }])
  expect(readdirSync(folder).sort()).toEqual(['j', 'quotes.parquet'])
})

test('what is wrong is said in one line, with a code and the exit code 2', { timeout: 120_000 }, async () => {
  const folder = makeFolder()
  const directory = join(folder, 'j')
  await makeJournal(directory, 3)
  const query = ticktape('sql', directory, 'SELECT * FROM quotes')
  expect(query).toMatchObject({ status: 2, stdout: '' })
  expect(query.stderr).toMatch(/^ERR_QUERY: .*Did you mean "quote".*\n$/)
  // DuckDB's own stream of these rows would end early and without an error.
  const late = ticktape(
    'sql',
    directory,
    "SELECT CASE WHEN i > 500000 THEN error('too late') ELSE i END FROM range(1000000) t(i)",
    '--csv',
  )
  expect(late).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringMatching(/^ERR_QUERY: .*too late/) as string,
  })
  expect(ticktape('sql', directory, 'SELECT 1', '--csv', '--parquet', 'x').stderr).toMatch(/^ERR_USAGE: /)
  const hidden = `data:text/javascript,import { register } from 'node:module'; register('data:text/javascript,' + encodeURIComponent("export async function resolve(name, context, next) { if (name.startsWith('@duckdb')) throw Object.assign(new Error('gone'), { code: 'ERR_MODULE_NOT_FOUND' }); return next(name, context) }"))`
  const missing = ticktapeWith(
    { NODE_OPTIONS: `--import "${hidden.replaceAll('"', '\\"')}"` },
    'sql',
    directory,
    'SELECT 1',
  )
  expect(missing).toMatchObject({
    status: 2,
    stderr:
      "ERR_PACKAGE_MISSING: SQL and Parquet need the package '@duckdb/node-api': type npm install @duckdb/node-api, then try again\n",
  })
})

test('since and until pass over pages: damage outside is not met', async () => {
  const directory = join(makeFolder(), 'j')
  await makeJournal(directory, 4000)
  const connection = await connect()
  const attachment = await attach(connection, directory)
  const [{ t }] = await rows(connection, 'SELECT epoch_ns(time) AS t FROM quote WHERE price = 3000')
  flip(pageFile(directory, 1), slotAt(5) + 2, 3)
  await expect(rows(connection, 'SELECT count(*) FROM quote')).rejects.toThrow('ERR_CORRUPT_JOURNAL')
  expect(
    await rows(connection, `SELECT min(price) AS p FROM scan_quote(since := make_timestamp_ns(${String(t)}))`),
  ).toEqual([{ p: 3000 }])
  const since = ticktape('sql', directory, '--since', String(t), 'SELECT min(price) AS p FROM quote', '--csv')
  expect(since.stdout).toBe('p\n3000\n')
  await attachment.detach()
})

test('Ctrl-C ends a long query with exit code 130 and leaves no file', async () => {
  const directory = join(makeFolder('memory'), 'j')
  using writer = Writer.open(directory)
  fill(writer, 30_000)
  writer.write(Quote, { symbol: 'last', price: 1, side: 'buy' })
  const child = startTicktape(
    'sql',
    directory,
    'SELECT count(*) FROM quote a, quote b, quote c WHERE a.price + b.price + c.price < 0',
  )
  // It is loaded after the signal has its handler.
  while (!readFileSync(`/proc/${child.pid}/maps`, 'utf8').includes('libduckdb'))
    await new Promise(resolve => setTimeout(resolve, 20))
  child.kill('SIGINT')
  expect(await once(child, 'close')).toEqual([130, null])
  expect(readdirSync(tmpdir()).filter(name => name.startsWith(`ticktape-sql-${child.pid}-`))).toEqual([])
})
