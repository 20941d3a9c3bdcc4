import { Page } from '../frames/format.js'
import { INSTRUMENT_KINDS } from '../trading/instruments/instrument.js'
import { WEEKDAYS } from '../trading/instruments/session-calendar.js'
import { LIMIT_NAMES, LIMIT_TEXTS, type LimitName } from '../trading/risk/limits.js'
import type { Wait } from '../wait/run-loop.js'
import { binance, binanceFeed, bybit, bybitFeed, ccxt, ccxtFeed, okx, okxFeed } from './exchange-schemas.js'
import {
  currency,
  decimal,
  decimalText,
  integer,
  mapOf,
  ns,
  object,
  path,
  type RootSchema,
  type Schema,
  share,
  symbol,
  venueName,
} from './json-schema.js'

const MAX_SEED = 2 ** 32 - 1
const WAITS = ['spin', 'yield', 'park', 'event-loop'] as const satisfies readonly Wait[]

/** Limits that count things take whole numbers from 1 on, or 0 on; the others any number from 0 on. */
const WHOLE_LIMITS: Partial<Record<LimitName, Schema>> = {
  maxOpenOrders: integer(0, 1_000_000_000),
  maxOrdersPerSecond: integer(1, 1_000_000),
  maxConsecutiveErrors: integer(1, 1_000_000_000),
}

const LIMITS: Readonly<Record<string, Schema>> = Object.fromEntries(
  LIMIT_NAMES.map(name => [
    name,
    { ...(WHOLE_LIMITS[name] ?? { type: 'number', minimum: 0 }), description: capital(LIMIT_TEXTS[name][0]) },
  ]),
)

const limits: Schema = { $ref: '#/$defs/limits' }

const balances = mapOf(
  { anyOf: [{ type: 'number', minimum: 0 }, decimalText] },
  'Amounts by currency, as decimals: { "USDT": "10000.5" }.',
)

const delay: Schema = {
  anyOf: [
    { type: 'number', minimum: 0 },
    object({ min: { type: 'number', minimum: 0 }, max: { type: 'number', minimum: 0 } }, { required: ['min', 'max'] }),
    object(
      {
        quantiles: {
          type: 'array',
          minItems: 2,
          items: { type: 'array', minItems: 2, maxItems: 2, prefixItems: [share, { type: 'number', minimum: 0 }] },
        },
      },
      { required: ['quantiles'] },
    ),
  ],
}

const simulated = object(
  {
    name: { ...venueName, description: "Its name as a venue. Default: the venue of its first instrument, else 'sim'." },
    instruments: { type: 'array', items: { $ref: '#/$defs/instrument' }, description: 'What it trades. Default: all.' },
    fees: object(
      { maker: decimal, taker: decimal },
      { description: "Shares of a trade's value, such as '0.0002'; below 0 for a rebate. Default: no fees." },
    ),
    accounts: {
      description: "Names of accounts, or how many. Default: one, 'main'.",
      anyOf: [
        integer(1, 2 ** 20),
        {
          type: 'array',
          minItems: 1,
          items: { anyOf: [venueName, object({ name: venueName, balances }, { required: ['name'] })] },
        },
      ],
    },
    balances,
    leverage: {
      type: 'number',
      minimum: 1,
      maximum: 1000,
      description: 'The value of a position for one unit of margin.',
    },
    maintenanceMargin: { ...share, description: 'The share of a position below which an account is liquidated.' },
    funding: {
      type: 'array',
      items: object(
        { symbol, at: { type: 'number', minimum: 0 }, rate: decimal },
        { required: ['symbol', 'at', 'rate'] },
      ),
    },
    latencyNs: {
      description: 'Time to the exchange and back, each, in ns. Default 0.',
      anyOf: [
        { $ref: '#/$defs/delay' },
        object({ to: { $ref: '#/$defs/delay' }, from: { $ref: '#/$defs/delay' } }, { required: ['to', 'from'] }),
      ],
    },
    seed: integer(0, MAX_SEED, 'The same seed and the same calls give the same events.'),
    selfTrade: { type: 'string', enum: ['cancel-newest', 'cancel-oldest', 'cancel-both', 'decrement'] },
    queue: { type: 'string', enum: ['risk-averse', 'probabilistic'] },
    faults: object(
      {
        reject: share,
        lostRequest: share,
        lostAnswer: share,
        late: share,
        lateNs: ns,
        doubled: share,
        reordered: share,
        reorderNs: ns,
        disconnect: share,
        outageNs: ns,
      },
      { description: 'What goes wrong, each with a probability.' },
    ),
    settlementDecimals: integer(0, 18),
    keepOrders: integer(1, 2 ** 24),
    keepFills: integer(1, 2 ** 26),
  },
  { description: 'The options of a SimulatedExchange: docs/exchange.md.' },
)

