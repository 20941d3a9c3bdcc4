// Pauses of the gateway and of strategies: on record in their journals, shown by `why`, and no matter for a replay.
import { join } from 'node:path'
import { Gateway, replaySession } from 'ticktape/runtime'
import { expect, test } from 'vitest'
import { Stall } from '../../dist/runtime/stalls/frames.js'
import { framesOf, moduleOf, newHome, ordersOf, PushedFeed, QUICK, quote, reportsOf, until } from '../support/desks.ts'
import { ticktape } from '../support/journals.ts'

interface StallFrame {
  readonly kind: 'gc' | 'loop'
  readonly collection: string
  readonly began: bigint
  readonly lasted: bigint
  readonly pid: number
}

const MS = 1_000_000n

/** Blocks for 80 ms at the second quote, collects garbage at the third, and sends an order each time. */
const SLOW = `
  import v8 from 'node:v8'
  import vm from 'node:vm'
  v8.setFlagsFromString('--expose-gc')
  const collect = vm.runInNewContext('gc')
  let kept
  export default defineStrategy({ id: 'a', onBook({ bid, ask }, context) {
    const end = performance.now() + (bid === 101 ? 80 : 0)
    while (performance.now() < end);
    if (bid === 102) {
      kept = Array.from({ length: 1_500_000 }, (_, i) => ({ i }))
      collect()
    }
    context.order({ symbol: 'BTCUSDT', side: 'buy', quantity: 1, price: ask, timeInForce: 'ioc' })
  } })`

const stallsOf = (journal: string, kind: string): StallFrame[] =>
  framesOf<StallFrame>(journal, Stall).filter(stall => stall.kind === kind)

function block(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

test('pauses are frames without a cause, why shows them at the hop that they delayed, and a replay is the same', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const feed = new PushedFeed()
  const gateway = await Gateway.start({ ...QUICK, home, strategies: [moduleOf(SLOW)], feed })
  const strategy = join(home, 'strategies/a')
  const sequence = join(home, 'gateway')
  const orders = async (count: number): Promise<void> =>
    until(() => reportsOf(home).filter(({ state }) => state === 'filled').length === count, `${count} orders`)
  try {
    feed.push(quote('BTCUSDT', 100, 101))
    await orders(1)
    feed.push(quote('BTCUSDT', 101, 102))
    await orders(2)
    await until(() => stallsOf(strategy, 'loop').length > 0, 'the pause of the strategy')
    feed.push(quote('BTCUSDT', 102, 103))
    await orders(3)
    await until(() => stallsOf(strategy, 'gc').length > 0, 'a garbage collection of the strategy')
    // An idle gateway writes nothing: the pause is on record with the next frames.
    await new Promise(resolve => setTimeout(resolve, 200))
    const before = BigInt(Date.now()) * MS
    const ofGateway = (): StallFrame[] =>
      stallsOf(sequence, 'loop').filter(({ began, lasted }) => began >= before - 40n * MS && lasted >= 50n * MS)
    block(80)
    await new Promise(resolve => setTimeout(resolve, 100))
    expect(ofGateway()).toEqual([])
    feed.push(quote('BTCUSDT', 103, 104))
    await until(() => ofGateway().length > 0, 'the pause of the gateway')
  } finally {
    await gateway.stop()
  }
  const [, second] = ordersOf(home)
  // The strategy was blocked when it wrote the order, not before its quote.
  const [blocked] = stallsOf(strategy, 'loop').filter(
    ({ began, lasted }) => began < second.time && began + lasted > second.time - 20n * MS,
  )
  expect(blocked).toMatchObject({ collection: 'none', cause: undefined })
  expect(blocked.lasted).toBeGreaterThan(40n * MS)
  expect(stallsOf(strategy, 'gc').every(({ lasted, pid }) => lasted >= 5n * MS && pid > 0)).toBe(true)

  const text = ticktape('why', home, String(second.orderId)).stdout
  expect(text).toMatch(
    /strategies\/a \d+ +Order [^\n]*\n( {7}\d{4}-[^\n]*\n)* {7}\d{4}-[^\n]*Z {2}strategies\/a paused for \d+ ms: the event loop did not turn/,
  )
  const hops = ticktape('why', home, String(second.orderId), '--json')
    .stdout.trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as { readonly journal: string; readonly type: string; readonly stalls: unknown[] })
  const order = hops.find(({ journal, type }) => journal === 'strategies/a' && type === 'Order')
  expect(order?.stalls).toContainEqual(expect.objectContaining({ kind: 'loop' }))
  expect(hops[0].stalls).toEqual([])
  expect(await replaySession({ home })).toMatchObject({ verdict: 'same' })
})

test('stallMs: Infinity records none', { timeout: 60_000 }, async () => {
  const home = newHome()
  const gateway = await Gateway.start({
    ...QUICK,
    home,
    strategies: [moduleOf(SLOW)],
    feed: new PushedFeed(),
    stallMs: Number.POSITIVE_INFINITY,
  })
  block(60)
  await new Promise(resolve => setTimeout(resolve, 50))
  await gateway.stop()
  expect(stallsOf(join(home, 'gateway'), 'loop')).toEqual([])
})
