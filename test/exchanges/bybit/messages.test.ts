import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import * as answers from '../../../dist/exchanges/bybit/answers.js'
import { bybitEndpoint } from '../../../dist/exchanges/bybit/endpoints.js'
import { type BybitCategory, bybitInstruments } from '../../../dist/exchanges/bybit/instruments.js'
import { BybitOrderBook } from '../../../dist/exchanges/bybit/order-book.js'
import { readBybitPrivate } from '../../../dist/exchanges/bybit/private-messages.js'
import { SentAmends } from '../../../dist/exchanges/bybit/sent-amends.js'
import { BybitTickers } from '../../../dist/exchanges/bybit/tickers.js'
import { Instrument } from '../../../dist/trading/instruments/instrument.js'
import { BYBIT } from '../../../dist/trading/market/dialects/bybit.js'
import { realData } from '../../support/captures.ts'
import { failureOf } from '../../support/failures.ts'
import { decimal, type Heard, hear, IDS, type Json, type Said } from '../../support/private-messages.ts'

const FOLDER = ['venues', 'bybit']

/** Messages that nothing is made of, and why. */
const NOT_READ: Readonly<Record<string, string>> = {
  'http_get_account_info.json': 'settings of the account',
  'http_get_fee_rate.json': 'fee rates: fills have their fees',
  'http_get_funding_history.json': 'funding rates',
  'http_get_klines_linear.json': 'candles',
  'http_get_orderbook.json': 'a snapshot: the stream has one too',
  'http_get_trades_recent.json': 'trades of the market: they come from the stream',
  'ws_account_position_with_open_time.json': 'a part of a message of position: read as one below',
}

/** Without what is empty. */
function shown(said: Partial<Said>): Partial<Said> {
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== ''))
}

/** An order of the JSON. */
function orderIn(o: Json, kind: string, reason = ''): Partial<Said> {
  const price = decimal(o.price === '' ? '0' : o.price)
  return shown({
    kind,
    symbol: o.symbol,
    side: o.side.toLowerCase(),
    price,
    quantity: decimal(o.qty),
    filled: decimal(o.cumExecQty),
    orderId: o.orderId,
    ms: Number(o.updatedTime),
    reason,
  })
}

function fillIn(e: Json, feeCurrency = 'QUOTE'): Partial<Said> {
  return {
    kind: 'fill',
    symbol: e.symbol,
    side: e.side.toLowerCase(),
    price: decimal(e.execPrice),
    quantity: decimal(e.execQty),
    maker: e.isMaker,
    fee: Number(e.execFee),
    feeCurrency: e.feeCurrency ?? feeCurrency,
    tradeId: e.execId,
    orderId: e.orderId,
    ms: Number(e.execTime),
  }
}

function positionIn(p: Json): Partial<Said> {
  return {
    kind: 'position',
    symbol: p.symbol,
    quantity: decimal(p.side === 'Sell' ? `-${p.size}` : p.size),
    ms: Number(p.updatedTime),
  }
}

function balancesIn(account: Json, ms: number): Partial<Said>[] {
  return account.coin.map((c: Json) => ({ kind: 'balance', fee: Number(c.walletBalance), feeCurrency: c.coin, ms }))
}

const only = (...events: Partial<Said>[]): Heard => ({ events, passedOver: [], problems: [] })
const passed = (...passedOver: string[]): Heard => ({ events: [], passedOver, problems: [] })
const orders = (kind: string, reason?: string): ((m: Json) => Heard) => {
  return m => only(...m.data.map((o: Json) => orderIn(o, kind, reason)))
}

