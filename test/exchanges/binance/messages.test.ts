import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import * as answers from '../../../dist/exchanges/binance/answers.js'
import { binanceInstruments } from '../../../dist/exchanges/binance/instruments.js'
import { readUserData } from '../../../dist/exchanges/binance/user-data.js'
import { parseJson } from '../../../dist/trading/exact/parse-json.js'
import { BINANCE } from '../../../dist/trading/market/dialects/binance.js'
import { realData } from '../../support/captures.ts'
import { decimal, type Heard, hear, IDS, type Json, type Said } from '../../support/private-messages.ts'

type Row = Readonly<Record<string, unknown>>

const FOLDER = ['venues', 'binance']
const AT = 1_700_000_000_000

/** Answers that nothing is made of, and why. */
const NOT_READ: Readonly<Record<string, string>> = {
  'spot/http_json/avg_price_response.json': 'an average price: quotes and trades come from streams',
  'spot/http_json/book_ticker_response.json': 'one quote: they come from streams',
  'spot/http_json/depth_response.json': 'a snapshot: depth is no event',
  'spot/http_json/klines_response.json': 'candles',
  'spot/http_json/ping_response.json': 'an empty answer',
  'spot/http_json/server_time_response.json': 'a time: of the connection, not of orders',
  'spot/http_json/ticker_24hr_response.json': 'statistics of a day',
  'spot/http_json/ticker_price_response.json': 'a last price: trades come from streams',
  'spot/http_json/trades_response.json': 'trades of the market: they come from streams',
  'futures/http_json/open_algo_orders.json': 'triggers: their stream ALGO_UPDATE reports them',
}

/** Public messages: what the dialect makes of them. */
const PUBLIC: Readonly<Record<string, string>> = {
  'agg_trade_stream.json': 'aggTrade',
  'depth_update_stream.json': 'depthUpdate',
  'kline_stream_closed.json': 'kline',
  'kline_stream_open.json': 'kline',
  'liquidation_stream.json': 'forceOrder',
  'mark_price_stream.json': 'markPriceUpdate',
  'ticker_stream.json': '24hrTicker',
}

/** An order of the JSON of a user data stream: by its letters. */
function orderIn(o: Row, kind: string, reason?: string): Partial<Said> {
  return shown({
    kind,
    symbol: o['s'] as string,
    side: String(o['S']).toLowerCase(),
    price: decimal(o['p']),
    quantity: decimal(o['q']),
    filled: decimal(o['z']),
    orderId: String(o['i']),
    ms: o['T'] as number,
    reason: reason ?? '',
  })
}

function fillOf(o: Row): Partial<Said> {
  return shown({
    kind: 'fill',
    symbol: o['s'] as string,
    side: String(o['S']).toLowerCase(),
    price: decimal(o['L']),
    quantity: decimal(o['l']),
    maker: o['m'] as boolean,
    fee: Number(o['n'] ?? 0),
    feeCurrency: (o['N'] ?? '') as string,
    tradeId: String(o['t']),
    orderId: String(o['i']),
    ms: o['T'] as number,
  })
}

function balance(currency: unknown, amount: unknown, ms: unknown): Partial<Said> {
  return { kind: 'balance', fee: Number(amount), feeCurrency: currency as string, ms: ms as number }
}

/** Without what is empty. */
function shown(said: Partial<Said>): Partial<Said> {
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== ''))
}

/** An order of an answer. */
function answerOf(o: Row, kind: string, reason?: string): Partial<Said> {
  return shown({
    kind,
    symbol: o['symbol'] as string,
    side: String(o['side']).toLowerCase(),
    price: decimal(o['price']),
    quantity: decimal(o['origQty']),
    filled: decimal(o['executedQty']),
    orderId: String(o['orderId']),
    ms: (o['updateTime'] ?? o['transactTime']) as number,
    reason: reason ?? '',
  })
}

