import { Gateway, replayGateway, replayStrategy } from 'ticktape/runtime'
import { SimulatedExchange } from 'ticktape/trading'
import { expect, test } from 'vitest'
import {
  feedOf,
  fillsOf,
  moduleOf,
  newHome,
  ordersOf,
  playToEnd,
  QUICK,
  quote,
  reportsOf,
  trade,
} from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'

const at = (venue: string, symbol = 'BTCUSDT') =>
  ({ venue, symbol, kind: 'spot', base: 'BTC', quote: 'USDT', priceTick: '0.1', quantityStep: '0.001' }) as const

const venues = (): SimulatedExchange[] => [
  new SimulatedExchange({ instruments: [at('one'), at('one', 'ETHUSDT')], accounts: ['main', 'second'] }),
  new SimulatedExchange({ instruments: [at('two')] }),
]

test('a symbol that two venues have is ambiguous without its venue; each order goes to the venue and account it names', {
  timeout: 60_000,
}, async () => {
  const home = newHome()
  const strategy = moduleOf(`
    const codes = []
    const attempt = body => { try { body(); codes.push('sent') } catch (error) { codes.push(error.code) } }
    export default defineStrategy({ id: 'a', onTrade({ symbol, instrument, tradeId }, context) {
      const buy = terms => context.order({ side: 'buy', quantity: 1, ...terms })
      if (tradeId === 1n) {
        attempt(() => buy({ symbol: 'BTCUSDT' }))
        attempt(() => buy({ symbol: 'BTCUSDT', venue: 'three' }))
        attempt(() => context.position('BTCUSDT'))
        attempt(() => buy({ symbol: 'BTCUSDT.two', account: 'second' }))
        buy({ symbol: 'BTCUSDT.one', clientOrderId: 'name' })
        buy({ symbol: 'BTCUSDT', venue: 'two', clientOrderId: 'venue' })
        buy({ symbol: 'ETHUSDT', account: 'second', clientOrderId: 'account' })
      }
      if (tradeId === 2n) buy({ instrument, clientOrderId: 'instrument' })
      if (tradeId === 3n) buy({ symbol: 'ETHUSDT', price: 1, clientOrderId: codes.join(' ').replaceAll('ERR_', '').slice(0, 32) })
      if (tradeId === 3n) buy({ symbol: 'ETHUSDT', price: 1, clientOrderId: String(codes.length) + codes[3] })
    } })`)
  const events = [
    quote('BTCUSDT.one', 100, 101),
    quote('BTCUSDT.two', 200, 201),
    quote('ETHUSDT', 10, 11),
    trade('ETHUSDT', 10, 1),
    trade('BTCUSDT.two', 200, 2),
    trade('ETHUSDT', 10, 3),
  ]
  const exchanges = venues()
  expect(await playToEnd({ home, strategies: [strategy], feed: feedOf(events), venues: exchanges })).toBe(true)
  const notes = ordersOf(home).map(({ clientOrderId }) => clientOrderId)
  expect(notes.slice(0, 4)).toEqual(['name', 'venue', 'account', 'instrument'])
  expect(notes[4]).toMatch(/^AMBIGUOUS_SYMBOL UNKNOWN_INSTRU/)
  expect(notes[5]).toBe('4ERR_INVALID_OPTION')
  const label = new Map(reportsOf(home).map(({ orderId, clientOrderId }) => [orderId, clientOrderId] as const))
  expect(
    fillsOf(home).map(({ orderId, symbol, price, account }) => [label.get(orderId), symbol, price, account]),
  ).toEqual([
    ['name', 'BTCUSDT', 101, 0],
    ['venue', 'BTCUSDT', 201, 0],
    ['account', 'ETHUSDT', 11, 1],
    ['instrument', 'BTCUSDT', 201, 0],
  ])
  expect(exchanges.map(exchange => exchange.record().fills.length)).toEqual([2, 2])
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  expect(await replayStrategy({ home, strategy: 'a' })).toMatchObject({ difference: undefined })

  // The venues and their order belong to the home.
  const again = (list: SimulatedExchange[]): Promise<unknown> =>
    rejectionOf(Gateway.start({ ...QUICK, home, strategies: [], feed: feedOf(events), venues: list }))
  expect(await again(venues().reverse())).toMatchObject({
    code: expect.stringMatching(/ERR_(HOME|SEQUENCE_MISMATCH)/) as string,
  })
  expect(await again(venues().slice(1))).toMatchObject({
    code: expect.stringMatching(/ERR_(HOME|SEQUENCE_MISMATCH)/) as string,
  })
})

test('two venues of one name are refused', async () => {
  const options = { ...QUICK, home: newHome(), strategies: [], feed: feedOf([]) }
  expect(
    await rejectionOf(Gateway.start({ ...options, venues: [new SimulatedExchange(), new SimulatedExchange()] })),
  ).toMatchObject({ code: 'ERR_INVALID_OPTION', message: expect.stringContaining("'sim'") as string })
})