/** What each private message must become, computed from its JSON. */
const PRIVATE: Readonly<Record<string, (m: Json) => Heard>> = {
  'ws_account_execution.json': m => only(...m.data.map((e: Json) => fillIn(e))),
  'ws_account_execution_adl.json': m => only(...m.data.map((e: Json) => fillIn(e))),
  'ws_account_execution_fast.json': () => passed('execution.fast: the same fill comes with its fee in execution'),
  'ws_account_execution_fast_envelope_id.json': () =>
    passed('execution.fast: the same fill comes with its fee in execution'),
  'ws_account_order.json': orders('cancelled', 'requested'),
  'ws_account_order_filled.json': orders('filled'),
  // Its category is spot.
  'ws_account_order_partially_filled_rejected.json': () => passed('order of spot: another part of the account'),
  'ws_account_order_buy_stop_market.json': orders('accepted'),
  'ws_account_order_limit_if_touched.json': orders('accepted'),
  'ws_account_order_market_if_touched.json': orders('accepted'),
  'ws_account_order_sell_market_if_touched.json': orders('accepted'),
  'ws_account_order_stop_limit.json': orders('accepted'),
  'ws_account_order_stop_loss.json': orders('accepted'),
  'ws_account_order_stop_market.json': orders('accepted'),
  'ws_account_order_take_profit.json': orders('accepted'),
  'ws_account_position.json': m => only(...m.data.map(positionIn)),
  'ws_account_position_short.json': m => only(...m.data.map(positionIn)),
  'ws_account_wallet.json': m => only(...m.data.flatMap((a: Json) => balancesIn(a, m.creationTime))),
  'ws_account_wallet_locked_exceeds_total.json': m =>
    only(...m.data.flatMap((a: Json) => balancesIn(a, m.creationTime))),
  'ws_account_wallet_small_order.json': m => only(...m.data.flatMap((a: Json) => balancesIn(a, m.creationTime))),
  'ws_auth_failure.json': () => passed('answer to auth: refused'),
  'ws_auth_success.json': () => passed('answer to auth: done'),
  'ws_order_response.json': () => passed('answer to order.create: done'),
  'ws_subscription_ack.json': () => passed('answer to subscribe: done'),
  'ws_subscription_failure.json': () => passed('answer to subscribe: refused'),
}

/** The word for an order of an answer. */
function wordOf(o: Json): [kind: string, reason?: string] {
  if (o.orderStatus === 'Cancelled') return ['cancelled', 'requested']
  return o.orderStatus === 'Rejected' ? ['cancelled', 'insufficient-margin'] : ['open']
}

const ordersIn = (a: Json): Heard => only(...a.result.list.map((o: Json) => orderIn(o, ...wordOf(o))))
const walletsIn = (a: Json): Heard => only(...a.result.list.flatMap((one: Json) => balancesIn(one, a.time)))
const positionsIn = (a: Json): Heard => only(...a.result.list.map(positionIn))

/** How each answer is read, and what it must become. */
const ANSWERS: Readonly<Record<string, [read: (a: Json, context: Json) => unknown, wanted: (a: Json) => Heard]>> = {
  'http_get_executions.json': [answers.readExecutionsAnswer, a => only(...a.result.list.map((e: Json) => fillIn(e)))],
  'http_get_order_partially_filled_rejected.json': [answers.readOrdersAnswer, ordersIn],
  'http_get_orders_history.json': [answers.readOrdersAnswer, ordersIn],
  'http_get_orders_history_with_duplicate.json': [answers.readOrdersAnswer, ordersIn],
  'http_get_orders_realtime.json': [answers.readOrdersAnswer, ordersIn],
  'http_get_orders_realtime_tp_sl.json': [answers.readOrdersAnswer, ordersIn],
  'http_get_positions.json': [answers.readPositionsAnswer, positionsIn],
  'http_get_positions_with_open_time.json': [answers.readPositionsAnswer, positionsIn],
  'http_get_wallet_balance.json': [answers.readWalletAnswer, walletsIn],
  'http_get_wallet_balance_spot_short.json': [answers.readWalletAnswer, walletsIn],
  'http_get_wallet_balance_with_spot_borrow.json': [answers.readWalletAnswer, walletsIn],
}