const only = (...events: Partial<Said>[]): Heard => ({ events, passedOver: [], problems: [] })
const passed = (...passedOver: string[]): Heard => ({ events: [], passedOver, problems: [] })

/** What each message of the user data streams must become, computed from its JSON. */
const USER_DATA: Readonly<Record<string, (m: Json) => Heard>> = {
  'spot/account_position.json': m => only(...m.B.map((b: Json) => balance(b.a, Number(b.f) + Number(b.l), m.u))),
  'spot/account_position_wrapped.json': ({ event: m }) =>
    only(...m.B.map((b: Json) => balance(b.a, Number(b.f) + Number(b.l), m.u))),
  'spot/balance_update.json': () =>
    passed('balanceUpdate: a change; the balance itself comes in outboundAccountPosition'),
  'spot/balance_update_wrapped.json': () =>
    passed('balanceUpdate: a change; the balance itself comes in outboundAccountPosition'),
  'spot/execution_report_canceled.json': m => only(orderIn(m, 'cancelled', 'requested')),
  'spot/execution_report_expired.json': m => only(orderIn(m, 'cancelled', 'not-marketable')),
  'spot/execution_report_new.json': m => only(orderIn(m, 'accepted')),
  'spot/execution_report_stop_loss.json': m => only(orderIn(m, 'accepted')),
  'spot/execution_report_trade.json': m => only(fillOf(m), orderIn(m, 'filled')),
  'spot/execution_report_wrapped.json': m => only(orderIn(m.event, 'accepted')),
  'spot/list_status_wrapped.json': () => passed('listStatus: its orders report themselves'),
  'futures/account_update.json': m => ({
    events: m.a.B.map((b: Json) => balance(b.a, b.wb, m.T)),
    passedOver: m.a.P.map((p: Json) => `position of ${p.s}: the account keeps long and short apart`),
    problems: [],
  }),
  'futures/account_update_bnfcr.json': m => only(...m.a.B.map((b: Json) => balance(b.a, b.wb, m.T))),
  'futures/algo_update_new.json': m => only(triggerOf(m, 'accepted')),
  'futures/algo_update_canceled.json': m => only({ ...triggerOf(m, 'cancelled'), reason: 'requested' }),
  'futures/order_update_adl.json': m => only(fillOf(m.o)),
  'futures/order_update_insurance.json': m => only(fillOf(m.o)),
  'futures/order_update_calculated.json': m => only(fillOf(m.o), orderIn(m.o, 'filled')),
  'futures/order_update_calculated_pending.json': () => passed('CALCULATED: a liquidation without a fill (yet)'),
  'futures/order_update_delivery.json': m => only(fillOf(m.o), orderIn(m.o, 'filled')),
  'futures/order_update_settlement.json': m => only(fillOf(m.o), orderIn(m.o, 'filled')),
  'futures/order_update_new.json': m => only(orderIn(m.o, 'accepted')),
  'futures/order_update_trade.json': m => only(fillOf(m.o), orderIn(m.o, 'open')),
  'futures/order_update_trade_partial.json': m => only(fillOf(m.o), orderIn(m.o, 'open')),
  'futures/trade_lite.json': () => passed('TRADE_LITE: the same fill comes with its fee in ORDER_TRADE_UPDATE'),
}

function triggerOf({ T, o }: { T: number; o: Row }, kind: string): Partial<Said> {
  return {
    kind,
    symbol: o['s'] as string,
    side: String(o['S']).toLowerCase(),
    price: decimal(o['p']),
    quantity: decimal(o['q']),
    filled: '0',
    orderId: `algo-${String(o['aid'])}`,
    ms: T,
  }
}

