/** A market event allocates nothing on its way through gateway and strategy, and an order hardly anything but its id. */
import { expect, test } from 'vitest'
import { runChild } from '../../support/child.ts'
import { newHome } from '../../support/desks.ts'
import { ASAN, skipUnless } from '../../support/skips.ts'

/**
 * Gateway and strategy in turns in one process, over a home's journals. The young generation is so large that no collection runs
 * meanwhile, so all allocated bytes are still counted.
 */
const CODE = `
import { getHeapStatistics } from 'node:v8'
const from = path => import(process.cwd() + '/dist/' + path)
const { SimulatedExchange } = await import('ticktape/trading')
const { FrameRecorder } = await from('frames/frame-recorder.js')
const { Consumer } = await from('runtime/consumer/consumer.js')
const { makeDesk } = await from('trading/desk/make-desk.js')
const { MarketSource } = await from('trading/gateway/market-source.js')
const { StrategySource } = await from('trading/gateway/strategy-source.js')
const { FeedPump } = await from('trading/market/feed-pump.js')
const { entryOf, writeInstrument } = await from('trading/messages/instrument-frames.js')
const { BookTop } = await from('trading/messages/market-frames.js')
const { Order, OrderReport } = await from('trading/messages/order-frames.js')
const { InstrumentTerms } = await from('trading/messages/sequence-frames.js')
const { SEQUENCE_FRAMES, TimerRequest } = await from('trading/sequence/frames.js')
const { HomeDirectory, newIdentity, writeIdentity } = await from('trading/sequence/home.js')
const { Sequence } = await from('trading/sequence/sequence.js')
const { StrategyHost } = await from('trading/strategies/host.js')

const home = HomeDirectory.open(dir)
const identity = newIdentity()
const writer = Writer.open(home.sequence, { journalId: 1, frames: SEQUENCE_FRAMES })
writeIdentity(writer, identity)
const desk = makeDesk(identity, [{ venue: new SimulatedExchange({ name: 'sim' }), isRemote: false }], 0, new FrameRecorder())
desk.outcomes.writeTo(writer)
const instrument = desk.instruments.add({ venue: 'sim', symbol: 'BTCUSDT', kind: 'spot', base: 'BTC', quote: 'USDT', priceTick: '0.1', quantityStep: '0.001' })
writer.addInstruments([entryOf(instrument)])
writeInstrument(writer, instrument)
desk.risk.setOptions({ maxOrderNotional: 1e9, maxExposure: 1e12, maxOpenOrders: 1e6, maxOrdersPerSecond: 1e6, maxDailyLoss: 1e9, maxDrawdown: 1e9 })
desk.startStrategy(1, 'one', 1, false)
const consumer = await Consumer.open({ name: 'one', input: home.sequence, output: home.strategy('one'), writer: { journalId: 4097, frames: [Order, TimerRequest] }, from: 'start', run: 1 })
const sequence = new Sequence(writer, desk.time)
const market = new MarketSource(sequence, desk, () => instrument)
const source = new StrategySource(home.strategy('one'), 1, 0)
const batch = Array.from({ length: 4096 }, (_, i) => ({ kind: 'quote', timeMs: i, symbol: 'BTCUSDT', bid: 1000.1 + i, ask: 1000.3 + i, bidSize: 1.5, askSize: 0.7 }))
const feed = { async *events() { for (;;) yield batch } }
const pump = new FeedPump({ feed, speed: 'max', skip: 0, onProblem() {}, onArrival() {} })

let seen = 0, sum = 0, answered = 0, wanted = 0
const send = (context, instrument) => context.order({ instrument, side: 'buy', quantity: 1, price: 100, timeInForce: 'ioc' })
const strategy = {
  id: 'one',
  onBook(book, context) { seen++; sum += book.instrument; if (wanted > answered && seen % 4096 === 0) send(context, book.instrument) },
  onOrder(report, context) { if (report.state !== 'cancelled') return; answered++; send(context, report.instrument) },
}
const host = new StrategyHost(strategy, { strategy: 1, epoch: 1, seed: 1, replay: false, sequence: 1, accounts: {} }, { begin: d => consumer.begin(d), commit: o => consumer.commit(o), log() {} })
consumer.on(InstrumentTerms, f => { host.instrument(f) }).on(BookTop, f => host.book(f)).on(OrderReport, f => host.report(f))
const { handlers } = consumer

const used = () => getHeapStatistics().used_heap_size
/** In portions, so that no event is seconds old when it is handled: its age would be a number that needs an object. */
async function events(portions) {
  gc()
  let ofGateway = 0, ofStrategy = 0, all = 0
  for (let i = 0; i < portions; i++) {
    const first = used()
    let taken = 0
    while (taken < 8192) { const more = market.take(pump, 0); taken += more; if (more === 0) await undefined }
    const middle = used()
    while (consumer.reader.poll(handlers, 256) > 0);
    ofGateway += middle - first
    ofStrategy += used() - middle
    all += taken
  }
  return [ofGateway / all, ofStrategy / all]
}
function orders(count) {
  wanted = answered + count
  gc()
  const first = used()
  while (answered < wanted) { while (source.take(sequence, desk) > 0); while (consumer.reader.poll(handlers, 256) > 0); }
  return (used() - first) / count
}
// The least of some rounds: V8 compiles meanwhile, and what is not compiled yet makes objects of numbers.
let gateway = Infinity, strategySide = Infinity
for (let i = 0; i < 20 && (i < 4 || gateway >= 4 || strategySide >= 4); i++) {
  const [ofGateway, ofStrategy] = await events(6)
  gateway = Math.min(gateway, ofGateway)
  strategySide = Math.min(strategySide, ofStrategy)
}
// The first order is caused by an event.
wanted = 1
await events(1)
let order = Infinity
for (let i = 0; i < 6; i++) order = Math.min(order, orders(4000))
say({ gateway, strategySide, order, seen, answered, sum: sum === seen })
consumer.close(); source.close(); writer.close(); process.exit()`

test.skipIf(skipUnless(!ASAN, 'what events allocate', 'AddressSanitizer changes what V8 compiles in time'))(
  'a market event allocates nothing on its way through gateway and strategy',
  // A few seconds of work, which take long on a machine with much else to do. What V8 has compiled by then differs from
  // process to process; what always allocates fails in all of them.
  { timeout: 180_000, retry: 3 },
  async () => {
    const { said, stderr } = await runChild(
      CODE,
      [newHome()],
      ['--expose-gc', '--max-semi-space-size=128', '--min-semi-space-size=128'],
    )
    expect(stderr).toBe('')
    const { gateway, strategySide, order, sum } = said[0] as Record<string, number>
    expect(sum).toBe(true)
    // What a burst, a page and a batch of the feed cost once, spread over many events. The smallest object has 12 bytes.
    expect(gateway, 'gateway').toBeLessThan(LESS_THAN_AN_OBJECT)
    expect(strategySide, 'strategy').toBeLessThan(LESS_THAN_AN_OBJECT)
    // The id that order() returns is a bigint, and the request is an object of the strategy.
    expect(order, 'an order').toBeLessThan(MOST_OF_AN_ORDER)
  },
)

/** Bytes. */
const LESS_THAN_AN_OBJECT = 6
const MOST_OF_AN_ORDER = 300
