// As much of each venue's public protocol as a feed of the book of one instrument needs, and the feeds.
import { exchangeInfo } from '../../dist/exchanges/binance/fake/exchange-info.js'
import { FAKE_INSTRUMENTS as BYBIT_INSTRUMENTS } from '../../dist/exchanges/bybit/fake/fake-instruments.js'
import { FAKE_INSTRUMENTS as OKX_INSTRUMENTS } from '../../dist/exchanges/okx/fake/fake-instruments.js'

const okxRows = side => side.map(([price, size]) => [price, size, '0', size === '0' ? '0' : '1'])

const okxMessage = (action, prevSeqId, { bids, asks }, seqId) => {
  const data = { asks: okxRows(asks), bids: okxRows(bids), ts: String(Date.now()), checksum: 0, prevSeqId, seqId }
  return { arg: { channel: 'books', instId: 'BTC-USDT' }, action, data: [data] }
}

const bybitMessage = (type, u, { bids, asks }) => {
  const at = Date.now()
  const data = { s: 'BTCUSDT', b: bids, a: asks, u, seq: 2 * u }
  return { topic: 'orderbook.50.BTCUSDT', type, ts: at, data, cts: at }
}

/** Updates of Binance in one message. */
const UPDATES = 3

/**
 * Of each venue: `levels` of a side of its book; `feed` that follows the book at an endpoint; `rest` answers a question by HTTP; `hear` takes a
 * request of the socket and says what is answered, and whether changes follow from now on; `message` tells a change.
 */
export const VENUES = {
  okx: {
    levels: 400,
    feed: async endpoint => {
      const { OkxFeed } = await import('../../dist/exchanges/okx/okx-feed.js')
      return new OkxFeed({ endpoint, symbols: ['BTC-USDT'], quotes: 'book' })
    },
    rest: ({ pathname, searchParams }) => ({
      code: '0',
      msg: '',
      data: pathname.endsWith('/instruments')
        ? OKX_INSTRUMENTS.filter(({ instType }) => instType === searchParams.get('instType'))
        : [{ ts: String(Date.now()) }],
    }),
    hear: ({ args }, book) => ({
      answers: args.flatMap(arg => [
        { event: 'subscribe', arg, connId: 'bench' },
        ...(arg.channel === 'books' ? [okxMessage('snapshot', -1, book.whole, book.number)] : []),
      ]),
      begins: args.some(({ channel }) => channel === 'books'),
    }),
    message: (change, number) => okxMessage('update', number - 1, change, number),
  },
  binance: {
    levels: 1000,
    feed: async endpoint => {
      const { BinanceFeed } = await import('../../dist/exchanges/binance/binance-feed.js')
      return new BinanceFeed({ endpoint, symbols: ['BTCUSDT'], quotes: 'book' })
    },
    rest: ({ pathname }, book) =>
      pathname.endsWith('/depth')
        ? { lastUpdateId: UPDATES * book.number, ...book.whole }
        : pathname.endsWith('/exchangeInfo')
          ? exchangeInfo('spot')
          : { serverTime: Date.now() },
    hear: ({ id, params }) => ({
      answers: [{ result: null, id }],
      begins: params.some(stream => stream.includes('@depth')),
    }),
    message: ({ bids, asks }, number) => ({
      stream: 'btcusdt@depth@100ms',
      data: {
        e: 'depthUpdate',
        E: Date.now(),
        s: 'BTCUSDT',
        U: UPDATES * (number - 1) + 1,
        u: UPDATES * number,
        b: bids,
        a: asks,
      },
    }),
  },
  bybit: {
    levels: 50,
    feed: async endpoint => {
      const { BybitFeed } = await import('../../dist/exchanges/bybit/bybit-feed.js')
      return new BybitFeed({ endpoint, symbols: ['BTCUSDT'], quotes: 'book' })
    },
    rest: () => ({
      retCode: 0,
      retMsg: 'OK',
      result: { category: 'linear', list: BYBIT_INSTRUMENTS.linear, nextPageCursor: '' },
      retExtInfo: {},
      time: Date.now(),
    }),
    hear: ({ op, req_id, args }, book) => {
      const begins = args?.some(topic => topic.startsWith('orderbook.50')) ?? false
      return {
        answers: [
          { success: true, ret_msg: op === 'ping' ? 'pong' : '', conn_id: 'bench', req_id, op },
          // A number of 1 is a snapshot by itself: those of changes are above.
          ...(begins ? [bybitMessage('snapshot', book.number + 1, book.whole)] : []),
        ],
        begins,
      }
    },
    message: (change, number) => bybitMessage('delta', number + 1, change),
  },
}
