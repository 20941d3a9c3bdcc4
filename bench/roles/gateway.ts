// A gateway with a feed in memory, and its strategies in processes of their own.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Gateway, type MarketEvent } from 'ticktape/runtime'
import { SimulatedExchange } from 'ticktape/trading'
import { RESULT } from '../strategies/result.js'
import { pinTo, serve } from '../support/child.js'

interface Task {
  readonly home: string
  readonly strategy: string
  /** Market events of the feed. */
  readonly events: number
  /** Events a second; 0 as fast as possible. */
  readonly rate: number
  /** What strategies are told: how many events or orders. */
  readonly count: number
  readonly every: number
  readonly cpu: number | undefined
  readonly wait: 'spin' | 'event-loop'
}

const BATCH = 4096
const INSTRUMENT = {
  venue: 'sim',
  symbol: 'BTCUSDT',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  priceTick: '0.1',
  quantityStep: '0.001',
} as const
const RISK = {
  maxOrderQuantity: 1e6,
  maxOrderNotional: 1e12,
  maxPosition: 1e9,
  maxExposure: 1e15,
  maxOpenOrders: 1e6,
  maxOrdersPerSecond: 1_000_000,
  maxDailyLoss: 1e12,
  maxDrawdown: 1e12,
  maxConsecutiveErrors: 1e6,
} as const

/** Prepared in memory: the prices count the events. */
function eventsAt(startMs: number, stepMs: number): MarketEvent[] {
  return Array.from({ length: BATCH }, (_, i) => ({
    kind: 'quote',
    timeMs: startMs + i * stepMs,
    symbol: 'BTCUSDT',
    bid: 1000 + i,
    ask: 1001 + i,
    bidSize: 1,
    askSize: 1,
  }))
}

serve({
  /** Runs until every strategy has left its result. Returns the results and what the gateway measured. */
  async run(task: Task) {
    const { home, strategy, events, rate, cpu } = task
    if (cpu !== undefined) pinTo(cpu)
    const result = join(home, '..', 'result')
    process.env[RESULT] = result
    process.env['TICKTAPE_BENCH_COUNT'] = String(task.count)
    process.env['TICKTAPE_BENCH_EVERY'] = String(task.every)
    const stepMs = rate === 0 ? 0 : 1000 / rate
    const feed = {
      async *events(skip: number) {
        const batch = eventsAt(0, stepMs)
        for (let n = skip; n < events; n += BATCH) {
          const part = events - n < BATCH ? batch.slice(0, events - n) : batch
          yield stepMs === 0 ? part : part.map((event, i) => ({ ...event, timeMs: (n + i) * stepMs }))
        }
      },
    }
    const gateway = await Gateway.start({
      home,
      strategies: [join(import.meta.dirname, '..', 'strategies', `${strategy}.js`)],
      feed,
      speed: rate === 0 ? 'max' : 'realtime',
      wait: task.wait,
      instruments: [INSTRUMENT],
      venue: new SimulatedExchange({ name: 'sim' }),
      risk: RISK,
      durability: 'process',
    })
    const file = `${result}.${strategy}`
    try {
      const start = performance.now()
      await gateway.fed
      const fedMs = performance.now() - start
      while (!existsSync(file)) await new Promise(resolve => setTimeout(resolve, 5))
      const { orders } = gateway.status
      const [status] = gateway.status.strategies
      return { result: JSON.parse(readFileSync(file, 'utf8')) as unknown, fedMs, orders, progress: status.progress }
    } finally {
      await gateway.stop()
      rmSync(file, { force: true })
    }
  },
})
