// A process that gives a prepared stream of orders and cancels to the simulated exchange, and settles many accounts.
import { Instrument, type InstrumentSpec, SimulatedExchange } from 'ticktape/trading'
import { pinTo, serve, ticks } from '../support/child.js'
import { nanoseconds } from '../support/clock.js'
import { median, percentiles } from '../support/statistics.js'

const SPEC: InstrumentSpec = {
  venue: 'sim',
  symbol: 'BTCUSDT',
  kind: 'perpetual',
  base: 'BTC',
  quote: 'USDT',
  priceTick: '0.1',
  quantityStep: '0.001',
}
const ACCOUNTS = 16
/** Requests between two readings of the clock: the median is taken, because in some slices another process has the core. */
const SLICE = 2000
const FEES = { maker: '0.0002', taker: '0.0005' }

/** Requests, in arrays. bench/baseline/matching.cpp computes the same ones. */
interface Requests {
  readonly isCancel: Uint8Array
  readonly id: Uint32Array
  readonly side: Uint8Array
  readonly price: Int32Array
  readonly quantity: Int32Array
}

/** Every second request is a cancel of an order drawn from those that were sent. Prices follow a walk. */
function prepare(count: number): Requests {
  let seed = 12345
  const random = (): number => {
    seed ^= seed << 13
    seed ^= seed >>> 17
    seed ^= seed << 5
    return seed >>> 0
  }
  const requests: Requests = {
    isCancel: new Uint8Array(count),
    id: new Uint32Array(count),
    side: new Uint8Array(count),
    price: new Int32Array(count),
    quantity: new Int32Array(count),
  }
  const sent: number[] = []
  let middle = 600_000
  let lastId = 0
  for (let i = 0; i < count; i++) {
    if (random() % 20 === 0) middle += random() % 2 === 0 ? 1 : -1
    if (i > 1000 && i % 2 === 1) {
      const which = random() % sent.length
      requests.isCancel[i] = 1
      requests.id[i] = sent[which]
      sent[which] = sent[sent.length - 1]
      sent.pop()
      continue
    }
    const side = random() % 2
    const distance = Math.floor(((random() % 200) * (random() % 200)) / 200) - 2
    requests.id[i] = ++lastId
    requests.side[i] = side
    requests.price[i] = side === 0 ? middle - distance : middle + distance
    requests.quantity[i] = 1 + (random() % 100)
    sent.push(lastId)
  }
  return requests
}

export interface MatchingCosts {
  /** ns for each request, the median of slices with no reading of the clock in between. */
  readonly each: number
  /** At SHARES: of one request, with two readings of the clock. */
  readonly percentiles: readonly number[]
  readonly fills: number
  /** A sum over the fills, to compare with what others did. */
  readonly checksum: number
  /** Bytes of the heap for each request. */
  readonly allocated: number
}

function matching({ count, cpu }: { count: number; cpu: number }): MatchingCosts {
  pinTo(cpu)
  const requests = prepare(count)
  const instrument = new Instrument(1, SPEC)
  const exchange = new SimulatedExchange({
    instruments: [SPEC],
    accounts: ACCOUNTS,
    fees: FEES,
    keepOrders: 65_536,
    keepFills: 65_536,
  })
  let fills = 0
  let checksum = 0
  exchange.start(event => {
    if (event.kind !== 'fill') return
    fills++
    checksum = (checksum + event.ticks * event.steps) % 1_000_000_007
  })
  const order = {
    idHigh: 0,
    idLow: 0,
    instrument,
    account: 0,
    side: 0,
    type: 0,
    timeInForce: 0,
    ticks: 0,
    steps: 0,
    stopTicks: 0,
    expireAt: 0,
    postOnly: false,
    reduceOnly: false,
    deadline: 0,
  }
  const { isCancel, id, side, price, quantity } = requests
  const send = (i: number, pass: number): void => {
    if (isCancel[i] === 1) {
      exchange.cancel(pass, id[i], 1, i)
      return
    }
    order.idHigh = pass
    order.idLow = id[i]
    order.account = id[i] % ACCOUNTS
    order.side = side[i]
    order.ticks = price[i]
    order.steps = quantity[i]
    exchange.submit(order, i)
  }
  /** Each pass begins with an empty book. */
  const cancelAll = (pass: number): void => {
    for (let i = 0; i < count; i++) if (isCancel[i] === 0) exchange.cancel(pass, id[i], 1, count)
  }
  // The first pass warms up, and brings the exchange to as many known orders as it keeps.
  for (let i = 0; i < count; i++) send(i, 1)
  cancelAll(1)
  fills = 0
  checksum = 0
  const heap = process.memoryUsage().heapUsed
  const slices: number[] = []
  for (let from = 0; from < count; from += SLICE) {
    const to = Math.min(count, from + SLICE)
    const start = ticks()
    for (let i = from; i < to; i++) send(i, 2)
    slices.push((ticks() - start) / (to - from))
  }
  const each = median(slices)
  const allocated = (process.memoryUsage().heapUsed - heap) / count
  const result = { fills, checksum }
  cancelAll(2)
  const samples = new Float64Array(count)
  for (let i = 0; i < count; i++) {
    const before = nanoseconds()
    send(i, 3)
    samples[i] = nanoseconds() - before
  }
  return { each, percentiles: percentiles(samples), ...result, allocated }
}

export interface SettlementCosts {
  /** Accounts a second. */
  readonly rate: number
  /** MB of resident memory with all accounts. */
  readonly memory: number
}

/** All accounts trade with each other, then each settlement moves all profit and loss to another price. */
function settlement({ accounts, cpu }: { accounts: number; cpu: number }): SettlementCosts {
  pinTo(cpu)
  const instrument = new Instrument(1, SPEC)
  const exchange = new SimulatedExchange({ instruments: [SPEC], accounts, fees: FEES, balances: { USDT: 1_000_000 } })
  exchange.start(() => {})
  let id = 0
  for (let i = 0; i < accounts; i++) {
    for (const [side, account] of [
      [0, i],
      [1, (i * 7 + 1) % accounts],
    ]) {
      exchange.submit(
        {
          idHigh: 1,
          idLow: ++id,
          instrument,
          account,
          side,
          type: 0,
          timeInForce: 0,
          ticks: 600_000 + (i % 50),
          steps: 1 + (i % 10),
          stopTicks: 0,
          expireAt: 0,
          postOnly: false,
          reduceOnly: false,
          deadline: 0,
        },
        i,
      )
    }
  }
  const times = 50
  const start = ticks()
  for (let day = 0; day < times; day++) exchange.settle(instrument, 600_000 + ((day * 37) % 500), accounts + day)
  const seconds = (ticks() - start) / 1e9
  return { rate: (accounts * times) / seconds, memory: process.memoryUsage().rss / 1e6 }
}

serve({ matching, settlement })
