/** Options that make no sense are refused with a named error that says what is wrong. */
import { Instrument, SimulatedExchange } from 'ticktape/trading'
import { expect, test } from 'vitest'
import { failureOf } from '../../support/failures.ts'
import { INSTRUMENTS, SPECS } from './stream.ts'

const REFUSED: readonly (readonly [options: Record<string, unknown>, says: RegExp])[] = [
  [{ fee: {} }, /no option 'fee'/],
  [{ name: 'two words' }, /'name'/],
  [{ fees: { maker: '0.1%', taker: 0 } }, /'maker'.*decimal from -1 to 1/],
  [{ fees: { maker: 0, taker: 2 } }, /'taker'/],
  [{ fees: { maker: 0, taker: Number.NaN } }, /'taker'/],
  [{ fees: { makers: 0 } }, /no option 'makers'/],
  [{ accounts: 0 }, /'accounts'/],
  [{ accounts: [] }, /at least one/],
  [{ accounts: ['a', 'a'] }, /two accounts/],
  [{ accounts: ['a b'] }, /name/],
  [{ accounts: [{ name: 'a', balance: {} }] }, /no option 'balance'/],
  [{ balances: { USDT: -1 } }, /at least 0/],
  [{ balances: { USDT: 'much' } }, /decimal/],
  [{ leverage: 0 }, /'leverage'/],
  [{ maintenanceMargin: 2 }, /'maintenanceMargin'/],
  [{ latencyNs: -1 }, /'latencyNs'/],
  [{ latencyNs: { min: 5, max: 1 } }, /'latencyNs'/],
  [{ latencyNs: { to: 5 } }, /'latencyNs'/],
  [
    {
      latencyNs: {
        quantiles: [
          [0, 5],
          [0.5, 3],
          [1, 9],
        ],
      },
    },
    /'latencyNs'/,
  ],
  [
    {
      latencyNs: {
        quantiles: [
          [0.1, 5],
          [1, 9],
        ],
      },
    },
    /'latencyNs'/,
  ],
  [{ latencyNs: null }, /'latencyNs'/],
  [{ seed: 1.5 }, /'seed'/],
  [{ selfTrade: 'allow' }, /'selfTrade'.*cancel-newest/],
  [{ queue: 'first' }, /'queue'/],
  [{ faults: { lost: 0.5 } }, /no option 'lost'/],
  [{ faults: { reject: 1.5 } }, /'reject'/],
  [{ funding: [{ symbol: 'X', at: 5 }] }, /needs symbol, at and rate/],
  [{ funding: [{ symbol: 'X', at: 5, rate: 'high' }] }, /'rate'/],
  [{ keepOrders: 0 }, /'keepOrders'/],
  [{ instruments: [{ ...SPECS[0], priceTick: '0' }] }, /priceTick/],
  [{ instruments: [SPECS[0], { ...SPECS[1], venue: 'other' }] }, /one venue/],
  [
    { instruments: [{ ...SPECS[0], priceTick: '0.000000000001', quantityStep: '0.000000000001' }] },
    /would need 24 decimals/,
  ],
]

for (const [options, says] of REFUSED) {
  test(`refused: ${JSON.stringify(options).slice(0, 90)}`, () => {
    const failure = failureOf(() => new SimulatedExchange(options))
    expect(failure.code).toBe('ERR_INVALID_OPTION')
    expect(failure.message).toMatch(says)
  })
}

test('what is given to calls is checked', () => {
  const exchange = new SimulatedExchange()
  expect(failureOf(() => exchange.markPrice(INSTRUMENTS[1], -1, 0)).code).toBe('ERR_INVALID_OPTION')
  expect(failureOf(() => exchange.account(1)).code).toBe('ERR_INVALID_OPTION')
  expect(failureOf(() => exchange.fund(INSTRUMENTS[1], 'x', 0)).code).toBe('ERR_INVALID_OPTION')
  expect(failureOf(() => exchange.settle(INSTRUMENTS[1], 0.5, 0)).code).toBe('ERR_INVALID_OPTION')
})

test('without options it trades whatever is named, for one account without limits', () => {
  const exchange = new SimulatedExchange()
  expect([exchange.name, exchange.accounts, exchange.instruments]).toEqual(['sim', ['main'], []])
  exchange.quote(INSTRUMENTS[0], 10, 1, 11, 1, 0)
  expect(exchange.sums()).toEqual({ cash: {}, positions: {}, house: {} })
})

test('the name of the venue is that of its instruments', () => {
  expect(new SimulatedExchange({ instruments: [{ ...SPECS[0], venue: 'okx' }] }).name).toBe('okx')
})

test('nonsense in orders and market data is refused or left out, and the state can still be saved', () => {
  const exchange = new SimulatedExchange()
  const answers: string[] = []
  exchange.start(event => answers.push(event.kind))
  const nonsense = [Number.NaN, Number.POSITIVE_INFINITY, -1, 0, -0, 0.5, 1e300]
  let idLow = 0
  for (const instrument of [...INSTRUMENTS, new Instrument(4_000_000_000, { ...SPECS[0], symbol: 'FAR' })]) {
    for (const value of nonsense) {
      exchange.quote(instrument, value, value, value, 5, 0)
      exchange.trade(instrument, 0, value, 5, 0)
      exchange.trade(instrument, value, 10, value, 0)
      for (const [ticks, steps, type] of [
        [value, 5, 0],
        [10, value, 0],
        [10, 5, value],
        [value, value, 3],
      ]) {
        exchange.submit(
          {
            idHigh: 1,
            idLow: ++idLow,
            instrument,
            account: 0,
            side: 0,
            type,
            timeInForce: 1,
            ticks,
            steps,
            stopTicks: value,
            expireAt: value,
            postOnly: false,
            reduceOnly: false,
            deadline: 0,
          },
          0,
        )
        exchange.amend(1, idLow, 1, value, value, 0)
      }
    }
  }
  expect(Object.values(exchange.sums().positions).filter(sum => sum !== 0)).toEqual([])
  expect(answers.filter(kind => kind === 'fill')).toEqual([])
  const saved = exchange.save()
  expect(JSON.parse(JSON.stringify(saved))).toEqual(saved)
})