const INSTRUMENTS: Readonly<Record<string, BybitCategory>> = {
  'http_get_instruments_inverse.json': 'inverse',
  'http_get_instruments_inverse_symbol_type.json': 'inverse',
  'http_get_instruments_linear.json': 'linear',
  'http_get_instruments_linear_symbol_type.json': 'linear',
  'http_get_instruments_option.json': 'option',
  'http_get_instruments_option_symbol_id.json': 'option',
  'http_get_instruments_spot.json': 'spot',
  'http_get_instruments_spot_xstocks.json': 'spot',
}

const PUBLIC = [
  'ws_kline.json',
  'ws_orderbook_delta.json',
  'ws_orderbook_snapshot.json',
  'ws_public_trade.json',
  'ws_ticker_linear.json',
  'ws_ticker_option.json',
]

function read(context: Parameters<typeof realData>[0], name: string): Json {
  return JSON.parse(readFileSync(realData(context, ...FOLDER, name), 'utf8'))
}

test('every file of Bybit is read by one of these tests, or is not read for a named reason', context => {
  const tables = [NOT_READ, PRIVATE, ANSWERS, INSTRUMENTS]
  const known = [...tables.flatMap(table => Object.keys(table)), ...PUBLIC]
  expect(readdirSync(realData(context, ...FOLDER)).toSorted()).toEqual(known.toSorted())
})

test.for(Object.keys(PRIVATE))('%s says what its JSON says', (name, context) => {
  const message = read(context, name)
  expect(hear(to => readBybitPrivate(message, 'linear', to))).toEqual(PRIVATE[name]?.(message))
})

test.for(Object.keys(ANSWERS))('%s says what its JSON says', (name, context) => {
  const answer = read(context, name)
  const [parse, wanted] = ANSWERS[name] ?? []
  expect(hear(to => parse?.(answer, to))).toEqual(wanted?.(answer))
})

test('an order that was filled in part and then rejected is cancelled: it has fills', context => {
  const message = read(context, 'ws_account_order_partially_filled_rejected.json')
  const { events } = hear(to => readBybitPrivate(message, 'spot', to))
  expect(events).toEqual(message.data.map((o: Json) => orderIn(o, 'cancelled', 'venue-rejected')))
})

test('a position is read alone too, and pages say where the next one begins', context => {
  const message = { topic: 'position', data: [read(context, 'ws_account_position_with_open_time.json')] }
  expect(hear(to => readBybitPrivate(message, 'linear', to))).toEqual(only(...message.data.map(positionIn)))
  const pages: string[] = []
  const answer = read(context, 'http_get_executions.json')
  hear(to => pages.push(answers.readExecutionsAnswer(answer, to).next))
  expect(pages).toEqual([answer.result.nextPageCursor])
})

test('an answer to a request names the request', context => {
  expect(answers.readRequestAnswer(read(context, 'ws_order_response.json'))).toEqual({
    op: 'order.create',
    requestId: 'order-req-001',
    code: 0,
    text: 'OK',
  })
})

