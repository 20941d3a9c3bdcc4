import { join } from 'node:path'
import { inspect } from 'node:util'
import {
  ascii,
  type FrameView,
  f64,
  frame,
  instrument,
  MergedReader,
  on,
  Reader,
  SchemaMismatchError,
  u32,
  type Values,
  type WriteView,
} from 'ticktape'
import { LatestValues, Ring } from 'ticktape/state'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { failureOf } from '../support/failures.ts'
import { makeFolder } from '../support/folders.ts'
import { journalPath, openReader, openWriter } from '../support/open.ts'

const Quote = frame('Quote', 1, { instrument, price: f64 })
const Spread = frame('Spread', 2, { near: instrument, far: instrument, width: f64 })

const BTC = { number: 1, venue: 'okx', symbol: 'BTC-USD-261225-120000-C' }
const MEME = { number: 2, venue: 'binance', symbol: '币安人生USDT' }
const HIGH = { number: 2 ** 32 - 1, venue: 'binance', symbol: '1000000BABYDOGEUSDT' }

describe('an instrument field', () => {
  it('is four bytes at a multiple of four', () => {
    expect(frame('Any', 1, { a: ascii(1), instrument }).fields[1]).toMatchObject({ size: 4, offset: 20 })
  })

  it('holds every number of 32 bits, and refuses others', () => {
    const writer = openWriter()
    for (const number of [0, 1, 2 ** 31, 2 ** 32 - 1]) writer.write(Quote, { instrument: number, price: 0 })
    expect(Array.from(openReader(writer.path), view => (view.is(Quote) ? view.instrument : -1))).toEqual([
      0,
      1,
      2 ** 31,
      2 ** 32 - 1,
    ])
    for (const number of [-1, 0.5, 2 ** 32, Number.NaN, '1', 1n]) {
      const failure = failureOf(() => writer.write(Quote, { instrument: number as number, price: 0 }))
      expect(failure).toMatchObject({ code: 'ERR_FIELD_VALUE' })
      expect(failure.message).toContain('the number of an instrument')
    }
  })

  it.each([
    // @ts-expect-error: the types refuse it too, and name the reason.
    ['symbol', () => frame('Any', 1, { instrument, symbol: ascii(8) })],
    // @ts-expect-error
    ['symbol', () => frame('Any', 1, { symbol: ascii(8), instrument })],
    // @ts-expect-error
    ['legSymbol', () => frame('Any', 1, { leg: instrument, legSymbol: u32 })],
  ])('leaves no place for a field %s', (name, define) => {
    const failure = failureOf(define as () => unknown)
    expect(failure).toMatchObject({ code: 'ERR_FRAME_DEFINITION' })
    expect(failure.message).toContain(`cannot have a field '${name}' beside its instrument field`)
  })

  it('leaves the name symbol free when it has another name', () => {
    expect(frame('Any', 1, { leg: instrument, symbol: ascii(8) }).fields).toHaveLength(2)
  })

  it('is not the same as a u32 for a program that opens the journal', () => {
    const writer = openWriter()
    writer.write(Quote, { instrument: 1, price: 1 })
    const failure = failureOf(() =>
      openReader(writer.path).poll(on(frame('Quote', 1, { instrument: u32, price: f64 }), () => {})),
    )
    expect(failure).toBeInstanceOf(SchemaMismatchError)
    expect(failure.message).toContain('instrument: instrument at 16 in the journal, u32 at 16 in the program')
  })
})

