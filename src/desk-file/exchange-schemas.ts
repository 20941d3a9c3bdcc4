import { TRADED_MARKETS } from '../exchanges/binance/endpoints.js'
import { QUOTE_SOURCES } from '../exchanges/binance/options.js'
import { BYBIT_TRADED, QUOTE_TOPICS } from '../exchanges/bybit/options.js'
import { CLIENT_ID_FORMS } from '../exchanges/ccxt/client-ids.js'
import { CCXT_QUOTES } from '../exchanges/ccxt/options.js'
import { OKX_TYPES, QUOTE_CHANNELS } from '../exchanges/okx/options.js'
import { integer, object, path, type Schema, symbol } from './json-schema.js'

const symbols: Schema = { type: 'array', minItems: 1, items: symbol }
const okxTypes: Schema = {
  type: 'array',
  minItems: 1,
  items: { type: 'string', enum: OKX_TYPES },
  description: 'Kinds of instruments. Default SPOT, SWAP and FUTURES.',
}
const okxEndpoint: Schema = {
  type: 'string',
  minLength: 1,
  description: "'live', 'demo', or the address of a fake OKX, such as 'ws://127.0.0.1:8080'. Default 'live'.",
}

export const okx = object(
  {
    endpoint: okxEndpoint,
    credentials: {
      ...path,
      description:
        'A file of mode 0600 with key, secret and passphrase; relative to this file. Default: the environment.',
    },
    symbols: { ...symbols, description: 'The instruments to trade. Default: all.' },
    types: okxTypes,
    marginMode: { type: 'string', enum: ['cross', 'isolated'], description: "For contracts. Default 'cross'." },
    requestsPerSecond: {
      type: 'number',
      minimum: 1,
      maximum: 10_000,
      description: 'Requests about orders, over all instruments. Default 20.',
    },
    cancelAllAfter: {
      description: 'OKX cancels all orders when nothing is heard for so long, in s; 0 for never. Default 60.',
      anyOf: [{ type: 'integer', minimum: 0, maximum: 0 }, integer(10, 120)],
    },
  },
  { description: 'An account at OKX, in a process of its own.' },
)

export const okxFeed = object(
  {
    endpoint: okxEndpoint,
    symbols: { ...symbols, description: 'Default: what the strategies ask for.' },
    types: okxTypes,
    quotes: {
      type: 'string',
      enum: Object.keys(QUOTE_CHANNELS),
      description: "Where quotes come from: OKX's best prices, its book, or its slower tickers. Default 'best'.",
    },
  },
  { description: 'Live market data of OKX.' },
)

const binancePlace = {
  endpoint: {
    type: 'string',
    minLength: 1,
    description: "'live', 'testnet', or the address of a fake Binance, such as 'ws://127.0.0.1:8080'. Default 'live'.",
  },
  market: {
    type: 'string',
    enum: TRADED_MARKETS,
    description:
      "What is traded. Default 'spot'. The venues of futures are called 'binance-usd-m' and 'binance-coin-m'.",
  },
} as const satisfies Record<string, Schema>

export const binance = object(
  {
    ...binancePlace,
    credentials: {
      ...path,
      description: 'A file of mode 0600 with key and secret; relative to this file. Default: the environment.',
    },
    symbols: { ...symbols, description: 'The instruments to trade. Default: all.' },
    requestsPerSecond: {
      type: 'number',
      minimum: 1,
      maximum: 10_000,
      description: 'Requests about orders. Default 8 for spot, 18 for futures.',
    },
    cancelAllAfter: {
      description:
        'Futures: Binance cancels all orders when nothing is heard for so long, in s; 0 for never. Default 60.',
      anyOf: [{ type: 'integer', minimum: 0, maximum: 0 }, integer(10, 600)],
    },
  },
  { description: 'An account at one market of Binance, in a process of its own.' },
)