/** How each answer is read, and what it must become. */
const ANSWERS: Readonly<Record<string, [read: (a: unknown, context: Json) => void, wanted: (a: Json) => Heard]>> = {
  'futures/account_info_v2.json': [
    (a, context) => answers.readAccountAnswer(a, context, AT),
    a =>
      only(
        ...a.assets.map((b: Json) => balance(b.asset, b.walletBalance, AT)),
        ...a.positions.map((p: Json) => positionOf(p)),
      ),
  ],
  'futures/balance.json': [
    (a, context) => answers.readAccountAnswer(a, context, AT),
    a => only(...a.map((b: Json) => balance(b.asset, b.balance, AT))),
  ],
  'futures/order_response.json': [answers.readOrderAnswer, a => only(answerOf(a, 'open'))],
  'futures/position_risk.json': [
    (a, context) => answers.readPositionsAnswer(a, context, AT),
    a => only(...a.map((p: Json) => positionOf(p))),
  ],
  'spot/account_response.json': [
    (a, context) => answers.readAccountAnswer(a, context, AT),
    a => only(...a.balances.map((b: Json) => balance(b.asset, Number(b.free) + Number(b.locked), AT))),
  ],
  'spot/account_trades_response.json': [
    answers.readTradesAnswer,
    a =>
      only(
        ...a.map((t: Json) => ({
          kind: 'fill',
          symbol: t.symbol,
          side: t.isBuyer === true ? 'buy' : 'sell',
          price: decimal(t.price),
          quantity: decimal(t.qty),
          maker: t.isMaker,
          fee: Number(t.commission),
          feeCurrency: t.commissionAsset,
          tradeId: String(t.id),
          orderId: String(t.orderId),
          ms: t.time,
        })),
      ),
  ],
  'spot/all_orders_response.json': [answers.readOrdersAnswer, a => only(...a.map((o: Row) => answerOf(o, 'open')))],
  'spot/open_orders_response.json': [answers.readOrdersAnswer, a => only(...a.map((o: Row) => answerOf(o, 'open')))],
  'spot/order_response.json': [answers.readOrderAnswer, a => only(answerOf(a, 'open'))],
  'spot/cancel_order_response.json': [answers.readOrderAnswer, a => only(answerOf(a, 'cancelled', 'requested'))],
  'spot/cancel_open_orders_response.json': [
    answers.readOrdersAnswer,
    a =>
      only(
        ...a
          .flatMap((o: Json) => (o.orderReports === undefined ? [o] : o.orderReports))
          .map((o: Row) => answerOf(o, 'cancelled', 'requested')),
      ),
  ],
  'spot/new_order_full_response.json': [
    (a, context) => answers.readOrderAnswer(a, context, 'accepted'),
    a =>
      only(
        ...a.fills.map((f: Json) => ({
          kind: 'fill',
          symbol: a.symbol,
          side: a.side.toLowerCase(),
          price: decimal(f.price),
          quantity: decimal(f.qty),
          maker: false,
          fee: Number(f.commission),
          feeCurrency: f.commissionAsset,
          tradeId: String(f.tradeId),
          orderId: String(a.orderId),
          ms: a.transactTime,
        })),
        answerOf(a, 'filled'),
      ),
  ],
}

function positionOf(p: Json): Partial<Said> {
  return { kind: 'position', symbol: p.symbol, quantity: decimal(p.positionAmt), ms: AT }
}

test('every file of Binance is read by one of these tests, or is not read for a named reason', context => {
  const folder = realData(context, ...FOLDER)
  const files = readdirSync(folder, { recursive: true })
    .map(String)
    .filter(file => file.endsWith('.json'))
  const known = new Set([
    ...Object.keys(NOT_READ),
    ...Object.keys(USER_DATA).map(name => name.replace('/', '/user_data_json/')),
    ...Object.keys(ANSWERS).map(name => name.replace('/', '/http_json/')),
    ...Object.keys(PUBLIC).map(name => `futures/market_data_json/${name}`),
    'futures/market_data_json/book_ticker_stream.json',
    'futures/market_data_json/trade_stream.json',
    'spot/http_json/exchange_info_response.json',
  ])
  expect(files.filter(file => !known.has(file))).toEqual([])
  expect([...known].filter(file => !files.includes(file))).toEqual([])
})