const instrument = object(
  {
    venue: venueName,
    symbol,
    kind: { type: 'string', enum: INSTRUMENT_KINDS },
    base: currency,
    quote: currency,
    settlement: currency,
    priceTick: decimalText,
    quantityStep: decimalText,
    multiplier: decimalText,
    inverse: { type: 'boolean' },
    minQuantity: decimalText,
    maxQuantity: decimalText,
    minNotional: decimalText,
    maxNotional: decimalText,
    calendar: { type: 'string', maxLength: 32 },
  },
  {
    description: 'The terms of an instrument. Decimals are text, so that they are exact.',
    required: ['venue', 'symbol', 'kind', 'base', 'quote', 'priceTick', 'quantityStep'],
  },
)

const time: Schema = { type: 'string', pattern: '^([01]\\d|2[0-3]):[0-5]\\d$' }
const closingTime: Schema = { type: 'string', pattern: '^(([01]\\d|2[0-3]):[0-5]\\d|24:00)$' }

const risk = object(
  {
    ...LIMITS,
    strategies: mapOf(limits, "Limits by the strategy's id."),
    instruments: mapOf(limits, "Limits by the symbol, with its venue where several have it: 'BTCUSDT.binance'."),
    accounts: mapOf(limits, "Limits by the account's name."),
    denyDuplicates: {
      type: 'boolean',
      description: 'Denies an order that is the same as one which is not answered yet.',
    },
    timeZone: { type: 'string', description: "The IANA time zone of the trading days. Default 'UTC'." },
    dayStart: { ...time, description: 'When a trading day begins.' },
  },
  { description: "Limits: docs/risk.md. Those at the top are the whole desk's." },
)

const date: Schema = { type: 'string', pattern: '^\\d{4}-\\d\\d-\\d\\d$' }

const calendar = object(
  {
    timeZone: { type: 'string', description: "An IANA time zone, such as 'America/New_York'." },
    sessions: {
      type: 'array',
      items: object(
        { days: { type: 'array', items: { type: 'string', enum: WEEKDAYS } }, open: time, close: closingTime },
        { required: ['days', 'open', 'close'] },
      ),
      description: 'When it is open. A session that does not close after it opens does so on the next day.',
    },
    holidays: { type: 'array', items: date, description: 'Dates on which no session opens.' },
    special: mapOf(
      { type: 'array', items: object({ open: time, close: closingTime }, { required: ['open', 'close'] }) },
      'Dates with other sessions than their weekday has.',
    ),
  },
  { required: ['timeZone', 'sessions'] },
)

const feed: Schema = {
  description: 'The market data.',
  anyOf: [
    object(
      { capture: { ...path, description: 'A capture, gzip or plain; relative to this file.' } },
      { required: ['capture'] },
    ),
    object(
      {
        synthetic: object(
          {
            seed: integer(0, MAX_SEED, 'The same seed gives the same market.'),
            symbols: { type: 'array', minItems: 1, items: symbol },
            rate: { type: 'number', minimum: 1, maximum: 1e9, description: 'Events a second, over all symbols.' },
            limit: integer(1, Number.MAX_SAFE_INTEGER, 'The number of events after which it ends.'),
          },
          { description: 'A market computed from a seed.' },
        ),
      },
      { required: ['synthetic'] },
    ),
    object({ okx: okxFeed }, { required: ['okx'] }),
    object({ binance: binanceFeed }, { required: ['binance'] }),
    object({ bybit: bybitFeed }, { required: ['bybit'] }),
    object({ ccxt: ccxtFeed }, { required: ['ccxt'] }),
  ],
}

