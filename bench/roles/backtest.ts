// A process that writes a journal of market data, and runs a strategy on it.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Writer } from 'ticktape'
import { backtest } from 'ticktape/runtime'
import { BookTop, Trade } from 'ticktape/trading'
import { pinTo, serve } from '../support/child.js'
import { Profile } from '../support/profile.js'

const INSTRUMENT = {
  number: 1,
  venue: 'sim',
  symbol: 'BTCUSDT',
  kind: 'perpetual',
  base: 'BTC',
  quote: 'USDT',
  priceTick: '0.1',
  quantityStep: '0.001',
} as const
const BEGIN_NS = 1_767_225_600_000_000_000n
/** ns between two events: 10,000 a second. */
const STEP_NS = 100_000n

serve({
  /** A walk of the price; every fifth event is a trade. */
  write({ journal, events }: { journal: string; events: number }) {
    const writer = Writer.open(journal, { durability: 'process', frames: [BookTop, Trade] })
    writer.addInstruments([INSTRUMENT])
    let seed = 12345
    let middle = 600_000
    for (let i = 0; i < events; i++) {
      seed ^= seed << 13
      seed ^= seed >>> 17
      seed ^= seed << 5
      const drawn = seed >>> 0
      if (drawn % 10 === 0) middle += (drawn & 16) === 0 ? 1 : -1
      const venueTime = BEGIN_NS + BigInt(i) * STEP_NS
      if (i % 5 === 4) {
        const trade = writer.begin(Trade)
        trade.instrument = 1
        trade.venueTime = venueTime
        trade.side = (drawn & 32) === 0 ? 'buy' : 'sell'
        trade.price = (middle + ((drawn & 32) === 0 ? 1 : 0)) / 10
        trade.quantity = (1 + (drawn % 500)) / 1000
        trade.tradeId = BigInt(i)
      } else {
        const book = writer.begin(BookTop)
        book.instrument = 1
        book.venueTime = venueTime
        book.bid = middle / 10
        book.ask = (middle + 1) / 10
        book.bidSize = (1 + (drawn % 5000)) / 1000
        book.askSize = (1 + ((drawn >>> 8) % 5000)) / 1000
      }
      writer.commit()
    }
    writer.close()
    return {}
  },

  async run({ journal, cpu, every, isProfiled }: { journal: string; cpu: number; every: number; isProfiled: boolean }) {
    pinTo(cpu)
    process.env['TICKTAPE_BENCH_EVERY'] = String(every)
    const profile = isProfiled ? await Profile.begin() : undefined
    const report = await backtest({
      strategies: [join(import.meta.dirname, '..', 'strategies', 'maker.js')],
      capture: journal,
      exchange: {
        fees: { maker: '-0.0001', taker: '0.0004' },
        latencyNs: { min: 1_000_000, max: 5_000_000 },
        queue: 'probabilistic',
      },
      risk: { maxPosition: 100, maxOpenOrders: 100, priceBand: 0.05 },
    })
    const { events, eventsPerSecond, strategies, currencies } = report
    return {
      events,
      eventsPerSecond,
      fills: strategies[0].fills,
      sent: strategies[0].sent,
      profit: currencies[0]?.profit,
      shares: await profile?.end(),
    }
  },

  remove({ journal }: { journal: string }) {
    rmSync(journal, { recursive: true, force: true })
    return {}
  },
})