describe('of the user data streams', () => {
  test.for(Object.keys(USER_DATA))('%s says what its JSON says', (name, context) => {
    const file = realData(context, ...FOLDER, name.replace('/', '/user_data_json/'))
    const text = readFileSync(file, 'utf8')
    expect(hear(to => readUserData(parseJson(text), to))).toEqual(USER_DATA[name]?.(JSON.parse(text)))
  })
})

describe('of the answers', () => {
  test.for(Object.keys(ANSWERS))('%s says what its JSON says', (name, context) => {
    const text = readFileSync(realData(context, ...FOLDER, name.replace('/', '/http_json/')), 'utf8')
    const [read, wanted] = ANSWERS[name] ?? []
    expect(hear(to => read?.(parseJson(text), to))).toEqual(wanted?.(JSON.parse(text)))
  })
})

describe('of the public streams', () => {
  const parse = (context: Parameters<typeof realData>[0], name: string): [Json, Json] => {
    const file = realData(context, ...FOLDER, 'futures', 'market_data_json', name)
    const message = JSON.parse(readFileSync(file, 'utf8'))
    return [message, BINANCE.open().parse(message, 5)]
  }

  test.for(Object.entries(PUBLIC))('%s is passed over as %s', ([name, what], context) => {
    expect(parse(context, name)[1]).toEqual({ kind: 'other', what })
  })

  test('a bookTicker is a quote', context => {
    const [m, parsed] = parse(context, 'book_ticker_stream.json')
    expect(parsed).toEqual({
      kind: 'quote',
      timeMs: 5,
      symbol: m.s,
      bid: Number(m.b),
      bidSize: Number(m.B),
      ask: Number(m.a),
      askSize: Number(m.A),
    })
  })

  test('a trade is a trade; the taker sold when the buyer was the maker', context => {
    const [m, parsed] = parse(context, 'trade_stream.json')
    expect(parsed).toEqual({
      kind: 'trade',
      timeMs: 5,
      symbol: m.s,
      price: Number(m.p),
      quantity: Number(m.q),
      tradeId: BigInt(m.t),
      side: m.m === true ? 'sell' : 'buy',
    })
  })
})

