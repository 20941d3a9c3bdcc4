import { join } from 'node:path'
import { inspect } from 'node:util'
import { ascii, bytes, enumOf, f64, frame, i64, MergedReader, on, Reader, Writer } from 'ticktape'
import { LatestValues, Ring } from 'ticktape/state'
import { describe, expect, test } from 'vitest'
import { makeFolder } from '../support/folders.ts'
import { PAGE_SIZE, pageFile, patch, rewrite, slotAt } from '../support/journals.ts'

/** The output of `console.log` and `JSON.stringify` for a view. */

const Fill = frame('Fill', 7, { symbol: ascii(8), price: f64, id: i64, side: enumOf('buy', 'sell'), raw: bytes(2) })
const Large = frame('Large', 8, { note: ascii(8) }, { slots: 2 })
const values = { symbol: 'BTC', price: 1.5, id: -5n, side: 'sell', raw: Uint8Array.of(1, 255) } as const
const TIME = 1_700_000_000_000_000_000n

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** A journal with a fill at position 0 and a large frame, caused by it, at 1. */
function makeJournal(): string {
  const directory = join(makeFolder('memory'), 'j')
  using writer = Writer.open(directory, { pageSize: PAGE_SIZE, durability: 'process' })
  writer.write(Fill, values, { time: TIME })
  writer.write(Large, { note: 'why' }, { time: TIME + 1n, cause: 0, source: 3 })
  return directory
}

describe('a view to read', () => {
  test('JSON has the header and the fields: 64-bit integers as text, bytes in hexadecimal', () => {
    using reader = Reader.open(makeJournal())
    const shown = [...reader].map(json)
    // Views are converted while they are valid: `map` would run after the loop, when they have expired.
    expect(shown).toEqual([
      { type: 'Fill', expired: true },
      { type: 'Large', expired: true },
    ])
    reader.seek({ position: 0 })
    const valid: unknown[] = []
    for (const view of reader) valid.push(json(view))
    expect(valid).toEqual([
      { position: 0, time: String(TIME), type: 'Fill', symbol: 'BTC', price: 1.5, id: '-5', side: 'sell', raw: '01ff' },
      {
        position: 1,
        time: String(TIME + 1n),
        type: 'Large',
        cause: 0,
        causeJournal: 0,
        source: 3,
        dest: 0,
        sinceRoot: 0,
        note: 'why',
      },
    ])
  })

  test('the console shows the name, the header and the fields as they are', () => {
    using reader = Reader.open(makeJournal())
    let shown = ''
    reader.poll(
      on(Fill, view => void (shown = inspect({ view }, { breakLength: Number.POSITIVE_INFINITY }))).on(Large, () => {}),
    )
    expect(shown).toBe(
      `{ view: Fill { position: 0, time: ${TIME}n, symbol: 'BTC', price: 1.5, id: -5n, side: 'sell', raw: Uint8Array(2) [ 1, 255 ] } }`,
    )
  })

  test('an expired view prints that it has expired, and neither throws', () => {
    using reader = Reader.open(makeJournal())
    let kept: unknown
    reader.poll(on(Fill, view => void (kept = view)))
    expect(inspect(kept)).toBe('Fill { <expired> }')
    expect(json([kept])).toEqual([{ type: 'Fill', expired: true }])
    expect(() => (kept as { price: number }).price).toThrow(/was used after/)
  })

  test('a view of a reader that is closed has expired', () => {
    const reader = Reader.open(makeJournal())
    const { value } = reader[Symbol.iterator]().next()
    expect(inspect(value)).toContain("symbol: 'BTC'")
    reader.close()
    expect(inspect(value)).toBe('Fill { <expired> }')
  })

  test('below the requested depth only the name is shown', () => {
    using reader = Reader.open(makeJournal())
    let shown = ''
    reader.poll(on(Fill, view => void (shown = inspect({ a: { view } }, { depth: 1 }))))
    expect(shown).toBe('{ a: { view: [Fill] } }')
  })

  test('infinite numbers and NaN are strings in JSON', () => {
    const directory = join(makeFolder('memory'), 'j')
    using writer = Writer.open(directory)
    for (const price of [Number.NaN, Number.POSITIVE_INFINITY]) writer.write(Fill, { ...values, price })
    using reader = Reader.open(directory)
    const prices: unknown[] = []
    for (const view of reader) prices.push((json(view) as { price: unknown }).price)
    expect(prices).toEqual(['NaN', 'Infinity'])
  })

  test('a value that is invalid for its kind is shown as bytes', () => {
    const directory = makeJournal()
    const at = Fill.fields.find(field => field.name === 'side')?.offset ?? 0
    patch(pageFile(directory, 0), slotAt(0) + at, [9])
    using reader = Reader.open(directory)
    const { value } = reader[Symbol.iterator]().next()
    expect(json(value)).toMatchObject({ symbol: 'BTC', side: { damaged: '09' } })
    expect(inspect(value)).toContain("side: { damaged: '09' }")
  })

  test('a frame without definition shows its payload', () => {
    const directory = makeJournal()
    patch(pageFile(directory, 0), slotAt(0), [99])
    using reader = Reader.open(directory)
    const { value } = reader[Symbol.iterator]().next()
    expect(json(value)).toEqual({
      position: 0,
      time: String(TIME),
      type: 99,
      slots: 1,
      bytes: expect.stringMatching(/^425443[0-9a-f]{90}$/) as string,
    })
    expect(inspect(value)).toContain('slots: 1')
  })
})

