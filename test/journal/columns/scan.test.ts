import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import {
  ascii,
  bool,
  bytes,
  type CommitOptions,
  enumOf,
  f32,
  f64,
  frame,
  i8,
  i16,
  i32,
  i64,
  instrument,
  prune,
  text,
  u8,
  u16,
  u32,
  u64,
  Writer,
} from 'ticktape'
import { expect, test } from 'vitest'
import { columnsOf } from '../../../dist/journal/columns/columns.js'
import { takeMoment } from '../../../dist/journal/columns/moment.js'
import { ColumnScan, type ScanOptions } from '../../../dist/journal/columns/scan.js'
import { openToRead } from '../../../dist/journal/files/directory.js'
import { makeFolder } from '../../support/folders.ts'
import { fill, flip, makeJournal, Note, PAGE_SIZE, pageFile, Quote, slotAt } from '../../support/journals.ts'
import { decodePage, decodeSchema } from '../../support/plain-decoder.ts'

type Row = Record<string, unknown>

/** All rows of a scan, by table. */
function scanned(directory: string, options: ScanOptions, durable = false): Row[][] {
  const opened = openToRead(directory)
  try {
    using scan = new ColumnScan(opened, takeMoment(opened, durable), options)
    return rowsOf(scan, options)
  } finally {
    opened.close()
  }
}

function rowsOf(scan: ColumnScan, options: ScanOptions): Row[][] {
  const tables: Row[][] = options.tables.map(() => [])
  for (let batch = scan.next(); batch !== undefined; batch = scan.next()) {
    const { table, rows, columns } = batch
    for (let row = 0; row < rows; row++)
      tables[table].push(
        Object.fromEntries(
          columns.map(values => {
            const { name, size, kind } = values.column
            if (values.valid?.[row] === 0) return [name, undefined]
            const typed = values.typed(rows)
            const isText = kind === 'ascii' || kind === 'text' || kind === 'bytes'
            return [name, isText ? Buffer.from(typed.slice(row * size, (row + 1) * size) as Uint8Array) : typed[row]]
          }),
        ),
      )
  }
  return tables
}

const names = (definition: typeof Quote | typeof Note | typeof Every): string[] =>
  columnsOf(definition).map(({ name }) => name)

const Every = frame('Every', 7, {
  a: u8,
  b: i8,
  c: u16,
  d: i16,
  e: u32,
  f: i32,
  g: f32,
  h: f64,
  i: u64,
  j: i64,
  k: bool,
  l: enumOf('one', 'two'),
  m: ascii(9),
  n: text(11),
  o: bytes(5),
  p: instrument,
})

test('every kind of field and every value of the header, in the bits that a plain decoder of the format finds', () => {
  const directory = join(makeFolder('memory'), 'j')
  const value = fc.record({
    a: fc.nat(255),
    b: fc.integer({ min: -128, max: 127 }),
    c: fc.nat(65_535),
    d: fc.integer({ min: -32_768, max: 32_767 }),
    e: fc.nat(2 ** 31 - 1).map(n => n * 2 + 1),
    f: fc.integer(),
    g: fc.float(),
    h: fc.double(),
    i: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    j: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    k: fc.boolean(),
    l: fc.constantFrom('one' as const, 'two' as const),
    m: fc.string({ unit: fc.integer({ min: 1, max: 127 }).map(code => String.fromCharCode(code)), maxLength: 9 }),
    n: fc.string({ unit: fc.constantFrom('é', 'x', '漢', ' '), maxLength: 3 }),
    o: fc.uint8Array({ maxLength: 5 }),
    p: fc.nat(2 ** 31 - 1),
  })
  const header: fc.Arbitrary<CommitOptions> = fc.record(
    { cause: fc.nat(2 ** 40), source: fc.nat(65_535), dest: fc.nat(65_535) },
    { requiredKeys: [] },
  )
  const written = fc.sample(fc.tuple(value, header), { numRuns: 1500, seed: 7 })
  {
    using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
    for (const [values, options] of written) {
      writer.write(Every, values, options)
      writer.write(Quote, { symbol: 'X', price: values.h, side: 'buy' })
    }
  }
  const [rows, quotes] = scanned(directory, {
    tables: [
      { definition: Every, columns: names(Every) },
      { definition: Quote, columns: names(Quote) },
    ],
    batch: 100,
  })
  const definitions = decodeSchema(readFileSync(join(directory, 'schema.json'), 'utf8'))
  const frames = readdirSync(directory)
    .filter(name => name.endsWith('.page'))
    .sort()
    .flatMap(name => decodePage(readFileSync(join(directory, name)), definitions).frames)
  const plain = (type: number): Row[] =>
    frames
      .filter(one => one.type === type)
      .map(({ position, time, cause, source, dest, sinceRoot, values }) => ({
        position: BigInt(position),
        time,
        cause: cause === undefined ? undefined : BigInt(cause.position),
        causeJournal: cause?.journal,
        source,
        dest,
        sinceRoot,
        ...values,
      }))
  const padded = (content: unknown, size: number): Buffer =>
    Buffer.concat([Buffer.from(content as string), Buffer.alloc(size)], size)
  const decoded = (row: Row): Row => ({
    ...row,
    k: row['k'] === true ? 1 : 0,
    l: ['one', 'two'].indexOf(row['l'] as string),
    m: padded(row['m'], 9),
    n: padded(row['n'], 11),
    o: padded(row['o'], 5),
  })
  expect(rows).toHaveLength(written.length)
  expect(rows).toEqual(plain(7).map(decoded))
  expect(quotes.map(row => row['price'])).toEqual(plain(1).map(row => row['price']))
  expect(Object.is(rows[0]['h'], written[0][0].h)).toBe(true)
})

