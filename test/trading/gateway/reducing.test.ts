import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { Sampler } from 'ticktape/ops'
import { CircuitBreaker } from 'ticktape/state'
import { matchers, TestDesk } from 'ticktape/testing'
import { SimulatedExchange } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { Switch } from '../../../dist/trading/sequence/frames.js'
import { moduleOf, newHome, reportsOf, sequenceOf } from '../../support/desks.ts'
import { ticktape } from '../../support/journals.ts'

expect.extend(matchers)
declare module 'vitest' {
  interface Assertion<T> {
    toReplay(): Promise<T>
  }
}

/** A trade's quantity says what is sent: so much is bought at 101, or sold at 100 when it ends with .5. */
const FOLLOWS = `export default defineStrategy({ id: 'a', onTrade({ symbol, quantity }, context) {
  const isSale = quantity % 1 !== 0
  context.order({ symbol, side: isSale ? 'sell' : 'buy', quantity: Math.floor(quantity), price: isSale ? 100 : 101 })
} })`

const stateOf = (desk: TestDesk): string => {
  const { state = '', reason = '' } = desk.orders().at(-1) ?? {}
  return `${state} ${reason}`
}

test('halt --reduce lets pass what makes a position smaller; it is in the sequence, outlives gateway and breaker, and replays', {
  timeout: 120_000,
}, async () => {
  const home = newHome()
  const desk = await TestDesk.open({ strategies: [moduleOf(FOLLOWS)], home })
  const send = (quantity: number): string => {
    desk.quote('BTCUSDT', 100, 101, { bid: 10, ask: 10 })
    desk.trade('BTCUSDT', 100, quantity)
    return stateOf(desk)
  }
  const positionAfter = (quantity: number): [string, number] => [send(quantity), desk.position('BTCUSDT')]
  expect(positionAfter(3)).toEqual(['filled none', 3])
  expect(ticktape('halt', home, '--reduce', 'end', 'of', 'quarter')).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('reducing (only what makes a position smaller): end of quarter'),
  })
  expect(positionAfter(1)).toEqual(['denied reducing', 3])
  expect(positionAfter(1.5)).toEqual(['filled none', 2])
  // More than the position would open another one.
  expect(positionAfter(3.5)).toEqual(['denied reducing', 2])
  expect(sequenceOf(home, Switch)).toMatchObject([{ state: 'reducing', reason: 'reducing', text: 'end of quarter' }])
  const shown = ticktape('breaker', home, '--json')
  expect([shown.status, JSON.parse(shown.stdout)]).toMatchObject([
    1,
    { state: 'reducing', halted: false, halt: null, reducing: { reason: 'end of quarter' } },
  ])
  using sampler = new Sampler(home)
  expect(sampler.sample().desk?.trading).toMatchObject({ state: 'reducing', reason: 'end of quarter' })

  // The breaker is lost with the memory of the machine: the next gateway makes it as the sequence says.
  rmSync(join(home, 'state', 'breaker'))
  await desk.restartGateway()
  expect(positionAfter(1)).toEqual(['denied reducing', 2])
  using breaker = CircuitBreaker.find(join(home, 'state', 'breaker')) as CircuitBreaker
  expect(breaker.state).toBe('reducing')

  desk.halt('now')
  expect(positionAfter(1.5)).toEqual(['denied halted', 2])
  expect(ticktape('halt', home, '--reduce')).toMatchObject({ status: 2, stderr: expect.stringContaining('stricter') })
  breaker.resume('reducing', 'out of it')
  expect(positionAfter(1)).toEqual(['denied reducing', 2])
  expect(positionAfter(2.5)).toEqual(['filled none', 0])
  desk.resume()
  expect(positionAfter(1)).toEqual(['filled none', 1])
  await desk.close()
  const states = sequenceOf<{ state: string }>(home, Switch).map(({ state }) => state)
  expect(states).toEqual(['reducing', 'halted', 'reducing', 'active'])
  await expect(home).toReplay()
})

test('resume --reduce works with no gateway: the next one denies what makes a position larger, and was halted before', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const strategies = [moduleOf(FOLLOWS)]
  const first = await TestDesk.open({ strategies, home })
  first.quote('BTCUSDT', 100, 101)
  first.halt('now')
  await first.close()
  expect(ticktape('resume', home, '--reduce', '--reason', 'careful')).toMatchObject({ status: 0 })
  const second = await TestDesk.open({ strategies, home })
  second.quote('BTCUSDT', 100, 101)
  second.trade('BTCUSDT', 100, 1)
  expect(stateOf(second)).toBe('denied reducing')
  await second.close()
  expect(sequenceOf(home, Switch)).toMatchObject([{ state: 'halted' }, { state: 'reducing', text: 'careful' }])
})

/** An exchange that pulls the breaker while it gets the first order of a burst. */
class Pulling extends SimulatedExchange {
  constructor(private readonly pull: () => void) {
    super()
  }

  override submit(...request: Parameters<SimulatedExchange['submit']>): void {
    super.submit(...request)
    this.pull()
  }
}

test('a halt between two orders of one burst is seen by the second, and replay decides the same', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const strategies = [
    moduleOf(`export default defineStrategy({ id: 'a', onTrade({ symbol }, context) {
      for (let i = 0; i < 3; i++) context.order({ symbol, side: 'buy', quantity: 1, price: 50 })
      context.cancelAll()
    } })`),
  ]
  const pull = (): void => {
    using breaker = CircuitBreaker.find(join(home, 'state', 'breaker')) as CircuitBreaker
    breaker.halt('between')
  }
  const desk = await TestDesk.open({ strategies, home, venues: () => [new Pulling(pull)] })
  desk.quote('BTCUSDT', 100, 101)
  desk.trade('BTCUSDT', 100, 1)
  await desk.close()
  expect(reportsOf(home).map(({ state, reason }) => `${state} ${reason}`)).toEqual([
    'accepted none',
    'denied halted',
    'denied halted',
    'cancelled requested',
  ])
  const [halt] = sequenceOf(home, Switch)
  const [accepted, denied] = reportsOf(home)
  expect([halt.position > accepted.position, halt.position < denied.position]).toEqual([true, true])
  await expect(home).toReplay()
})
