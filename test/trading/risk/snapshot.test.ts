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

test('a desk that is loaded and the one that went on save the same, whatever comes then: also limits that come later', {
  timeout: 120_000,
}, () => {
  let limited = 0
  const change = fc.record({
    what: fc.constantFrom('trade', 'quote', 'quote', 'resume', 'limits', 'none', 'day', 'name'),
    instrument: fc.nat(2),
    steps: fc.integer({ min: -20, max: 20 }).filter(steps => steps !== 0),
    strategy: fc.constantFrom(1, 2),
  })
  fc.assert(
    fc.property(
      fc.array(change, { minLength: 3, maxLength: 20 }),
      fc.array(change, { minLength: 3, maxLength: 20 }),
      (before, after) => {
        const desk = new TestDesk({}, [BTC, ETH, INVERSE])
        const apply = (changes: typeof before, risk: Risk): void => {
          for (const { what, instrument: index, steps, strategy } of changes) {
            const instrument = desk.all[index]
            if (what === 'quote') risk.quote(instrument, 990 + steps, 992 + steps, desk.now)
            else if (what === 'resume') risk.resume()
            else if (what === 'limits') risk.setOptions(OPTIONS)
            else if (what === 'none') risk.setOptions({})
            else if (what === 'name') risk.addStrategy(strategy, `other ${steps}`)
            else if (what === 'day') risk.advance((desk.now += 24 * 3600e9))
            else if (risk === desk.risk) desk.trade(steps, 1000, strategy, instrument)
            if (what === 'limits' && risk !== desk.risk) limited++
          }
        }
        apply(before, desk.risk)
        const orders = new Orders(desk.instruments)
        loadOrders(orders, unpack(pack(saveOrders(desk.orders))) as OrdersData, desk.instruments)
        const risk = new Risk({}, { instruments: desk.instruments, accounts: ['main', 'other'] })
        risk.setOptions(desk.risk.options)
        risk.load(JSON.parse(JSON.stringify(desk.risk.save())) as RiskData)
        for (const order of orders) risk.update(order)
        // Fills go to one of them alone here, so there are none.
        const rest = after.filter(({ what }) => what !== 'trade')
        const { now } = desk
        apply(rest, desk.risk)
        desk.now = now
        apply(rest, risk)
        expect(JSON.parse(JSON.stringify(risk.save()))).toEqual(JSON.parse(JSON.stringify(desk.risk.save())))
        for (const instrument of desk.all)
          for (const side of [0, 1]) {
            const order = desk.order({ side, steps: 1, ticks: 1000 }, 1, instrument)
            expect(reasonName(risk.check(order, desk.now))).toBe(reasonName(desk.risk.check(order, desk.now)))
          }
      },
    ),
    { numRuns: 200 },
  )
  expect(limited).toBeGreaterThan(20)
})