/** What a desk.json may have. `schemas/desk.schema.json` of the package is written from it. */
export const DESK_SCHEMA: RootSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:ticktape:desk',
  title: 'desk.json of ticktape',
  description: 'What a desk is to run: docs/runtime.md, "desk.json".',
  ...object(
    {
      $schema: { type: 'string' },
      strategies: {
        type: 'array',
        minItems: 1,
        items: {
          anyOf: [
            path,
            object(
              {
                module: path,
                inProcess: {
                  type: 'boolean',
                  description: "Inside the gateway's process: docs/strategies.md. Default false.",
                },
              },
              { required: ['module'] },
            ),
          ],
        },
        description:
          'Modules with strategies, and descriptions of strategies with a command; relative to this file. { "module": file, "inProcess": true } runs its strategies inside the gateway.',
      },
      venues: {
        type: 'array',
        minItems: 1,
        description:
          'Modules with a venue and real venues, each of which gets a process of its own, and simulated exchanges.',
        items: {
          anyOf: [
            path,
            object({ simulated }, { required: ['simulated'] }),
            object({ okx }, { required: ['okx'] }),
            object({ binance }, { required: ['binance'] }),
            object({ bybit }, { required: ['bybit'] }),
            object({ ccxt }, { required: ['ccxt'] }),
          ],
        },
      },
      instruments: {
        type: 'array',
        items: { $ref: '#/$defs/instrument' },
        description: 'Terms that no venue knows itself.',
      },
      calendars: mapOf(calendar, 'When instruments may be traded, by the name of their calendar.'),
      risk,
      feed,
      speed: {
        description: "'max', 'realtime' or a multiple of it, such as 10. Default 'realtime'.",
        anyOf: [
          { type: 'string', enum: ['max', 'realtime'] },
          { type: 'number', exclusiveMinimum: 0 },
        ],
      },
      maxGapMs: { type: 'number', minimum: 1, description: 'The longest gap in the feed that is waited for, in ms.' },
      wait: { type: 'string', enum: WAITS, description: "How the processes wait. Default 'event-loop'." },
      requestExpiryMs: integer(
        0,
        3_600_000,
        'How long a request may act at a venue, in ms. Default 0: without a limit.',
      ),
      durability: { type: 'string', enum: ['process', 'interval'], description: 'Default: by the file system.' },
      pageSize: integer(Page.MIN_SIZE, Page.MAX_SIZE, "The page size of the gateway's journal, in bytes."),
      snapshotBytes: integer(
        0,
        Number.MAX_SAFE_INTEGER,
        'Bytes of the sequence after which there is a snapshot in it; 0: none. Default 4194304.',
      ),
      retain: object(
        {
          snapshots: integer(1, 1000, 'Snapshots from which a start stays possible. Default 2.'),
          bytes: integer(0, Number.MAX_SAFE_INTEGER, 'Bytes of each journal that are kept in any case.'),
          age: { type: 'number', minimum: 0, description: 'Pages younger than this are kept in any case, in ms.' },
        },
        { description: "Lets pages of the home's journals go that nothing needs. Default: every page is kept." },
      ),
      strategyPageSize: integer(Page.MIN_SIZE, Page.MAX_SIZE, "The page size of a strategy's journal, in bytes."),
      backOffMs: integer(1, 60_000, 'The delay before a strategy that ended is started again, in ms.'),
      stopMs: integer(1, 3_600_000, 'How long a strategy may take to stop before it is killed, in ms.'),
      restarts: object(
        { max: integer(0, 1_000_000_000), withinMs: integer(1, 31_536_000_000) },
        { required: ['max', 'withinMs'], description: 'How often a strategy may be started again.' },
      ),
      hangMs: {
        type: 'number',
        minimum: 100,
        description: 'After so long without a sign of life a strategy is hung, in ms.',
      },
      startMs: { type: 'number', minimum: 100, description: 'The same for a strategy that starts, in ms.' },
      deadManMs: integer(
        0,
        86_400_000,
        'How long a strategy may be gone before its orders are cancelled, in ms; 0: without a limit.',
      ),
      strategyMemoryMb: integer(16, 1_048_576, 'The most memory for the objects of a strategy, in MiB.'),
      progressMs: integer(10, 60_000, 'How often strategies write their progress, in ms.'),
    },
    { required: ['strategies'] },
  ),
  $defs: { limits: object(LIMITS), instrument, delay },
}

function capital(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}.`
}