test('limits of positions and of times, and conditions on numbers', async () => {
  const directory = join(makeFolder('memory'), 'j')
  const positions = await makeJournal(directory, 3000)
  const quote = { definition: Quote, columns: ['position', 'time', 'price'] }
  const [all] = scanned(directory, { tables: [quote] })
  expect(all.map(row => row['price'])).toEqual(Array.from({ length: 3000 }, (_, i) => i))
  const between = (from: number, to: number): Row[] =>
    all.filter(({ position }) => (position as bigint) >= BigInt(from) && (position as bigint) < BigInt(to))
  const [from, to] = [positions[1000], positions[2500]]
  expect(scanned(directory, { tables: [quote], from, to })[0]).toEqual(between(from, to))
  const [since, until] = [all[700]['time'] as bigint, all[2900]['time'] as bigint]
  expect(scanned(directory, { tables: [quote], since, until })[0]).toEqual(
    all.filter(({ time }) => (time as bigint) >= since && (time as bigint) < until),
  )
  expect(scanned(directory, { tables: [quote], until: 0n })[0]).toEqual([])
  expect(scanned(directory, { tables: [quote], since: 2n ** 62n })[0]).toEqual([])
  const where = [
    { column: 'price', op: '>=', value: 100 },
    { column: 'price', op: '<', value: 110 },
    { column: 'side', op: '=', value: 1 },
  ] as const
  expect(scanned(directory, { tables: [{ ...quote, where }] })[0].map(row => row['price'])).toEqual([
    101, 103, 105, 107, 109,
  ])
  expect(
    scanned(directory, {
      tables: [{ definition: Note, columns: ['id'], where: [{ column: 'id', op: '<=', value: 19n }] }],
    })[0],
  ).toEqual([{ id: 9n }, { id: 19n }])
  expect(() =>
    scanned(directory, { tables: [{ ...quote, where: [{ column: 'symbol', op: '=', value: 1 }] }] }),
  ).toThrow("not on 'symbol'; there are: price, side")
  expect(() => scanned(directory, { tables: [{ definition: Quote, columns: ['prize'] }] })).toThrow("no column 'prize'")
})

test('pages outside of the limits of time are not opened: damage there is not met', async () => {
  const directory = join(makeFolder('memory'), 'j')
  await makeJournal(directory, 4000)
  const quote = { definition: Quote, columns: ['time', 'price'] }
  const [all] = scanned(directory, { tables: [quote] })
  flip(pageFile(directory, 1), slotAt(5) + 2, 3)
  expect(() => scanned(directory, { tables: [quote] })).toThrow(/at slot 5 of .* slots/)
  const since = all[3000]['time'] as bigint
  expect(scanned(directory, { tables: [quote], since })[0].at(-1)).toEqual(all.at(-1))
})

test('a scan of a live journal ends where the journal ended when it began', () => {
  const directory = join(makeFolder('memory'), 'j')
  using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
  fill(writer, 1500)
  const opened = openToRead(directory)
  const options = { tables: [{ definition: Quote, columns: ['price'] }], batch: 64 }
  using scan = new ColumnScan(opened, takeMoment(opened), options)
  expect(scan.next()?.rows).toBe(64)
  fill(writer, 5000)
  expect(rowsOf(scan, options)[0]).toHaveLength(1500 - 64)
  opened.close()
})

test('with durable only frames that survive power loss', async () => {
  const directory = join(makeFolder(), 'j')
  const quotes = { tables: [{ definition: Quote, columns: ['price'] }] }
  using writer = Writer.open(directory, { pageSize: PAGE_SIZE, durability: 'interval', syncInterval: 60_000 })
  fill(writer, 1300)
  await writer.flush()
  fill(writer, 50)
  expect(scanned(directory, quotes)[0]).toHaveLength(1350)
  const durable = scanned(directory, quotes, true)[0].length
  expect(durable).toBeGreaterThanOrEqual(1300)
  expect(durable).toBeLessThanOrEqual(1350)
})

test('pages that are pruned meanwhile, and a journal that is replaced meanwhile, are named errors', async () => {
  const root = makeFolder('memory')
  const directory = join(root, 'j')
  await makeJournal(directory, 6000)
  const options = { tables: [{ definition: Quote, columns: ['price'] }], batch: 64 }
  const opened = openToRead(directory)
  using pruned = new ColumnScan(opened, takeMoment(opened), options)
  pruned.next()
  await prune(directory, { pages: 2 })
  expect(() => rowsOf(pruned, options)).toThrow(expect.objectContaining({ code: 'ERR_POSITION_GONE' }))
  // One that begins afterwards begins at the first page that exists.
  expect(scanned(directory, options)[0].length).toBeGreaterThan(500)

  using replaced = new ColumnScan(opened, takeMoment(opened), options)
  replaced.next()
  renameSync(directory, `${directory}.old`)
  await makeJournal(directory, 6000)
  // The pages that it has open go on to be its own: it may end well, with what the journal was.
  expect(rowsOf(replaced, options)[0].length).toBeGreaterThan(0)
  using removed = new ColumnScan(opened, takeMoment(opened), options)
  removed.next()
  rmSync(`${directory}.old`, { recursive: true })
  expect(() => rowsOf(removed, options)).toThrow(expect.objectContaining({ code: 'ERR_JOURNAL_REPLACED' }))
  opened.close()
})

test('frames without a definition are passed over', async () => {
  const directory = join(makeFolder('memory'), 'j')
  await makeJournal(directory, 100)
  writeFileSync(join(directory, 'schema.json'), JSON.stringify({ format: 1, frames: [] }))
  expect(scanned(directory, { tables: [{ definition: Note, columns: ['id'] }] })[0]).toHaveLength(10)
})
