import { expect, test } from 'vitest'
import { Instruments } from '../../../dist/trading/instruments/instruments.js'

const BTC = {
  venue: 'sim',
  symbol: 'BTCUSDT',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  priceTick: '0.1',
  quantityStep: '0.001',
} as const

test('terms that say no, or nothing, are those of a record that leaves them out; others make a new instrument', () => {
  const instruments = new Instruments()
  // As the sequence gives it back.
  instruments.restore(1, BTC)
  expect(instruments.add({ ...BTC, inverse: false, minQuantity: '', calendar: undefined }).number).toBe(1)
  expect(instruments.add({ ...BTC, priceTick: '0.2' }).number).toBe(2)
  expect(instruments.add({ ...BTC, priceTick: '0.2', inverse: true }).number).toBe(3)
})
