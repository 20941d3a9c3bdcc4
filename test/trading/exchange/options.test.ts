/** Options that make no sense are refused with a named error that says what is wrong. */
import { SimulatedExchange } from 'ticktape/trading'
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

test('a funding rate and a settlement price are checked', () => {
  const exchange = new SimulatedExchange()
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