export const binanceFeed = object(
  {
    ...binancePlace,
    symbols: { ...symbols, description: 'Default: what the strategies ask for.' },
    quotes: {
      type: 'string',
      enum: QUOTE_SOURCES,
      description: "Where quotes come from: Binance's best prices, or its book. Default 'best'.",
    },
  },
  { description: 'Live market data of Binance.' },
)

const bybitPlace = {
  endpoint: {
    type: 'string',
    minLength: 1,
    description:
      "'live', 'testnet', 'demo', or the address of a fake Bybit, such as 'ws://127.0.0.1:8080'. Default 'live'.",
  },
  category: {
    type: 'string',
    enum: BYBIT_TRADED,
    description: "What is traded. Default 'linear'. The venue of spot is called 'bybit-spot'.",
  },
} as const satisfies Record<string, Schema>

export const bybit = object(
  {
    ...bybitPlace,
    credentials: {
      ...path,
      description: 'A file of mode 0600 with key and secret; relative to this file. Default: the environment.',
    },
    symbols: { ...symbols, description: 'The instruments to trade. Default: all.' },
    orders: {
      type: 'string',
      enum: ['socket', 'rest'],
      description: "How requests about orders are sent. Default 'socket', where there is one.",
    },
    requestsPerSecond: {
      type: 'number',
      minimum: 1,
      maximum: 10_000,
      description: 'Requests about orders. Default 5 for linear, 10 for spot.',
    },
    cancelAllAfter: {
      description: 'Bybit cancels all orders when the connection is lost for so long, in s; 0 for never. Default 0.',
      anyOf: [{ type: 'integer', minimum: 0, maximum: 0 }, integer(3, 300)],
    },
  },
  { description: 'One category of an account at Bybit, in a process of its own.' },
)

export const bybitFeed = object(
  {
    ...bybitPlace,
    symbols: { ...symbols, description: 'Default: what the strategies ask for.' },
    quotes: {
      type: 'string',
      enum: Object.keys(QUOTE_TOPICS),
      description: "Where quotes come from: the best prices, a book, or the tickers of contracts. Default 'best'.",
    },
  },
  { description: 'Live market data of Bybit.' },
)

const ccxtPlace = {
  exchange: {
    type: 'string',
    pattern: '^[a-z0-9]{1,32}$',
    description: "ccxt's id of the exchange, such as 'kraken'.",
  },
  endpoint: {
    type: 'string',
    minLength: 1,
    description: "'live', 'sandbox', or the address of a fake, such as 'ws://127.0.0.1:8080'. Default 'live'.",
  },
  package: {
    ...path,
    description:
      'The folder of the package ccxt; relative to this file. Default: where it is installed beside ticktape.',
  },
} as const satisfies Record<string, Schema>

export const ccxt = object(
  {
    ...ccxtPlace,
    credentials: {
      ...path,
      description: "A file of mode 0600 with ccxt's names; relative to this file. Default: the environment.",
    },
    symbols: { ...symbols, description: "The instruments to trade, as 'BTC/USDT'. Default: all." },
    requestsPerSecond: {
      type: 'number',
      minimum: 0.01,
      maximum: 10_000,
      description: 'Requests about orders. Default: half of what ccxt allows itself, at most 20.',
    },
    clientIds: {
      type: 'string',
      enum: CLIENT_ID_FORMS,
      description: 'How client ids are written. Default: what is known of the exchange.',
    },
    pollMs: integer(
      100,
      600_000,
      'How often open orders are asked about, in ms. Default 5000 with a stream, else 1000.',
    ),
  },
  { required: ['exchange'], description: 'An account at an exchange that ccxt knows, in a process of its own.' },
)

export const ccxtFeed = object(
  {
    ...ccxtPlace,
    symbols: { ...symbols, description: 'Default: what the strategies ask for.' },
    quotes: {
      type: 'string',
      enum: CCXT_QUOTES,
      description: 'Where quotes come from. Default: the first of these that the exchange has.',
    },
  },
  { required: ['exchange'], description: 'Live market data of an exchange that ccxt knows, in a process of its own.' },
)
