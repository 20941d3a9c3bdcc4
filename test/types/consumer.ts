/**
 * A user's program, which is compiled and never run. It must compile with the package's types, with strict options and several versions of
 * TypeScript (`npm run test:types`). A line after `@ts-expect-error` must be refused.
 */
import {
  ascii,
  bool,
  bytes,
  enumOf,
  type Fields,
  type FrameDefinition,
  type FrameHandler,
  type FrameView,
  f64,
  frame,
  Handlers,
  type InstrumentEntry,
  i64,
  instrument,
  MergedReader,
  on,
  Reader,
  text,
  u32,
  type Values,
  Writer,
  type WriteView,
} from 'ticktape'
import { type CaptureFeed, defineStrategy, type Feed, type OrderReportView, type TickerView } from 'ticktape/runtime'
import { LatestValues, Ring } from 'ticktape/state'
import { type OrderReportValues, Positions, Ticker as TradingTicker } from 'ticktape/trading'

const Ticker = frame('Ticker', 1, {
  symbol: ascii(16),
  last: f64,
  count: u32,
  id: i64,
  side: enumOf('buy', 'sell'),
  live: bool,
  raw: bytes(4),
})

/** Fails to compile unless each of the two types is assignable to the other, and neither is `any`. */
type Same<A, B> = 0 extends 1 & A & B ? false : [A, B] extends [B, A] ? true : false
function same<A, B>(...proof: Same<A, B> extends true ? [] : [never]): void {
  void proof
}

// Values are inferred from the definition.
same<Values<typeof Ticker>['last'], number>()
same<Values<typeof Ticker>['side'], 'buy' | 'sell'>()
same<Values<typeof Ticker>['id'], bigint>()
same<Values<typeof Ticker>['raw'], Uint8Array>()

// A handler is annotated by the definition, or by its fields.
const handleTicker = (t: FrameView<typeof Ticker>): void => {
  same<typeof t.last, number>()
  same<typeof t.symbol, string>()
  same<typeof t.side, 'buy' | 'sell'>()
  same<typeof t.live, boolean>()
  same<typeof t.time, bigint>()
  same<typeof t.cause, number | undefined>()
  // @ts-expect-error -- read views are read-only
  t.last = 1
  // @ts-expect-error -- no such field
  void t.lats
}
const typed: FrameHandler<typeof Ticker> = (t, source) => t.last + source
function last<F extends Fields>(definition: FrameDefinition<F>, view: FrameView<F>): number {
  return view.is(definition) ? view.position : -1
}
type TickerFields = { symbol: ReturnType<typeof ascii>; last: typeof f64 }
const byFields = (t: FrameView<TickerFields>): number => t.last

export const handlers = on(Ticker, handleTicker)
  .on(frame('Other', 2, { symbol: ascii(8), last: f64 }), byFields)
  .otherwise(f => f.type)
export const more = new Handlers().on(Ticker, typed)

// The result of a handler is ignored, unless it is a promise.
on(Ticker, t => t.last)
on(Ticker, t => new Map([[t.symbol, t.last]]).set(t.symbol, 1))
on(Ticker, t => [t.last])
on(Ticker, t => (t.live ? t.toObject() : undefined))
on(Ticker, t => console.log(t.symbol))
on(Ticker, t => JSON.parse(t.symbol))
// @ts-expect-error -- the frame of an async handler would expire
on(Ticker, async t => {
  await Promise.resolve(t.last)
})
// @ts-expect-error -- the promise would not be awaited
on(Ticker, t => Promise.resolve(t.last))
// @ts-expect-error -- the same as in on()
on(Ticker, t => t.last).otherwise(async () => {})
// @ts-expect-error -- the same for a strategy's handlers
defineStrategy({ id: 'one', onTicker: async () => {} })
defineStrategy({ id: 'two', onTicker: (ticker, context) => context.log(ticker.symbol) })

// The body of atomic() is synchronous.
export function together(writer: Writer): number {
  // @ts-expect-error -- frames written after an await would not be part of it
  void writer.atomic(8, async () => {})
  // @ts-expect-error -- the same
  void writer.atomic(8, () => Promise.resolve(1))
  writer.atomic(8, () => {})
  return writer.atomic(8, () => 1)
}

// Reserved names are refused.
// @ts-expect-error -- every frame has a time
frame('Timed', 3, { time: i64 })
// @ts-expect-error -- every frame has a position
frame('Placed', 3, { symbol: ascii(8), position: u32 })
// @ts-expect-error -- every view has toJSON
frame('Json', 3, { toJSON: u32 })
// Views have the symbols of instruments.
const Spread = frame('Spread', 4, { instrument, far: instrument, note: text(8) })
export const spreads = on(Spread, s => {
  same<typeof s.instrument, number>()
  same<typeof s.symbol, string>()
  same<typeof s.farSymbol, string>()
  same<typeof s.note, string>()
  same<ReturnType<typeof s.toObject>, { instrument: number; far: number; note: string }>()
  // @ts-expect-error -- a symbol cannot be set
  s.symbol = 'BTCUSDT'
})
// @ts-expect-error -- no instrument, no symbol
on(frame('Plain', 5, { n: u32 }), p => p.symbol)
// @ts-expect-error -- views have 'symbol' already
frame('Twice', 6, { instrument, symbol: ascii(8) })
export function name(writer: Writer, reader: Reader): string | undefined {
  const entry: InstrumentEntry = { number: 1, venue: 'okx', symbol: 'BTC-USDT', priceTick: '0.1' }
  writer.addInstruments([entry])
  return reader.instrument(1)?.symbol
}

export function defineAny(fields: Fields): FrameDefinition {
  return frame('Any', 3, fields)
}

export async function read(path: string, signal: AbortSignal): Promise<void> {
  using reader = Reader.open(path, { from: { name: 'me', start: 'end' }, signal })
  for (const view of reader) if (view.is(Ticker)) same<typeof view.last, number>()
  for await (const view of reader.follow({ signal })) {
    if (!view.is(Ticker)) continue
    same<typeof view.side, 'buy' | 'sell'>()
    same<ReturnType<typeof view.toObject>, Values<typeof Ticker>>()
    last(Ticker, view)
    break
  }
  const merged = MergedReader.open([path])
  for await (const { frame: view, source } of merged) {
    same<typeof source, number>()
    if (view.is(Ticker)) handleTicker(view)
  }
  await reader.run(handlers, { wait: 'spin', signal })
}

export function write(path: string): void {
  using writer = Writer.open(path, { frames: [Ticker], retain: { pages: 3 } })
  const t: WriteView<typeof Ticker> = writer.begin(Ticker)
  t.side = 'sell'
  // @ts-expect-error -- not one of its names
  t.side = 'hold'
  // @ts-expect-error -- a position is read-only
  t.position = 4
  writer.commit({ source: 1 })
  // @ts-expect-error -- fields are missing
  writer.write(Ticker, { symbol: 'BTC-USDT' })
}

export function share(path: string): void {
  const table = LatestValues.open(path, Ticker, { capacity: 8 })
  const view: FrameView<typeof Ticker> | undefined = table.read(1)
  same<typeof view, ReturnType<typeof table.read>>()
  const ring = Ring.open(path, { role: 'consumer' })
  ring.poll(on(TradingTicker, (t: TickerView) => t.bid))
}

export const reported = (report: OrderReportView): OrderReportValues => report.toObject()
export const feed = (capture: CaptureFeed): Feed => capture
export const positions = new Positions({ scale: { price: 8, quantity: 8 } })
