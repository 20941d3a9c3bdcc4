import { expect, test } from 'vitest'
import { Instrument } from '../../../dist/trading/instruments/instrument.js'
import { guessInstrument } from '../../../dist/trading/market/guess-instrument.js'
import { factorsOf } from '../../../dist/trading/risk/market.js'

test('a contract of COIN-M is inverse: whole contracts of 100 or 10 USD, with profit in the coin', () => {
  const terms = { venue: 'sim', quote: 'USD', quantityStep: '1', inverse: true }
  expect(guessInstrument('BTCUSD_PERP', 'sim', 61_800.1)).toMatchObject({
    ...terms,
    kind: 'perpetual',
    base: 'BTC',
    settlement: 'BTC',
    multiplier: '100',
  })
  const dogecoin = guessInstrument('DOGEUSD_240628', 'sim', 0.12345)
  expect(dogecoin).toMatchObject({ ...terms, kind: 'future', base: 'DOGE', settlement: 'DOGE', multiplier: '10' })
  expect(new Instrument(1, dogecoin).price.unitsOf(0.12345)).toBe(12_345)
})

test('the names of other contracts stay what they were', () => {
  for (const symbol of ['BTCUSDT_240628', 'BTC-USD-220527', 'BTCUSDT', 'BTC', 'USD_PERP'])
    expect(guessInstrument(symbol, 'sim', 61_800.1)).toMatchObject({ kind: 'spot', symbol })
})

test('amounts of every guessed contract can be counted exactly, whatever its price', () => {
  for (const symbol of ['BTCUSD_PERP', 'ETHUSD_240628', 'DOGEUSD_PERP'])
    for (const price of [123_456.7, 2345.67, 12.345, 0.12345, 0.01234]) {
      const instrument = new Instrument(1, guessInstrument(symbol, 'sim', price))
      expect(instrument.inverse).toBe(true)
      // The least decimals that risk gives a currency.
      expect(factorsOf(instrument, 9, 9)).toBeDefined()
    }
  expect(guessInstrument('SHIBUSD_PERP', 'sim', 0.00001234)).toMatchObject({ kind: 'spot' })
})