describe('an order of ours', () => {
  const order = (fields: Json): Json => ({
    topic: 'order',
    data: [
      {
        category: 'linear',
        symbol: 'BTCUSDT',
        orderId: 'a-b',
        orderLinkId: IDS.of(4_097, 7),
        side: 'Buy',
        orderStatus: 'New',
        price: '100.5',
        qty: '2',
        cumExecQty: '0',
        updatedTime: '1700000000000',
        ...fields,
      },
    ],
  })

  test('is found by its client id, and what it becomes by its status', () => {
    const word = (fields: Json): unknown => {
      const { events, passedOver } = hear(to => readBybitPrivate(order(fields), 'linear', to))
      return events[0] === undefined ? passedOver : [events[0].own, events[0].kind, events[0].reason]
    }
    expect(word({})).toEqual(['4097/7', 'accepted', undefined])
    expect(word({ orderStatus: 'PartiallyFilled' })).toEqual(['4097/7', 'open', undefined])
    expect(word({ orderStatus: 'Triggered' })).toEqual(['status Triggered: says nothing yet'])
    expect(word({ orderStatus: 'Deactivated' })).toEqual(['4097/7', 'cancelled', 'requested'])
    expect(word({ orderStatus: 'PartiallyFilledCanceled', cancelType: 'CancelByNoLiquidity' })).toEqual([
      '4097/7',
      'cancelled',
      'not-marketable',
    ])
    expect(word({ orderStatus: 'Cancelled', rejectReason: 'EC_PostOnlyWillTakeLiquidity' })).toEqual([
      '4097/7',
      'cancelled',
      'post-only-would-trade',
    ])
    expect(word({ orderStatus: 'Rejected', rejectReason: 'INSUFFICIENT_MARGIN' })).toEqual([
      '4097/7',
      'rejected',
      'insufficient-margin',
    ])
  })

  test('that waits for an amend, and works, is amended', () => {
    const { events } = hear(to => readBybitPrivate(order({ qty: '3' }), 'linear', to), { amendOf: () => 2 })
    expect(events).toMatchObject([{ kind: 'amended', request: 2, quantity: '3' }])
  })

  test('whose amend and whose end come in one message is amended first', () => {
    const ended = (fields: Json): unknown =>
      hear(to => readBybitPrivate(order(fields), 'linear', to), { amendOf: () => 2 }).events.map(({ kind }) => kind)
    expect(ended({ orderStatus: 'Filled', qty: '3', cumExecQty: '3' })).toEqual(['amended', 'filled'])
    expect(ended({ orderStatus: 'PartiallyFilled', qty: '3', cumExecQty: '1' })).toEqual(['amended', 'open'])
    expect(ended({ orderStatus: 'Rejected', rejectReason: 'EC_Others' })).toEqual(['rejected'])
  })

  test('without a limit has no price, whatever Bybit takes as its worst one', () => {
    const { events } = hear(to => readBybitPrivate(order({ orderType: 'Market', price: '110.5' }), 'linear', to))
    expect(events[0]).toMatchObject({ kind: 'accepted', price: '0' })
  })

  test('of another part of the account is passed over: its instruments have the same names', () => {
    expect(hear(to => readBybitPrivate(order({}), 'spot', to))).toEqual(
      passed('order of linear: another part of the account'),
    )
  })

  test('whose numbers or words are not known is a problem, and nothing is concluded', () => {
    for (const fields of [{ qty: '0.000000001' }, { orderStatus: 'Lost' }, { side: 'None' }, { orderId: '' }])
      expect(hear(to => readBybitPrivate(order(fields), 'linear', to))).toMatchObject({
        events: [],
        problems: [expect.any(String)],
      })
  })
})

test('what is no message is a problem each, and nothing is thrown; other entries are read', () => {
  for (const message of [undefined, null, 5, [], {}, { topic: 'order' }, { topic: 'wallet', data: [{}] }])
    expect(hear(to => readBybitPrivate(message, 'linear', to))).toMatchObject({
      events: [],
      problems: [expect.any(String)],
    })
  const refused = { retCode: 10_003, retMsg: 'invalid', result: {} }
  expect(hear(to => answers.readOrdersAnswer(refused, to)).problems).toEqual([
    'Bybit refuses the request, 10003: invalid',
  ])
  const position = (symbol: string, size: string): Json => ({
    symbol,
    size,
    side: 'Sell',
    positionIdx: 0,
    updatedTime: '1700000000000',
  })
  const list = [position('A', 'x'), position('B', '2'), { ...position('C', '1'), positionIdx: 1 }]
  expect(hear(to => answers.readPositionsAnswer({ retCode: 0, result: { list } }, to))).toMatchObject({
    events: [{ symbol: 'B', quantity: '-2' }],
    passedOver: ['position of C: the account keeps long and short apart'],
    problems: [expect.stringContaining("position of A is '-x'")],
  })
})

