import {
  closeSync,
  cpSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Gateway, type GatewayOptions, replayGateway } from 'ticktape/runtime'
import { SimulatedExchange } from 'ticktape/trading'
import { describe, expect, test } from 'vitest'
import { feedOf, moduleOf, newHome, ordersOf, playToEnd, QUICK, quote, reportsOf, trade } from '../../support/desks.ts'
import { rejectionOf } from '../../support/failures.ts'
import { makeFolder } from '../../support/folders.ts'
import { patch, slotAt } from '../../support/journals.ts'

const BTC = {
  venue: 'sim',
  symbol: 'BTCUSDT',
  kind: 'spot',
  base: 'BTC',
  quote: 'USDT',
  priceTick: '0.1',
  quantityStep: '0.001',
  minQuantity: '0.002',
  maxQuantity: '100',
} as const
const EVENTS = [quote('BTCUSDT', 100, 101), trade('BTCUSDT', 100, 1), trade('BTCUSDT', 100, 2)]

const optionsOf = (home: string, options: Partial<GatewayOptions> = {}): GatewayOptions => ({
  ...QUICK,
  home,
  strategies: [],
  feed: feedOf(EVENTS),
  venue: new SimulatedExchange({ instruments: [BTC] }),
  ...options,
})

describe('configuration', () => {
  test.each<[string, Partial<GatewayOptions>, string, RegExp]>([
    [
      'an unknown limit',
      { risk: { maxOrderQantity: 1 } as never },
      'ERR_INVALID_OPTION',
      /maxOrderQantity.*maxOrderQuantity/,
    ],
    ['an unknown option', { spede: 'max' } as never, 'ERR_INVALID_OPTION', /spede.*speed/],
    [
      'an unknown limit of a strategy',
      { risk: { strategies: { a: { maxPositon: 1 } } } as never },
      'ERR_INVALID_OPTION',
      /maxPositon.*maxPosition/,
    ],
    [
      "an order limit that no order within the position's limit can need",
      { risk: { maxOrderQuantity: 10, maxPosition: 2 } },
      'ERR_INVALID_OPTION',
      /maxOrderQuantity.*maxPosition|maxPosition.*maxOrderQuantity/,
    ],
    [
      "a strategy's limit above that of the desk",
      { risk: { maxPosition: 2, strategies: { a: { maxPosition: 3 } } } },
      'ERR_INVALID_OPTION',
      /maxPosition/,
    ],
    ['a limit that is no number', { risk: { maxPosition: Number.NaN } }, 'ERR_INVALID_OPTION', /maxPosition/],
    ['a negative limit', { risk: { maxOrderNotional: -1 } }, 'ERR_INVALID_OPTION', /maxOrderNotional/],
    ['limits of an unknown instrument', { risk: { instruments: { ETHUSDT: { maxPosition: 1 } } } }, 'ERR_', /ETHUSDT/],
    ['limits of an unknown account', { risk: { accounts: { nobody: { maxPosition: 1 } } } }, 'ERR_', /nobody/],
    ['an unknown time zone', { risk: { timeZone: 'Mars/Olympus' } }, 'ERR_INVALID_OPTION', /Mars\/Olympus/],
    ['a negative expiry', { requestExpiryMs: -1 }, 'ERR_INVALID_OPTION', /requestExpiryMs/],
    [
      'an instrument without a tick',
      { instruments: [{ ...BTC, symbol: 'X', priceTick: '0' }] },
      'ERR_INVALID_OPTION',
      /priceTick/,
    ],
    [
      'an instrument of other terms',
      { instruments: [{ ...BTC, kind: 'stock' as never }] },
      'ERR_INVALID_OPTION',
      /kind/,
    ],
    ['no list of venues', { venue: undefined, venues: [] }, 'ERR_INVALID_OPTION', /venue/],
  ])('%s is refused by name; nothing is lost, and the home is sound afterwards', async (_, options, code, message) => {
    const home = newHome()
    expect(await rejectionOf(Gateway.start(optionsOf(home, options)))).toMatchObject({
      code: expect.stringContaining(code) as string,
      message: expect.stringMatching(message) as string,
    })
    expect(await playToEnd(optionsOf(home))).toBe(true)
    expect(await replayGateway({ home })).toMatchObject({ events: 3, difference: undefined })
  })

  test('that differs from what is in effect is refused where it would decide otherwise, and taken where it is a limit', async () => {
    const home = newHome()
    expect(await playToEnd(optionsOf(home))).toBe(true)
    for (const options of [
      { requestExpiryMs: 100 },
      { venue: new SimulatedExchange({ instruments: [BTC], seed: 99 }) },
      { venue: new SimulatedExchange({ instruments: [BTC], name: 'other' }) },
      { venue: new SimulatedExchange({ instruments: [BTC], fees: { maker: 0, taker: '0.001' } }) },
    ])
      expect(await rejectionOf(Gateway.start(optionsOf(home, options)))).toMatchObject({ code: 'ERR_HOME', path: home })
    expect(await playToEnd(optionsOf(home, { risk: { maxPosition: 5 } }))).toBe(true)
    expect(await playToEnd(optionsOf(home))).toBe(true)
    expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  })
})

