import { expect, test } from 'vitest'
import { Instrument } from '../../../dist/trading/instruments/instrument.js'
import { guessInstrument } from '../../../dist/trading/market/guess-instrument.js'

test('a contract of COIN-M is inverse: whole contracts of 100 or 10 USD, with profit in the coin', () => {
  const terms = { venue: 'sim', quote: 'USD', quantityStep: '1', inverse: true }
  expect(guessInstrument('BTCUSD_PERP', 'sim', 61_800.1)).toMatchObject({
    ...terms,
    kind: 'perpetual',
    base: 'BTC',
    settlement: 'BTC',
    multiplier: '100',
  })
  const dogecoin = guessInstrument('DOGEUSD_240628', 'sim', 0.123456)
  expect(dogecoin).toMatchObject({ ...terms, kind: 'future', base: 'DOGE', settlement: 'DOGE', multiplier: '10' })
  expect(new Instrument(1, dogecoin).price.unitsOf(0.123456)).toBe(1_234_560)
})

test('the names of other contracts stay what they were', () => {
  for (const symbol of ['BTCUSDT_240628', 'BTC-USD-220527', 'BTCUSDT', 'BTC', 'USD_PERP'])
    expect(guessInstrument(symbol, 'sim', 61_800.1)).toMatchObject({ kind: 'spot', symbol })
})
