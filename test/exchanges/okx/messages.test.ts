import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Decimal } from 'decimal.js'
import { describe, expect, test } from 'vitest'
import { unitsIn } from '../../../dist/exchanges/decimals.js'
import { readBalances, readPosition } from '../../../dist/exchanges/okx/account-messages.js'
import { okxInstruments } from '../../../dist/exchanges/okx/instruments.js'
import { OkxOrderBook } from '../../../dist/exchanges/okx/order-book.js'
import { reportOrder } from '../../../dist/exchanges/okx/order-events.js'
import { readOrder, readOrderFill } from '../../../dist/exchanges/okx/order-messages.js'
import { Instrument } from '../../../dist/trading/instruments/instrument.js'
import { parseOkx } from '../../../dist/trading/market/dialects/okx.js'
import { REASONS } from '../../../dist/trading/messages/reasons.js'
import { VenueEvent } from '../../../dist/trading/venues/venue-event.js'
import { HAS_VENUE_DATA, VENUE_DATA, venueJson, venueLines } from '../../support/venue-data.ts'

// oxlint-disable-next-line typescript/no-explicit-any -- JSON of a venue: the tests read it independently of our types.
type Row = Record<string, any>

/** REST answers that the adapter never asks for, and why. */
const NOT_ASKED: Record<string, string> = {
  'common_optional_string_to_u64.json': 'no message of OKX',
  'http_balance_detail_new_fields.json': 'a part of a balance',
  'http_balance_detail_old_fields.json': 'a part of a balance',
  'http_cancel_algo_order_response.json': 'an answer to a request: only its code counts',
  'http_get_account_positions-history.json': 'closed positions',
  'http_get_candlesticks.json': 'candles',
  'http_get_candlesticks_full.json': 'candles',
  'http_get_funding_rate_history.json': 'funding',
  'http_get_index_price.json': 'index prices',
  'http_get_mark_price.json': 'mark prices',
  'http_get_option_summary.json': 'greeks',
  'http_get_orders_algo_history.json': 'final triggers',
  'http_get_orders_algo_pending.json': 'triggers',
  'http_get_orders_algo_pending_attached_oco.json': 'triggers',
  'http_get_orders_algo_pending_close_fraction.json': 'triggers',
  'http_get_position_tiers.json': 'margin tiers',
  'http_get_spread_orders.json': 'spreads',
  'http_get_spread_trades.json': 'spreads',
  'http_get_spreads.json': 'spreads',
  'http_get_trade_fee_response.json': 'fee rates',
  'http_place_algo_order_rejected.json': 'an answer to a request: only its code counts',
  'http_place_algo_order_response.json': 'an answer to a request: only its code counts',
  'http_place_order_response.json': 'an answer to a request: only its code counts',
  'http_set_position_mode_response.json': 'an answer to a request: only its code counts',
  'http_transaction_detail_empty_fee.json': 'a part of an answer',
}

/** Steps of 10^-12: an instrument on which every number of the files is a whole number of units. */
function fineInstrument(symbol: string): Instrument {
  return new Instrument(7, {
    venue: 'okx',
    symbol,
    kind: 'spot',
    base: 'A',
    quote: 'B',
    priceTick: '0.00001',
    quantityStep: '0.00001',
  })
}

function unitsBy(step: string, text: string): number {
  return new Decimal(text === '' ? 0 : text).div(step).toNumber()
}

function eventsOf(fields: Row): VenueEvent[] {
  const events: VenueEvent[] = []
  reportOrder(readOrder(fields), {
    id: { high: 1, low: 2 },
    instrument: fineInstrument(fields['instId']),
    account: 0,
    timeOf: ms => ms * 1e6,
    report: event => void events.push(new VenueEvent().copy(event)),
  })
  return events
}

