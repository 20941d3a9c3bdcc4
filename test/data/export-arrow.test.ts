import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Table, tableFromIPC } from 'apache-arrow'
import { enumOf, f64, frame, u64, Writer } from 'ticktape'
import { beforeAll, expect, test } from 'vitest'
import { Exporter } from '../../dist/data/export/export.js'
import { symbolOf, writeEvery } from '../support/every-kind.ts'
import { makeFolder, makeFolderForAll } from '../support/folders.ts'
import { Count, Huge } from '../support/frames.ts'
import { fill, PAGE_SIZE, pageFile, patch, slotAt, ticktape, ticktapeWith } from '../support/journals.ts'
import { mountMemory, noMemoryMounts } from '../support/mounts.ts'

type Row = Record<string, unknown>

async function exported(
  directory: string,
  to: string,
  more: { by?: string[]; signal?: AbortSignal } = {},
): Promise<number> {
  const exporter = Exporter.open(directory, to, { format: 'arrow', by: more.by ?? [], decimals: {} }, false)
  await exporter.run(more.signal ?? new AbortController().signal, () => {})
  return exporter.report.frames
}

function tablesOf(to: string, view: string): Table[] {
  return readdirSync(join(to, view))
    .sort()
    .map(name => tableFromIPC(readFileSync(join(to, view, name))))
}

function rowsOf(to: string, view: string): Row[] {
  return tablesOf(to, view).flatMap(table =>
    Array.from({ length: table.numRows }, (_, row) =>
      Object.fromEntries(table.schema.fields.map(({ name }, i) => [name, table.getChildAt(i)?.get(row) as unknown])),
    ),
  )
}

const folder = makeFolderForAll()
const every = join(folder, 'every')
const out = join(folder, 'out')
let written: ReturnType<typeof writeEvery> = []
let frames = 0
beforeAll(async () => {
  written = writeEvery(every, 3000, 7)
  frames = await exported(every, out)
})

test('every kind of field comes back as it was written, hostile values too', () => {
  const rows = rowsOf(out, 'every_kind')
  expect([frames, rows.length]).toEqual([3000, 3000])
  for (const [i, { position: _, time: __, cause_journal: ___, since_root: ____, ...row }] of rows.entries()) {
    const { values, options } = written[i]
    expect({ ...row, o_bytes: Array.from(row['o_bytes'] as Uint8Array) }).toEqual({
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
      o_bytes: Array.from(values.oBytes),
      instrument: values.instrument,
      symbol: symbolOf(values.instrument),
    })
  }
})

test('types are those of the fields, times are ns in UTC, and positions follow each other', () => {
  const [table] = tablesOf(out, 'every_kind')
  const types = Object.fromEntries(table.schema.fields.map(({ name, type }) => [name, String(type)]))
  expect(types).toEqual({
    position: 'Uint64',
    time: 'Timestamp<NANOSECOND, UTC>',
    cause: 'Uint64',
    cause_journal: 'Uint16',
    source: 'Uint16',
    dest: 'Uint16',
    since_root: 'Uint32',
    a_u8: 'Uint8',
    b_i8: 'Int8',
    c_u16: 'Uint16',
    d_i16: 'Int16',
    e_u32: 'Uint32',
    f_i32: 'Int32',
    g_f32: 'Float32',
    h_f64: 'Float64',
    i_u64: 'Uint64',
    j_i64: 'Int64',
    k_bool: 'Bool',
    l_enum: 'Dictionary<Int16, Utf8>',
    m_ascii: 'Utf8',
    n_text: 'Utf8',
    o_bytes: 'FixedSizeBinary[14]',
    instrument: 'Uint32',
    symbol: 'Utf8',
  })
  const positions = rowsOf(out, 'every_kind').map(({ position }) => position as bigint)
  expect(positions.every((position, i) => i === 0 || position > positions[i - 1])).toBe(true)
})