describe('a view beside an instrument field', () => {
  it('has the symbol, by the name of the field', () => {
    const writer = openWriter()
    writer.addInstruments([BTC, MEME, HIGH])
    writer.write(Quote, { instrument: 2, price: 1 })
    writer.write(Spread, { near: 1, far: HIGH.number, width: 2 })
    const seen: string[] = []
    openReader(writer.path).poll(
      on(Quote, q => void seen.push(q.symbol)).on(Spread, s => void seen.push(s.nearSymbol, s.farSymbol)),
    )
    expect(seen).toEqual([MEME.symbol, BTC.symbol, HIGH.symbol])
  })

  it("is '' for number 0, and '#' and the number for one that the journal does not name", () => {
    const writer = openWriter()
    writer.addInstruments([BTC])
    for (const number of [0, 1, 7, 70_000, 2 ** 32 - 1, 7]) writer.write(Quote, { instrument: number, price: 1 })
    const symbols = Array.from(openReader(writer.path), view => view.is(Quote) && view.symbol)
    expect(symbols).toEqual(['', BTC.symbol, '#7', '#70000', '#4294967295', '#7'])
  })

  it('gives the same string each time, also for an unknown number', () => {
    const writer = openWriter()
    for (let i = 0; i < 2; i++) writer.write(Quote, { instrument: 9, price: 1 })
    const [first, second] = Array.from(openReader(writer.path), view => (view.is(Quote) ? view.symbol : ''))
    expect(Object.is(first, second)).toBe(true)
  })

  it('shows the symbol in JSON and on the console, after the number', () => {
    const writer = openWriter()
    writer.addInstruments([MEME])
    writer.write(Quote, { instrument: 2, price: 1.5 }, { time: 5n })
    for (const view of openReader(writer.path)) {
      expect(JSON.stringify(view)).toBe(
        `{"position":0,"time":"5","type":"Quote","instrument":2,"symbol":"${MEME.symbol}","price":1.5}`,
      )
      expect(inspect(view, { breakLength: Number.POSITIVE_INFINITY })).toBe(
        `Quote { position: 0, time: 5n, instrument: 2, symbol: '${MEME.symbol}', price: 1.5 }`,
      )
    }
  })

  it('leaves the symbol out of toObject, whose values can be written again', () => {
    const writer = openWriter()
    writer.addInstruments([MEME])
    writer.write(Quote, { instrument: 2, price: 1.5 })
    const [copy] = Array.from(openReader(writer.path), view => view.toObject())
    expect(copy).toEqual({ instrument: 2, price: 1.5 })
    writer.write(Quote, copy as Values<typeof Quote>)
    expect(writer.position).toBe(2)
  })

  it('throws when the view has expired, and names the property', () => {
    const writer = openWriter()
    writer.write(Quote, { instrument: 2, price: 1.5 })
    let kept: FrameView<typeof Quote> | undefined
    openReader(writer.path).poll(on(Quote, view => void (kept = view)))
    const failure = failureOf(() => kept?.symbol)
    expect(failure).toMatchObject({ code: 'ERR_VIEW_EXPIRED' })
    expect(failure.message).toContain("'symbol' of a Quote")
  })

  it('cannot be set, neither when reading nor when writing', () => {
    const writer = openWriter()
    const begun = writer.begin(Quote) as WriteView<typeof Quote> & { symbol: string }
    expect(() => (begun.symbol = 'X')).toThrow(TypeError)
    expect(begun.symbol).toBeUndefined()
    writer.abort()
    expect(() => writer.write(Quote, { instrument: 1, price: 1, symbol: 'X' } as never)).toThrow(/no field 'symbol'/)
  })

  it('has the types of its definition', () => {
    expectTypeOf<FrameView<typeof Quote>['symbol']>().toEqualTypeOf<string>()
    expectTypeOf<FrameView<typeof Spread>['farSymbol']>().toEqualTypeOf<string>()
    expectTypeOf<FrameView<typeof Spread>>().not.toHaveProperty('symbol')
    expectTypeOf<Values<typeof Quote>>().toEqualTypeOf<{ instrument: number; price: number }>()
    expectTypeOf<WriteView<typeof Quote>>().not.toHaveProperty('symbol')
  })

  it('takes the symbol from the journal that the frame is in, when journals are merged', () => {
    const paths = ['A', 'B'].map(symbol => {
      const writer = openWriter(journalPath())
      writer.addInstruments([{ number: 1, venue: 'v', symbol }])
      writer.write(Quote, { instrument: 1, price: 1 })
      return writer.path
    })
    const merged = MergedReader.open(paths)
    const seen: [number, string][] = []
    merged.poll(on(Quote, (q, source) => void seen.push([source, q.symbol])))
    merged.close()
    expect(seen).toEqual([
      [0, 'A'],
      [1, 'B'],
    ])
  })

  it('in a ring or a table is the number, because those have no instruments.json', () => {
    const folder = makeFolder('memory')
    using producer = Ring.open(join(folder, 'ring'), { role: 'producer', slots: 16 })
    using consumer = Ring.open(join(folder, 'ring'), { role: 'consumer' })
    producer.write(Quote, { instrument: 3, price: 1 })
    const seen: string[] = []
    consumer.poll(on(Quote, q => void seen.push(q.symbol)))
    using table = LatestValues.open(join(folder, 'table'), Quote, { capacity: 2 })
    table.set(1, { instrument: 4, price: 1 })
    seen.push(table.read(1)?.symbol ?? 'none')
    expect(seen).toEqual(['#3', '#4'])
  })
})

it('a reader that was open before the writer added an instrument finds it', () => {
  const writer = openWriter()
  const reader = Reader.open(writer.path)
  const seen: string[] = []
  const handlers = on(Quote, q => void seen.push(q.symbol))
  writer.write(Quote, { instrument: 1, price: 1 })
  reader.poll(handlers)
  writer.addInstruments([BTC])
  writer.write(Quote, { instrument: 1, price: 1 })
  reader.poll(handlers)
  writer.addInstruments([MEME])
  writer.write(Quote, { instrument: 2, price: 1 })
  writer.write(Quote, { instrument: 1, price: 1 })
  reader.poll(handlers)
  reader.close()
  // Number 1 was asked for before it had an entry: its name is looked up again with the next unknown number.
  expect(seen).toEqual(['#1', '#1', MEME.symbol, BTC.symbol])
})