describe.skipIf(!HAS_VENUE_DATA)('messages of OKX', () => {
  const files = HAS_VENUE_DATA ? readdirSync(join(VENUE_DATA, 'okx')) : []

  test('every instrument has the terms of the answer, or a reason why it is none', () => {
    let count = 0
    const answers = [
      ...files.filter(name => name.startsWith('http_get_instruments')).map(name => venueJson(`okx/${name}`)),
      venueJson('okx/ws_instruments.json'),
      ...venueLines('okx_instruments_20220513.gz'),
    ]
    const reasons = new Set<string>()
    for (const answer of answers) {
      const { instruments, passedOver } = okxInstruments(answer)
      const rows = new Map<string, Row>(answer.data.map((row: Row) => [row['instId'], row]))
      expect(instruments.length + passedOver.size).toBe(answer.data.length)
      for (const why of passedOver.values()) reasons.add(why.replaceAll(/'[^']*'/g, '…'))
      for (const { spec, type, code, isLive } of instruments) {
        const row = rows.get(spec.symbol) as Row
        count++
        expect(type).toBe(row['instType'])
        expect(code).toBe(row['instIdCode'])
        expect(isLive).toBe(row['state'] === 'live')
        expect([spec.priceTick, spec.quantityStep]).toEqual([row['tickSz'], row['lotSz']])
        const value = type === 'SPOT' ? '1' : new Decimal(row['ctVal']).mul(row['ctMult']).toString()
        expect(new Decimal(spec.multiplier as string).toString()).toBe(value)
        if (type === 'SPOT') expect([spec.base, spec.quote]).toEqual([row['baseCcy'], row['quoteCcy']])
        else {
          expect(spec.base).toBe(spec.symbol.split('-')[0])
          expect(spec.settlement).toBe(row['settleCcy'])
          expect(spec.inverse).toBe(row['ctType'] === 'inverse')
        }
        if (spec.minQuantity !== undefined) expect(new Decimal(spec.minQuantity).eq(row['minSz'])).toBe(true)
        if (spec.maxQuantity !== undefined) expect(new Decimal(spec.maxQuantity).eq(row['maxLmtSz'])).toBe(true)
      }
    }
    expect(count).toBeGreaterThan(4000)
    expect([...reasons].toSorted()).toEqual(['MARGIN is a way to trade the SPOT instrument of the same name'])
  })

  test('orders of the stream and of answers become events with the same numbers, and others no event', () => {
    const seen: string[] = []
    for (const name of files.filter(file =>
      /^(ws_orders(_(?!algo)|\.)|http_get_orders_(pending|history))/.test(file),
    )) {
      for (const row of venueJson(`okx/${name}`).data as Row[]) {
        const events = eventsOf(row)
        const [price, lot] = ['0.00001', '0.00001']
        const fill = events.find(({ kind }) => kind === 'fill')
        if (Number(row['fillSz']) > 0) {
          expect(fill).toMatchObject({
            idHigh: 1,
            idLow: 2,
            instrument: 7,
            side: row['side'] === 'buy' ? 0 : 1,
            ticks: unitsBy(price, row['fillPx']),
            steps: unitsBy(lot, row['fillSz']),
            maker: row['execType'] === 'M',
            fee: -Number(row['fillFee'] ?? row['fee']),
            feeCurrency: row['fillFeeCcy'] ?? row['feeCcy'],
            tradeId: row['tradeId'],
            venueOrderId: row['ordId'],
            venueTime: Number(row['fillTime']) * 1e6,
          })
        } else expect(fill).toBeUndefined()
        const state = events.at(-1) as VenueEvent
        const kinds: Record<string, string> = {
          live: 'accepted',
          partially_filled: 'open',
          filled: 'filled',
          canceled: 'cancelled',
        }
        expect(state).toMatchObject({
          kind: kinds[row['state']],
          ticks: row['px'] === '' || row['px'] === '-1' ? 0 : unitsBy(price, row['px']),
          steps: unitsBy(lot, row['sz']),
          filledSteps: unitsBy(lot, row['accFillSz']),
          venueOrderId: row['ordId'],
          venueTime: Number(row['uTime']) * 1e6,
        })
        seen.push(row['state'])
      }
    }
    expect(new Set(seen)).toEqual(new Set(['live', 'partially_filled', 'filled']))
    expect(seen.length).toBeGreaterThanOrEqual(11)
  })

  test('a fill of an answer, positions and balances have the numbers of their messages', () => {
    const row = venueJson('okx/http_transaction_detail.json') as Row
    expect(readOrderFill(row)).toEqual({
      symbol: row['instId'],
      orderId: row['ordId'],
      clientOrderId: row['clOrdId'],
      side: 'buy',
      billId: row['billId'],
      fill: {
        tradeId: '123456789',
        price: '42000.5',
        quantity: '0.001',
        isMaker: false,
        // Above 0 at OKX: a rebate.
        fee: '-0.042',
        feeCurrency: 'USDT',
        atMs: 1625097600000,
      },
    })
    expect(venueJson('okx/http_get_positions.json').data.map(readPosition)).toEqual([
      { symbol: 'BTC-USDT-SWAP', quantity: '0.5', side: 'long' },
    ])
    for (const name of ['ws_account.json', 'ws_account_empty.json', 'http_get_account_balance.json']) {
      const message = venueJson(`okx/${name}`)
      expect(readBalances(message)).toEqual(
        message.data.flatMap(({ details }: Row) =>
          details.map(({ ccy, cashBal }: Row) => ({ currency: ccy, amount: cashBal })),
        ),
      )
    }
  })

  test('every message of a public stream is a quote, trades, or passed over by the name of its channel', () => {
    const passed = new Map<string, number>()
    const counts = { quote: 0, trade: 0 }
    const messages = [
      ...files
        .filter(name => name.startsWith('ws_') && name !== 'ws_opt_summary.json')
        .map(name => venueJson(`okx/${name}`)),
      ...venueLines('okx_public_20220513.gz'),
    ]
    for (const message of messages) {
      const parsed = parseOkx(message) ?? []
      expect(parsed.length).toBeGreaterThan(0)
      for (const [i, one] of parsed.entries()) {
        const row = message.data?.[i] as Row
        if (one.kind === 'quote') {
          counts.quote++
          const best = (side: string): string[] =>
            message.arg.channel === 'tickers' ? [row[`${side}Px`], row[`${side}Sz`]] : row[`${side}s`][0]
          expect([one.bid, one.bidSize, one.ask, one.askSize]).toEqual(
            [...best('bid').slice(0, 2), ...best('ask').slice(0, 2)].map(Number),
          )
          expect([one.symbol, one.timeMs]).toEqual([message.arg.instId, Number(row['ts'])])
        } else if (one.kind === 'trade') {
          counts.trade++
          expect(one).toEqual({
            kind: 'trade',
            symbol: row['instId'],
            price: Number(row['px']),
            quantity: Number(row['sz']),
            side: row['side'],
            tradeId: BigInt(row['tradeId']),
            timeMs: Number(row['ts']),
          })
        } else if (one.kind === 'other') passed.set(one.what, (passed.get(one.what) ?? 0) + 1)
        else expect.unreachable(`${JSON.stringify(one)} of ${JSON.stringify(message).slice(0, 200)}`)
      }
    }
    expect(counts).toEqual({ quote: 28 + 2, trade: 74 + 1 })
    expect([...passed.keys()].toSorted()).toEqual(
      [
        'account',
        'answer: subscribe',
        'books',
        'candle1D',
        'funding-rate',
        'instruments',
        'orders',
        'orders-algo',
        'request: subscribe',
        'sprd-orders',
      ].toSorted(),
    )
    // It is an excerpt of a message, not a message.
    expect(parseOkx(venueJson('okx/ws_opt_summary.json'))).toBeUndefined()
  })

  test('the books of a capture have the checksum of the venue after every message', () => {
    const books = new Map<string, OkxOrderBook>()
    let checked = 0
    for (const { arg, action, data } of venueLines('okx_public_20220513.gz')) {
      if (arg?.channel !== 'books' || data === undefined) continue
      const book = books.get(arg.instId) ?? new OkxOrderBook()
      books.set(arg.instId, book)
      expect(book.apply(action, data[0])).toBeUndefined()
      expect(book.checksum()).toBe(data[0].checksum)
      checked++
    }
    expect(checked).toBe(290)
    for (const { bids, asks } of books.values()) {
      expect(bids.map(({ price }) => price)).toEqual(bids.map(({ price }) => price).toSorted((a, b) => b - a))
      expect(asks[0].price).toBeGreaterThan(bids[0].price)
    }
  })

  test('every file is read by a test above, or has a reason why the adapter does not ask for it', () => {
    const read =
      /^(ws_|http_get_(instruments|orders_(pending|history)|account_balance|positions\.|order_book|trades)|http_transaction_detail\.)/
    for (const name of files) expect([name, read.test(name) || NOT_ASKED[name] !== undefined]).toEqual([name, true])
  })
})

describe('the order book', () => {
  const level = (price: string, size: string): string[] => [price, size, '0', '1']
  const snapshot = { asks: [level('11', '1')], bids: [level('10', '2')], ts: '1', seqId: 5, prevSeqId: -1, checksum: 0 }

  test('an update whose number does not follow makes the book useless until the next snapshot', () => {
    const book = new OkxOrderBook()
    expect(book.apply('update', snapshot)).toContain('before a snapshot')
    expect(book.apply('snapshot', snapshot)).toBeUndefined()
    const next = { asks: [level('11', '0'), level('12', '3')], bids: [], ts: '2', seqId: 6, prevSeqId: 5 }
    expect(book.apply('update', next)).toBeUndefined()
    expect([book.bids[0].price, book.asks[0].price]).toEqual([10, 12])
    expect(book.apply('update', { ...next, seqId: 9, prevSeqId: 8 })).toContain('update 8 is missing')
    expect(book.isWhole).toBe(false)
    expect(book.apply('update', { ...next, seqId: 10, prevSeqId: 9 })).toContain('before a snapshot')
    expect(book.apply('snapshot', snapshot)).toBeUndefined()
  })

  test('a checksum that is not that of the levels makes it useless; 0 says nothing', () => {
    const book = new OkxOrderBook()
    expect(book.apply('snapshot', { ...snapshot, checksum: 1 })).toContain('checksum')
    expect(book.isWhole).toBe(false)
  })
})

test('reasons of cancels that OKX names by number are those of the runtime', () => {
  const row = {
    instId: 'BTC-USDT',
    ordId: '1',
    clOrdId: '',
    side: 'buy',
    px: '1',
    sz: '2',
    accFillSz: '0',
    uTime: '5',
    state: 'canceled',
  }
  const reasonOf = (cancelSource: string): string => REASONS[eventsOf({ ...row, cancelSource })[0].reason]
  expect(['1', '20', '31', '32', '77'].map(reasonOf)).toEqual([
    'requested',
    'dead-man-switch',
    'post-only-would-trade',
    'self-trade-prevented',
    'venue-rejected',
  ])
})

test('decimals become whole ticks without a double, or nothing', () => {
  const { price } = fineInstrument('A')
  expect(unitsIn(price, '0.1')).toBe(10_000)
  expect(unitsIn(price, '-3.00001')).toBe(-300_001)
  expect(unitsIn(price, '0.000001')).toBeNaN()
  expect(unitsIn(price, '99999999999999999')).toBeNaN()
  expect(unitsIn(price, '1e')).toBeNaN()
})