describe('an order of ours', () => {
  const message = (fields: Row): Row => ({
    e: 'executionReport',
    E: AT,
    s: 'BTCUSDT',
    c: IDS.of(4_097, 7),
    S: 'SELL',
    o: 'LIMIT',
    f: 'GTC',
    q: '1.5',
    p: '100.10',
    x: 'NEW',
    X: 'NEW',
    r: 'NONE',
    i: 1,
    l: '0',
    z: '0',
    L: '0',
    n: '0',
    N: null,
    T: AT,
    t: -1,
    m: false,
    C: '',
    ...fields,
  })
  const terms = { priceTick: '0.05', quantityStep: '0.5' }

  test('is found by its client id; of a cancelled one, by that of the order and not of the request', () => {
    expect(hear(to => readUserData(message({}), to)).events[0]).toMatchObject({ kind: 'accepted', own: '4097/7' })
    const cancelled = message({ x: 'CANCELED', X: 'CANCELED', c: 'request-1', C: IDS.of(4_097, 7) })
    expect(hear(to => readUserData(cancelled, to)).events[0]).toMatchObject({ kind: 'cancelled', own: '4097/7' })
  })

  test('keeps ids beyond 2^53, digit by digit', () => {
    const text = JSON.stringify(
      message({ x: 'TRADE', X: 'PARTIALLY_FILLED', l: '0.5', z: '0.5', L: '100.1', N: 'USDT' }),
    )
    const long = text.replace('"i":1,', '"i":9007199254740993,').replace('"t":-1', '"t":18014398509481985')
    const { events } = hear(to => readUserData(parseJson(long), to))
    expect(events).toMatchObject([
      { kind: 'fill', orderId: '9007199254740993', tradeId: '18014398509481985' },
      { kind: 'open', orderId: '9007199254740993' },
    ])
  })

  test('whose numbers are no whole ticks or steps is a problem, and not rounded', () => {
    for (const fields of [{ p: '100.11' }, { q: '1.50000001' }, { z: 'x' }]) {
      const { events, problems } = hear(to => readUserData(message(fields), to), { terms })
      expect(events).toEqual([])
      expect(problems).toHaveLength(1)
    }
    expect(hear(to => readUserData(message({}), to), { terms }).events).toMatchObject([
      { price: '100.1', quantity: '1.5' },
    ])
  })

  test('of a symbol that is not known is a problem; one of others is passed over', () => {
    const options = { knows: () => false }
    expect(hear(to => readUserData(message({}), to), options).problems).toEqual([
      'order 1 is ours, and its symbol BTCUSDT is not known',
    ])
    expect(hear(to => readUserData(message({ c: 'theirs' }), to), options)).toEqual(
      passed('BTCUSDT: no instrument of this desk'),
    )
  })

  test('that is amended names the amend that waits', () => {
    const amended = message({ x: 'AMENDMENT', X: 'NEW', q: '2.0' })
    const { events } = hear(to => readUserData(amended, to), { amendOf: ({ low }) => (low === 7 ? 3 : 0) })
    expect(events).toMatchObject([{ kind: 'amended', request: 3, quantity: '2' }])
  })

  test.for([
    ['IOC', 'LIMIT', 'cancelled', 'not-marketable'],
    ['FOK', 'LIMIT', 'cancelled', 'not-marketable'],
    ['GTC', 'MARKET', 'cancelled', 'not-marketable'],
    ['GTX', 'LIMIT', 'cancelled', 'post-only-would-trade'],
    ['GTD', 'LIMIT', 'expired', 'time-in-force'],
    ['GTC', 'LIMIT', 'cancelled', 'venue-rejected'],
  ] as const)('that expires as %s %s is %s: %s', ([f, o, kind, reason]) => {
    const { events } = hear(to => readUserData(message({ x: 'EXPIRED', X: 'EXPIRED', f, o, z: '0.5' }), to))
    expect(events).toMatchObject([{ kind, reason, filled: '0.5' }])
  })

  test('of which a fill is asked for has no client id: it is found by the venue id', () => {
    const trade = {
      symbol: 'BTCUSDT',
      id: 5,
      orderId: 77,
      price: '1',
      qty: '2',
      commission: '-0.1',
      commissionAsset: 'USDT',
      time: AT,
      buyer: true,
      maker: true,
    }
    const found = (id: string): Json => (id === '77' ? { high: 4_097, low: 9 } : undefined)
    expect(hear(to => answers.readTradesAnswer([trade], to), { orderOf: found }).events).toMatchObject([
      { own: '4097/9', fee: -0.1, maker: true, side: 'buy' },
    ])
  })
})

test('what is no message is a problem each, and nothing is thrown; other parts of it are read', () => {
  for (const message of [undefined, null, 5, 'x', [], {}, { e: 5 }, { e: 'executionReport' }, { event: 5 }])
    expect(hear(to => readUserData(message, to))).toMatchObject({ events: [], problems: [expect.any(String)] })
  expect(hear(to => readUserData({ e: 'somethingNew', E: 1 }, to))).toEqual(
    passed('somethingNew: a kind that is not known'),
  )
  const account = {
    e: 'ACCOUNT_UPDATE',
    T: AT,
    a: { B: [{ a: 'USDT', wb: 'x' }], P: [{ s: 'BTCUSDT', ps: 'BOTH', pa: '-2' }] },
  }
  expect(hear(to => readUserData(account, to))).toMatchObject({
    events: [{ kind: 'position', quantity: '-2' }],
    problems: ["the balance of USDT is 'x', which is no decimal"],
  })
})

