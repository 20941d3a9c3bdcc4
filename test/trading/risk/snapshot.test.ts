import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Orders } from '../../../dist/trading/orders/life/orders.js'
import { loadOrders, type OrdersData, saveOrders } from '../../../dist/trading/orders/life/snapshot.js'
import { Risk, type RiskData } from '../../../dist/trading/risk/risk.js'
import { pack, unpack } from '../../../dist/trading/snapshots/pack.js'
import { BTC, ETH, INVERSE, reasonName } from '../../support/orders.ts'
import { TestDesk } from '../../support/risk.ts'

const OPTIONS = {
  maxPosition: 5,
  maxExposure: 40,
  maxOpenOrders: 20,
  maxOrdersPerSecond: 10,
  maxDailyLoss: 1,
  maxDrawdown: 2,
  maxConsecutiveErrors: 3,
  staleAfterMs: 1000,
  timeZone: 'Asia/Tokyo',
  instruments: { ETHUSDT: { maxOpenOrders: 5, maxExposure: 10 } },
}

const step = fc.record({
  what: fc.constantFrom('send', 'send', 'trade', 'fee', 'reject', 'quote', 'amend', 'wait'),
  instrument: fc.nat(2),
  side: fc.constantFrom(0, 1),
  steps: fc.integer({ min: 1, max: 20 }),
  strategy: fc.constantFrom(1, 2),
})

test('a desk that is saved as JSON and loaded decides as the one that went on', { timeout: 120_000 }, () => {
  let compared = 0
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), steps => {
      const desk = new TestDesk(OPTIONS, [BTC, ETH, INVERSE])
      for (const { what, instrument: index, side, steps: size, strategy } of steps) {
        const instrument = desk.all[index]
        desk.now += what === 'wait' ? 4 * 3600e9 : 50e6
        const terms = { side, steps: size, ticks: side === 0 ? 990 : 1010 }
        if (what === 'quote') desk.quote(990 + size, 992 + size, instrument)
        else if (what === 'trade') desk.trade(side === 0 ? size : -size, 1000, strategy, instrument)
        else if (desk.reasonFor(terms, strategy, instrument) === 'none') {
          const order = desk.send(terms, strategy, instrument)
          if (what === 'reject') desk.say(order, 'rejected')
          if (what === 'fee') desk.fill(order, 1, 1000, { fee: 0.001, feeCurrency: 'BNB' })
          if (what === 'amend' && desk.risk.checkAmend(order, order.ticks, size + 1, desk.now) === 0)
            desk.amend(order, order.ticks, size + 1)
        }
      }
      const orders = new Orders(desk.instruments)
      loadOrders(orders, unpack(pack(saveOrders(desk.orders))) as OrdersData, desk.instruments)
      const risk = new Risk(OPTIONS, { instruments: desk.instruments, accounts: ['main', 'other'] })
      const data = JSON.parse(JSON.stringify(desk.risk.save())) as RiskData
      risk.load(data)
      for (const order of orders) risk.update(order)
      expect(JSON.parse(JSON.stringify(risk.save()))).toEqual(data)
      for (const instrument of desk.all)
        for (const side of [0, 1])
          for (const size of [1, 10, 5000])
            for (const ticks of [995, 1005]) {
              const order = desk.order({ side, steps: size, ticks }, 1, instrument)
              expect(reasonName(risk.check(order, desk.now))).toBe(reasonName(desk.risk.check(order, desk.now)))
              compared++
            }
    }),
    { numRuns: 25 },
  )
  expect(compared).toBeGreaterThan(500)
})