test('the bits of a float and the ns of a time stay', async () => {
  const directory = join(makeFolder(), 'j')
  const times = [0n, 1n, 1_700_000_000_123_456_789n, 2n ** 62n]
  const bits = [0x7ff8000000000001n, 0xfff8dead00000000n, 1n, 1n << 63n]
  {
    using writer = Writer.open(directory, { pageSize: PAGE_SIZE, durability: 'process' })
    for (const time of times) writer.write(Count, { n: 0 }, { time })
  }
  // A NaN keeps its payload in the file, whatever a program makes of it.
  for (const [i, word] of bits.entries()) {
    const bytes = new Uint8Array(8)
    new DataView(bytes.buffer).setBigUint64(0, word, true)
    patch(pageFile(directory, 0), slotAt(i) + 16, bytes)
  }
  await exported(directory, `${directory}-out`)
  const [table] = tablesOf(`${directory}-out`, 'count')
  const raw = (name: string): ArrayBuffer => {
    const { values } = (table.getChild(name)?.data[0] ?? {}) as { values: Uint8Array }
    return values.slice().buffer
  }
  expect(Array.from(new BigUint64Array(raw('n')))).toEqual(bits)
  expect(Array.from(new BigInt64Array(raw('time')))).toEqual(times)
  // A frame of one slot has no room for a cause.
  expect(table.getChild('cause')?.nullCount).toBe(4)
})

test('definitions that changed, frames of no definition, and the largest frames, in batches', async () => {
  const directory = join(makeFolder(), 'j')
  const One = frame('Order', 9, { id: u64, side: enumOf('buy', 'sell') })
  const Two = frame('Order', 9, { id: u64, side: enumOf('buy', 'sell', 'short') })
  {
    using writer = Writer.open(directory, { pageSize: PAGE_SIZE, durability: 'process' })
    for (let i = 0; i < 100; i++) writer.write(One, { id: 2n ** 64n - 1n, side: 'sell' })
    writer.write(Count, { n: 1 })
    // A type that no definition has.
    patch(pageFile(directory, 0), slotAt(100), [77, 77])
  }
  expect(await exported(directory, `${directory}-out`)).toBe(100)
  {
    using writer = Writer.open(directory, { durability: 'process' })
    writer.write(Two, { id: 1n, side: 'short' })
    for (let i = 0; i < 600; i++) writer.write(Huge, { n: i, blob: new Uint8Array(255 * 64 - 40).fill(i) })
  }
  expect(await exported(directory, `${directory}-out`)).toBe(601)
  expect(rowsOf(`${directory}-out`, 'order').map(({ id, side }) => [id, side])).toEqual([
    ...Array.from({ length: 100 }, () => [2n ** 64n - 1n, 'sell']),
    [1n, 'short'],
  ])
  const huge = tablesOf(`${directory}-out`, 'huge')
  expect(huge.reduce((sum, table) => sum + table.numRows, 0)).toBe(600)
  expect(Math.max(...huge.flatMap(table => table.batches.map(batch => batch.numRows)))).toBeLessThanOrEqual(300)
  const rows = rowsOf(`${directory}-out`, 'huge')
  expect(rows.every(({ n, blob }, i) => n === i && (blob as Uint8Array).every(byte => byte === i % 256))).toBe(true)
})

test('an export continues where it ended, also after a kill, and no frame is in it twice', async () => {
  const directory = join(makeFolder(), 'j')
  const to = `${directory}-out`
  using writer = Writer.open(directory, { pageSize: PAGE_SIZE })
  fill(writer, 1500)
  expect(await exported(directory, to)).toBe(1650)
  expect(await exported(directory, to)).toBe(0)
  fill(writer, 500)
  writeFileSync(join(to, '.quote.tmp'), 'half')
  const stopped = new AbortController()
  stopped.abort()
  expect(await exported(directory, to, { signal: stopped.signal })).toBe(0)
  expect(await exported(directory, to)).toBe(550)
  const positions = rowsOf(to, 'quote').map(({ position }) => position as bigint)
  expect([positions.length, new Set(positions).size]).toEqual([2000, 2000])
  expect(readdirSync(to).sort()).toEqual(['export.json', 'note', 'quote'])
  expect(readdirSync(join(to, 'quote')).every(name => name.endsWith('.arrow'))).toBe(true)
})