test('the stream that ends is a connection that is lost', () => {
  expect(hear(to => readUserData({ e: 'listenKeyExpired', E: AT }, to)).events).toEqual([
    { kind: 'disconnected', ms: AT },
  ])
})

describe('instruments', () => {
  test('without terms are passed over, with the reason', context => {
    const file = realData(context, ...FOLDER, 'spot', 'http_json', 'exchange_info_response.json')
    const { specs, passedOver } = binanceInstruments(JSON.parse(readFileSync(file, 'utf8')), 'spot', 'binance')
    expect(specs).toEqual([])
    expect([...passedOver]).toEqual([['ETHBTC', 'it has no PRICE_FILTER or no LOT_SIZE']])
  })

  const filters = [
    { filterType: 'PRICE_FILTER', minPrice: '0.01000000', maxPrice: '1000000.00000000', tickSize: '0.01000000' },
    { filterType: 'LOT_SIZE', minQty: '0.00001000', maxQty: '9000.00000000', stepSize: '0.00001000' },
  ]
  const spot = { symbol: 'BTCUSDT', status: 'TRADING', baseAsset: 'BTC', quoteAsset: 'USDT' }

  test('of spot have ticks, steps and limits', () => {
    const notional = { filterType: 'NOTIONAL', minNotional: '5.00000000', maxNotional: '9000000.00000000' }
    const answer = {
      symbols: [
        { ...spot, filters: [...filters, notional] },
        { ...spot, symbol: 'X', status: 'BREAK', filters },
      ],
    }
    const { specs, suspended } = binanceInstruments(answer, 'spot', 'binance')
    expect(specs[0]).toEqual({
      venue: 'binance',
      symbol: 'BTCUSDT',
      kind: 'spot',
      base: 'BTC',
      quote: 'USDT',
      settlement: 'USDT',
      priceTick: '0.01',
      quantityStep: '0.00001',
      inverse: false,
      minQuantity: '0.00001',
      maxQuantity: '9000',
      minNotional: '5',
      maxNotional: '9000000',
    })
    expect(suspended).toEqual(['X'])
  })

  test('of futures are perpetuals and futures; those of COIN-M are inverse, with their contract value', () => {
    const linear = { ...spot, contractType: 'PERPETUAL', marginAsset: 'USDT' }
    const usd = binanceInstruments(
      { symbols: [{ ...linear, filters: [...filters, { filterType: 'MIN_NOTIONAL', notional: '100' }] }] },
      'usd-m',
      'binance',
    )
    expect(usd.specs[0]).toMatchObject({ kind: 'perpetual', inverse: false, settlement: 'USDT', minNotional: '100' })
    const inverse = {
      symbol: 'BTCUSD_240628',
      contractStatus: 'TRADING',
      contractType: 'CURRENT_QUARTER',
      contractSize: 100,
      baseAsset: 'BTC',
      quoteAsset: 'USD',
      marginAsset: 'BTC',
      filters: [
        { filterType: 'PRICE_FILTER', tickSize: '0.1' },
        { filterType: 'LOT_SIZE', minQty: '1', maxQty: '1000000', stepSize: '1' },
      ],
    }
    const coin = binanceInstruments(
      { symbols: [inverse, { ...inverse, symbol: 'X', contractType: 'PERPETUAL', contractSize: 'much' }] },
      'coin-m',
      'binance-coin',
    )
    expect(coin.specs).toMatchObject([
      {
        symbol: 'BTCUSD_240628',
        kind: 'future',
        inverse: true,
        multiplier: '100',
        settlement: 'BTC',
        quantityStep: '1',
      },
    ])
    expect(coin.suspended).toEqual([])
    expect(coin.passedOver.get('X')).toMatch(/multiplier/)
  })
})