test('a view to write shows the fields set so far, and after its commit that it has expired', () => {
  using writer = Writer.open(join(makeFolder('memory'), 'j'))
  const view = writer.begin(Fill)
  view.symbol = 'ETH'
  view.id = 2n ** 62n
  expect(json(view)).toEqual({ type: 'Fill', symbol: 'ETH', price: 0, id: String(2n ** 62n), side: 'buy', raw: '0000' })
  expect(inspect(view, { breakLength: Number.POSITIVE_INFINITY })).toBe(
    "Fill { symbol: 'ETH', price: 0, id: 4611686018427387904n, side: 'buy', raw: Uint8Array(2) [ 0, 0 ] }",
  )
  writer.commit()
  expect(inspect(view)).toBe('Fill { <expired> }')
  expect(json(view)).toEqual({ type: 'Fill', expired: true })
})

test('a merged frame shows its frame and its journal', () => {
  const paths = [makeJournal(), makeJournal()]
  using merged = MergedReader.open(paths)
  const next = merged[Symbol.iterator]().next().value
  expect(json(next)).toMatchObject({ source: 0, frame: { type: 'Fill', symbol: 'BTC', id: '-5' } })
  expect(inspect(next)).toContain("symbol: 'BTC'")
})

test('a value of a table is shown with position and time 0', () => {
  using table = LatestValues.open(join(makeFolder('memory'), 'table'), Fill, { capacity: 4 })
  table.set(2, values)
  expect(json(table.read(2))).toEqual({ position: 0, time: '0', type: 'Fill', ...values, id: '-5', raw: '01ff' })
  const view = table.begin(2)
  view.price = 3
  expect(json(view)).toEqual({ type: 'Fill', ...values, id: '-5', raw: '01ff', price: 3 })
  table.abort()
  expect(inspect(view)).toBe('Fill { <expired> }')
})

test('the views of a ring are shown as those of a journal', () => {
  const path = join(makeFolder('memory'), 'ring')
  using producer = Ring.open(path, { role: 'producer', slots: 16 })
  using consumer = Ring.open(path, { role: 'consumer' })
  const begun = producer.begin(Fill)
  expect(json(begun)).toMatchObject({ type: 'Fill', price: 0 })
  producer.abort()
  producer.write(Fill, values)
  let shown: unknown
  let kept: unknown
  consumer.poll(
    on(Fill, view => {
      shown = json(view)
      kept = view
    }),
  )
  expect(shown).toMatchObject({ type: 'Fill', position: 0, time: '0', id: '-5' })
  expect(inspect(kept)).toBe('Fill { <expired> }')
})

test('a field named toJSON is refused, but a journal that already has one can be read, and JSON shows the frame', () => {
  expect(() => frame('Old', 9, { ['toJSON' as string]: f64 })).toThrow(/'toJSON'.*every frame has that already/)
  const directory = makeJournal()
  rewrite(join(directory, 'schema.json'), text => text.replace('"price"', '"toJSON"'))
  using reader = Reader.open(directory)
  const { value } = reader[Symbol.iterator]().next()
  expect(value?.toObject()).toMatchObject({ symbol: 'BTC', toJSON: 1.5 })
})