test('the fee of older messages is in the currency that such a fill pays in', () => {
  const fill = (category: string, side: string): Json => ({
    topic: 'execution',
    data: [
      {
        category,
        symbol: 'X',
        orderId: 'o',
        side,
        orderQty: '1',
        execType: 'Trade',
        execId: 'e',
        execPrice: '1',
        execQty: '1',
        execFee: '-0.1',
        execTime: '1700000000000',
        isMaker: true,
      },
    ],
  })
  const currency = (category: 'spot' | 'linear', side: string): unknown => {
    const terms = category === 'spot' ? {} : { kind: 'perpetual' as const, settlement: 'USDC' }
    return hear(to => readBybitPrivate(fill(category, side), category, to), { terms }).events[0]?.feeCurrency
  }
  expect([currency('spot', 'Buy'), currency('spot', 'Sell'), currency('linear', 'Buy')]).toEqual([
    'BASE',
    'QUOTE',
    'USDC',
  ])
  const funding = fill('linear', 'Buy')
  funding.data[0].execType = 'Funding'
  expect(hear(to => readBybitPrivate(funding, 'linear', to))).toEqual(passed('execution of type Funding: no fill'))
})

test.for(Object.entries(INSTRUMENTS))('%s: terms are those of its JSON', ([name, category], context) => {
  const answer = read(context, name)
  const { specs, passedOver, suspended } = bybitInstruments(answer, category, 'bybit')
  expect([...passedOver]).toEqual([])
  expect(suspended).toEqual([])
  expect(specs.length).toBe(answer.result.list.length)
  for (const [i, { priceFilter, lotSizeFilter, ...fields }] of answer.result.list.entries()) {
    const instrument = new Instrument(1, specs[i] ?? ({} as never))
    const { spec } = instrument
    const step = category === 'spot' ? lotSizeFilter.basePrecision : lotSizeFilter.qtyStep
    expect([spec.symbol, spec.base, spec.settlement]).toEqual([
      fields.symbol,
      fields.baseCoin,
      category === 'spot' ? fields.quoteCoin : fields.settleCoin,
    ])
    expect([decimal(spec.priceTick), decimal(spec.quantityStep)]).toEqual([
      decimal(priceFilter.tickSize),
      decimal(step),
    ])
    expect([decimal(spec.minQuantity), decimal(spec.maxQuantity)]).toEqual([
      decimal(lotSizeFilter.minOrderQty),
      decimal(lotSizeFilter.maxOrderQty),
    ])
    const notional = lotSizeFilter.minOrderAmt ?? lotSizeFilter.minNotionalValue
    expect(spec.minNotional).toBe(notional === undefined ? undefined : decimal(notional))
    expect(spec.inverse).toBe(category === 'inverse')
    expect(spec.kind).toBe(category === 'spot' || category === 'option' ? category : 'perpetual')
  }
})