test('orders that no venue should see are denied with a code, or refused where they are made; the rest goes on', async () => {
  const home = newHome()
  const strategy = moduleOf(`
    const wrong = {
      'tick': { price: 99.95, quantity: 1 }, 'tiny tick': { price: 1e-300, quantity: 1 },
      'step': { price: 99, quantity: 0.0025 }, 'huge': { price: 99, quantity: 1e300 }, 'huge price': { price: 1e300, quantity: 1 },
      'small': { price: 99, quantity: 0.001 }, 'large': { price: 99, quantity: 100.001 },
      'stop tick': { stopPrice: 120.05, quantity: 1 }, 'inexact': { price: 99, quantity: 0.1 + 0.2 }, 'sound': { price: 99, quantity: 0.3 },
    }
    export default defineStrategy({ id: 'a', onTrade({ symbol, tradeId }, context) {
      if (tradeId !== 1n) return
      for (const [clientOrderId, terms] of Object.entries(wrong)) context.order({ symbol, side: 'buy', clientOrderId, ...terms })
    } })`)
  expect(await playToEnd(optionsOf(home, { strategies: [strategy] }))).toBe(true)
  const label = new Map(ordersOf(home).map(({ orderId, clientOrderId }) => [orderId, clientOrderId] as const))
  const ends = Object.fromEntries(
    reportsOf(home).map(({ orderId, state, reason }) => [label.get(orderId), `${state} ${reason}`]),
  )
  expect(ends).toEqual({
    tick: 'denied price-tick',
    'tiny tick': 'denied price-tick',
    step: 'denied quantity-step',
    huge: expect.stringMatching(/^denied (quantity-step|bad-quantity|order-too-large)$/) as string,
    'huge price': expect.stringMatching(/^denied (price-tick|bad-price|price-band)$/) as string,
    small: 'denied order-too-small',
    large: 'denied order-too-large',
    'stop tick': 'denied price-tick',
    // 0.30000000000000004 is not what 300 steps are.
    inexact: 'accepted none',
    sound: 'accepted none',
  })
  expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
})

describe("a home's journal", () => {
  test('that is cut short or damaged is refused by name, and the rest of it is not changed', async () => {
    const home = newHome()
    const strategy = moduleOf(`export default defineStrategy({ id: 'a', onTrade({ symbol }, { order }) {
      order({ symbol, side: 'buy', quantity: 1 })
    } })`)
    expect(await playToEnd(optionsOf(home, { strategies: [strategy] }))).toBe(true)
    const page = '0000000000.page'
    const spoilt = (spoil: (file: string) => void, journal = 'gateway'): string => {
      const copy = join(makeFolder('memory'), 'copy')
      cpSync(home, copy, { recursive: true })
      spoil(join(copy, journal, page))
      return copy
    }
    const cases: [string, string][] = [
      ['cut short', spoilt(file => truncateSync(file, 8192))],
      ['empty', spoilt(file => closeSync(openSync(file, 'w')))],
      ['with a damaged frame', spoilt(file => patch(file, slotAt(3), new Uint8Array(64).fill(0xff)))],
      ["with the strategy's journal cut short", spoilt(file => truncateSync(file, 8192), 'strategies/a')],
    ]
    for (const [what, copy] of cases) {
      const files = readdirSync(copy, { recursive: true }).length
      const refusal = await rejectionOf(Gateway.start(optionsOf(copy)))
      expect(refusal.code, what).toMatch(/^ERR_(JOURNAL|PAGE|HOME|SEQUENCE|CORRUPT|NOT)/)
      expect(refusal.message, what).toContain(copy)
      expect(readdirSync(copy, { recursive: true }).length, what).toBe(files)
    }
  })

  test('whose pages are gone is refused, and no other home begins in its place', async () => {
    const home = newHome()
    const strategy = moduleOf("export default defineStrategy({ id: 'a', onTrade() {} })")
    expect(await playToEnd(optionsOf(home, { strategies: [strategy] }))).toBe(true)
    const page = join(home, 'gateway', '0000000000.page')
    const kept = readFileSync(page)
    rmSync(page)
    expect(await rejectionOf(Gateway.start(optionsOf(home, { strategies: [strategy] })))).toMatchObject({
      code: 'ERR_HOME',
      message: expect.stringContaining(`the pages of ${join(home, 'gateway')} are gone`) as string,
    })
    expect(existsSync(page)).toBe(false)
    writeFileSync(page, kept)
    expect(await playToEnd(optionsOf(home, { strategies: [strategy] }))).toBe(true)
    expect(await replayGateway({ home })).toMatchObject({ difference: undefined })
  })

  test('is refused when it was not written by a gateway', async () => {
    const { Writer, f64, frame } = await import('ticktape')
    const home = newHome()
    const writer = Writer.open(join(home, 'gateway'), { durability: 'process', pageSize: 65536 })
    writer.write(frame('Other', 900, { x: f64 }), { x: 1 })
    writer.close()
    expect(await rejectionOf(Gateway.start(optionsOf(home)))).toMatchObject({
      code: expect.stringMatching(/^ERR_/) as string,
    })
  })
})