test('what is not text, and folders, are named errors, and leave no file', async () => {
  const directory = join(makeFolder(), 'j')
  {
    using writer = Writer.open(directory, { pageSize: PAGE_SIZE, durability: 'process' })
    fill(writer, 10)
  }
  patch(pageFile(directory, 0), slotAt(3) + 16, [0xff])
  await expect(exported(directory, `${directory}-out`)).rejects.toMatchObject({
    code: 'ERR_CORRUPT_JOURNAL',
    message: expect.stringContaining("'symbol'") as string,
  })
  expect(readdirSync(`${directory}-out`)).toEqual([])
  await expect(exported(directory, `${directory}-2`, { by: ['day'] })).rejects.toMatchObject({
    code: 'ERR_INVALID_OPTION',
  })
})

test('the command exports several journals, with the name of each', () => {
  const root = makeFolder()
  const Zero = frame('Zero', 8, { n: f64 })
  for (const name of ['a', 'b']) {
    using writer = Writer.open(join(root, 'desk', name), { pageSize: PAGE_SIZE, durability: 'process' })
    fill(writer, 20)
    writer.write(Zero, { n: -0 })
  }
  const { status, stdout } = ticktape('export', join(root, 'desk'), '--arrow', join(root, 'out'), '--json')
  expect([status, JSON.parse(stdout)]).toMatchObject([0, { frames: 46, stopped: false }])
  const rows = rowsOf(join(root, 'out'), 'quote')
  expect(rows.map(({ journal }) => journal)).toEqual([...Array(20).fill('a'), ...Array(20).fill('b')])
  expect(rowsOf(join(root, 'out'), 'zero').map(({ n }) => Object.is(n, -0))).toEqual([true, true])
  expect(ticktape('export', join(root, 'desk'), '--arrow', 'x', '--csv', 'y').stderr).toMatch(
    /^ERR_USAGE: give one of /,
  )
})

/** The command where no package whose name begins so is installed. */
function without(prefix: string, ...args: readonly string[]): ReturnType<typeof ticktape> {
  const hidden = `data:text/javascript,import { register } from 'node:module'; register('data:text/javascript,' + encodeURIComponent("export async function resolve(name, context, next) { if (name.startsWith('${prefix}')) throw Object.assign(new Error('gone'), { code: 'ERR_MODULE_NOT_FOUND' }); return next(name, context) }"))`
  return ticktapeWith({ NODE_OPTIONS: `--import "${hidden.replaceAll('"', '\\"')}"` }, ...args)
}

test('without the package one sentence says what to install; DuckDB is not needed', () => {
  const root = makeFolder()
  expect(without('apache-arrow', 'export', every, '--arrow', join(root, 'a'))).toMatchObject({
    status: 2,
    stdout: '',
    stderr:
      "ERR_PACKAGE_MISSING: Arrow files need the package 'apache-arrow': type npm install apache-arrow, then try again\n",
  })
  expect(without('@duckdb', 'export', every, '--arrow', join(root, 'b'))).toMatchObject({ status: 0, stderr: '' })
  expect(tablesOf(join(root, 'b'), 'every_kind')[0].numRows).toBe(3000)
})

test.skipIf(noMemoryMounts !== undefined)(
  'a full disk is a named error, leaves no part, and the export goes on when there is room',
  async () => {
    const disk = mountMemory(2048)
    const to = join(disk, 'out')
    const filler = join(disk, 'filler')
    writeFileSync(filler, new Uint8Array(1900 * 1024))
    await expect(exported(every, to)).rejects.toMatchObject({ code: 'ERR_JOURNAL_FULL' })
    expect(readdirSync(to)).toEqual([])
    rmSync(filler)
    expect(await exported(every, to)).toBe(3000)
    expect(rowsOf(to, 'every_kind')).toHaveLength(3000)
  },
)