describe('of the public topics', () => {
  test('a snapshot is a quote, and a delta one when it changes the best prices', context => {
    const reader = BYBIT.open()
    const [snapshot, delta] = [read(context, 'ws_orderbook_snapshot.json'), read(context, 'ws_orderbook_delta.json')]
    expect(reader.parse(snapshot, 5)).toEqual({
      kind: 'quote',
      timeMs: 5,
      symbol: 'BTCUSDT',
      bid: 27_450,
      bidSize: 0.5,
      ask: 27_451,
      askSize: 0.75,
    })
    // The best ask is removed: the next one is the best now.
    expect(reader.parse(delta, 6)).toMatchObject({ bid: 27_450, bidSize: 0.4, ask: 27_451.5, askSize: 0.9 })
  })

  test('a delta after a gap gives no quote until the next snapshot', context => {
    const reader = BYBIT.open()
    const [snapshot, delta] = [read(context, 'ws_orderbook_snapshot.json'), read(context, 'ws_orderbook_delta.json')]
    const gap = { kind: 'other', what: 'orderbook delta without what is before it' }
    expect(reader.parse(delta, 1)).toEqual(gap)
    reader.parse(snapshot, 2)
    delta.data.u += 1
    expect(reader.parse(delta, 3)).toEqual(gap)
    delta.data.u -= 1
    expect(reader.parse(delta, 4)).toEqual(gap)
    expect(reader.parse(snapshot, 5)).toMatchObject({ kind: 'quote' })
    expect(reader.parse(delta, 6)).toMatchObject({ kind: 'quote' })
  })

  test('a delta below the best prices is passed over; of two depths the shallower one is used', context => {
    const reader = BYBIT.open()
    const deep = read(context, 'ws_orderbook_snapshot.json')
    deep.topic = 'orderbook.50.BTCUSDT'
    expect(reader.parse(deep, 1)).toMatchObject({ kind: 'quote' })
    const below = { ...deep, type: 'delta', data: { ...deep.data, u: deep.data.u + 1, b: [['27449.50', '7']], a: [] } }
    expect(reader.parse(below, 2)).toEqual({ kind: 'other', what: 'orderbook delta below the best prices' })
    expect(reader.parse(read(context, 'ws_orderbook_snapshot.json'), 3)).toMatchObject({ kind: 'quote' })
    expect(reader.parse(deep, 4)).toEqual({ kind: 'other', what: 'orderbook of another depth' })
  })

  test('a trade has the first half of its id, and the side of the taker', context => {
    const message = read(context, 'ws_public_trade.json')
    const [t] = message.data
    expect(BYBIT.open().parse(message, 5)).toEqual([
      {
        kind: 'trade',
        timeMs: 5,
        symbol: t.s,
        price: Number(t.p),
        quantity: Number(t.v),
        tradeId: BigInt(`0x${t.i.replaceAll('-', '').slice(0, 16)}`),
        side: t.S.toLowerCase(),
      },
    ])
    const numbered = {
      ...message,
      data: [
        { ...t, i: '2290000000068683805' },
        { ...t, BT: true },
      ],
    }
    expect(BYBIT.open().parse(numbered, 5)).toMatchObject([
      { tradeId: 2_290_000_000_068_683_805n },
      { kind: 'other', what: 'block trade' },
    ])
  })

  test.for([
    ['ws_kline.json', 'kline'],
    ['ws_ticker_linear.json', 'tickers'],
    ['ws_ticker_option.json', 'tickers'],
  ] as const)('%s is passed over as %s', ([name, what], context) => {
    expect(BYBIT.open().parse(read(context, name), 5)).toEqual({ kind: 'other', what })
  })
})

