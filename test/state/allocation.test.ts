/** Hot calls allocate nothing: the heap of a process does not grow when it makes millions of them. */
import { expect, test } from 'vitest'
import { runChild } from '../support/child.ts'
import { ASAN, skipUnless } from '../support/skips.ts'
import { statePath } from '../support/state.ts'

/**
 * The bytes by which the heap grew per call. No collection runs meanwhile, because the young generation is larger than all that is
 * allocated.
 */
const MEASURE = `
  const S = await import('ticktape/state')
  const T = await import('ticktape')
  const Ticker = T.frame('Ticker', 1, { symbol: T.ascii(16), last: T.f64, bid: T.f64, ask: T.f64, volume: T.f64 })
  const CALLS = 300000
  const perCall = body => {
    for (let i = 0; i < 5; i++) body(CALLS / 5)
    let least = Infinity
    for (let i = 0; i < 5; i++) {
      gc()
      const before = process.memoryUsage().heapUsed
      body(CALLS)
      least = Math.min(least, (process.memoryUsage().heapUsed - before) / CALLS)
    }
    return Math.round(least * 10) / 10
  }
`

const CODE = `${MEASURE}
  const book = S.TopOfBook.open(dir + '.book')
  const inFlight = S.InFlight.open(dir + '.flight')
  const latest = S.LatestValues.open(dir + '.latest', Ticker)
  const counters = S.Counters.open(dir + '.counters')
  const breaker = S.CircuitBreaker.open(dir + '.breaker')
  const producer = S.Ring.open(dir + '.ring', { role: 'producer', slots: 64 })
  const consumer = S.Ring.open(dir + '.ring', { role: 'consumer' })
  const sent = counters.counter('sent'), lag = counters.gauge('lag')
  const quote = { bid: 1, ask: 2, bidSize: 3, askSize: 4 }, values = { symbol: 'BTC-USDT', last: 1.5, bid: 2, ask: 3, volume: 4 }
  let sum = 0
  const handlers = on(Ticker, t => { sum = (sum + t.last + t.symbol.length) | 0 })
  const found = {
    book: perCall(n => { for (let i = 0; i < n; i++) { quote.bid = i & 255; book.set(i & 511, quote); book.setBid(i & 511, 7, 8); book.setAsk(i & 511, 9); sum = (sum + book.read(i & 511, quote).ask) | 0 } }),
    inFlight: perCall(n => { for (let i = 0; i < n; i++) { inFlight.tryAcquire(i & 511); inFlight.releaseAfter(i & 511, 10); inFlight.release(i & 511) } }),
    // Each call has a separate loop, because V8 inlines only a limited amount into one loop. A getter that is not inlined returns its
    // number as an object.
    latestSet: perCall(n => { for (let i = 0; i < n; i++) latest.set(i & 511, values) }),
    latestBegin: perCall(n => { for (let i = 0; i < n; i++) { latest.begin(i & 511).bid = i; latest.commit() } }),
    latestRead: perCall(n => { for (let i = 0; i < n; i++) sum = (sum + latest.read(i & 511).last) | 0 }),
    counters: perCall(n => { for (let i = 0; i < n; i++) { sent.add(1); lag.set(i) } }),
    breaker: perCall(n => { for (let i = 0; i < n; i++) { if (breaker.check(i & 511, 1) === null) sum++; breaker.recordSuccess() } }),
    ring: perCall(n => { for (let i = 0; i < n; i++) { const t = producer.begin(Ticker); t.symbol = 'ETH-USDT'; t.last = i; producer.commit(); producer.write(Ticker, values); if (i % 16 === 15) consumer.poll(handlers) } }),
    gaugeAdd: perCall(n => { for (let i = 0; i < n; i++) lag.add(1) }),
  }
  say(found); process.exit()`

test.skipIf(skipUnless(!ASAN, 'what hot calls allocate', 'AddressSanitizer changes what V8 compiles in time'))(
  'hot calls allocate nothing; a call that is documented to allocate does',
  async () => {
    const { said, stderr } = await runChild(
      CODE,
      [statePath()],
      ['--expose-gc', '--max-semi-space-size=128', '--min-semi-space-size=128'],
    )
    expect(stderr).toBe('')
    const { gaugeAdd, ...found } = said[0] as Record<string, number>
    // Less than a byte per call: V8 itself allocates a little from time to time.
    for (const [name, bytes] of Object.entries(found)) expect(bytes, name).toBeLessThan(1)
    expect(gaugeAdd).toBeGreaterThan(16)
  },
  120_000,
)