describe('the live book and tickers', () => {
  test('are those of the messages, and torn by what does not follow', context => {
    const book = new BybitOrderBook()
    const [snapshot, delta] = [read(context, 'ws_orderbook_snapshot.json'), read(context, 'ws_orderbook_delta.json')]
    expect([book.apply(delta), book.quote('X', 1)]).toEqual(['gap', undefined])
    // It has been asked for already.
    expect(book.apply(delta)).toBe('waiting')
    expect(book.apply(snapshot)).toBe('changed')
    expect(book.quote('X', 1)).toMatchObject({ bid: 27_450, bidSize: 0.5, ask: 27_451, askSize: 0.75 })
    expect(book.apply(snapshot)).toBe('same')
    expect(book.apply(delta)).toBe('changed')
    expect(book.quote('X', 1)).toMatchObject({ bid: 27_450, bidSize: 0.4, ask: 27_451.5, askSize: 0.9 })
    expect([book.apply(delta), book.quote('X', 1)]).toEqual(['gap', undefined])
    book.apply(snapshot)
    for (const data of [{}, { ...delta.data, b: [['x', '1']] }, { ...delta.data, u: 'x' }]) {
      expect(() => book.apply({ ...delta, data })).toThrow(/a book message of Bybit has/)
      expect([book.quote('X', 1), book.apply(delta)]).toEqual([undefined, 'waiting'])
      book.apply(snapshot)
    }
    // After a restart of the service it begins again.
    expect(book.apply({ ...delta, data: { ...snapshot.data, u: 1 } })).toBe('same')
    expect(book.apply({ ...delta, data: { ...delta.data, u: 2 } })).toBe('changed')
  })

  test('a delta of tickers has only what has changed', context => {
    const tickers = new BybitTickers()
    const message = read(context, 'ws_ticker_linear.json')
    const delta = (data: Json): Json => ({ ...message, type: 'delta', data: { symbol: 'BTCUSDT', ...data } })
    expect(tickers.apply(delta({ bid1Size: '1' }))).toBeUndefined()
    const first = {
      kind: 'quote',
      symbol: 'BTCUSDT',
      timeMs: message.ts,
      bid: 17_215.5,
      bidSize: 84.489,
      ask: 17_216,
      askSize: 83.02,
    }
    expect(tickers.apply(message)).toEqual(first)
    expect(tickers.apply(delta({ lastPrice: '17000' }))).toBeUndefined()
    expect(tickers.apply(delta({ bid1Size: '1.5' }))).toEqual({ ...first, bidSize: 1.5 })
    for (const bad of [{}, { ...message, data: 5 }, delta({ bid1Price: 'x' })])
      expect(tickers.apply(bad)).toBeUndefined()
    // An option's has other names.
    expect(tickers.apply(read(context, 'ws_ticker_option.json'))).toBeUndefined()
  })
})

test('an amend is done by its terms and not by an old message about the same terms', () => {
  const amends = new SentAmends()
  const [a, b] = [
    { ticks: 1, steps: 10 },
    { ticks: 2, steps: 10 },
  ]
  amends.heard('x', 100)
  amends.add('x', 1, b)
  expect([amends.requestOf('x', a, 150), amends.requestOf('y', b, 150), amends.requestOf('x', b, 150)]).toEqual([
    0, 0, 1,
  ])
  amends.remove('x', 1)
  amends.heard('x', 150)
  amends.add('x', 2, a)
  // What it was before the first one comes late, or once more.
  expect([amends.requestOf('x', a, 100), amends.requestOf('x', a, 160)]).toEqual([0, 2])
  amends.add('x', 3, a)
  amends.remove('x', 2)
  expect(amends.requestOf('x', a, 160)).toBe(3)
  amends.end('x')
  expect(amends.requestOf('x', a, 160)).toBe(0)
})

test('endpoints have names, and those of a fake are on this machine', () => {
  expect(bybitEndpoint('linear')).toMatchObject({
    rest: 'https://api.bybit.com',
    publicSocket: 'wss://stream.bybit.com/v5/public/linear',
    privateSocket: 'wss://stream.bybit.com/v5/private',
    tradeSocket: 'wss://stream.bybit.com/v5/trade',
    isFake: false,
  })
  expect(bybitEndpoint('spot', 'testnet')).toMatchObject({
    rest: 'https://api-testnet.bybit.com',
    publicSocket: 'wss://stream-testnet.bybit.com/v5/public/spot',
  })
  // It has the real market data, and no socket for orders.
  expect(bybitEndpoint('spot', 'demo')).toMatchObject({
    rest: 'https://api-demo.bybit.com',
    publicSocket: 'wss://stream.bybit.com/v5/public/spot',
    privateSocket: 'wss://stream-demo.bybit.com/v5/private',
    tradeSocket: undefined,
  })
  expect(bybitEndpoint('linear', 'ws://127.0.0.1:8080')).toMatchObject({ rest: 'http://127.0.0.1:8080', isFake: true })
  expect(failureOf(() => bybitEndpoint('linear', 'ws://example.com:8080'))).toMatchObject({
    code: 'ERR_INVALID_OPTION',
  })
})
