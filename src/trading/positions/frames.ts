import { frame } from '../../frames/definition.js'
import { ascii, enumOf, u32, u64 } from '../../frames/field.js'

/** What a positions journal holds. Decimals are texts, so that they are exact and readable by any tool. */

/** A fill as it was given. `cause` is what it was taken from, such as a gateway's report. */
export const FillRecord = frame('Fill', 32, {
  strategy: ascii(32),
  account: ascii(32),
  symbol: ascii(24),
  price: ascii(24),
  quantity: ascii(24),
  fee: ascii(24),
  side: enumOf('buy', 'sell'),
})

/** A symbol's positions closed at its settlement price. */
export const Settlement = frame('Settlement', 33, { symbol: ascii(24), price: ascii(24) }, { slots: 2 })

/** A position after the fills and settlements before it. Integers as texts: see docs/state.md. */
export const PositionRecord = frame('Position', 34, {
  kind: enumOf('strategy', 'account', 'total'),
  name: ascii(32),
  symbol: ascii(24),
  quantity: ascii(40),
  cost: ascii(72),
  realised: ascii(72),
  fees: ascii(72),
})

/** Around the positions of a snapshot: all there are. */
export const Snapshot = frame(
  'PositionsSnapshot',
  35,
  {
    event: enumOf('begin', 'end'),
    /** Positions in it. */
    count: u32,
    /** Fills and settlements since the journal began. */
    folded: u64,
    /** Decimals of prices and of quantities. */
    priceScale: u32,
    quantityScale: u32,
    /** Where the last fill was taken from: journal and position + 1; 0 when it said nothing. */
    lastJournal: u32,
    lastNext: u64,
  },
  { slots: 2 },
)

/*
 * What does not fit the frames above, or says more: written only when it is needed, so that journals of before, and readers that know
 * nothing of these, go on. Decimals have as many digits as `PositionsWriter` takes, sums as many as those can add up to.
 */

/** Most characters of what a fill may have in a positions journal; of decimals, most digits before the point too. */
export const FillLimit = {
  NAME: 32,
  SYMBOL: 24,
  CURRENCY: 16,
  PRICE: 48,
  QUANTITY: 48,
  FEE: 64,
  WHOLE_DIGITS: 24,
} as const

/** As `FillRecord`, with longer decimals and with currencies: '' where the fill named none. */
export const WideFill = frame('WideFill', 36, {
  strategy: ascii(FillLimit.NAME),
  account: ascii(FillLimit.NAME),
  symbol: ascii(FillLimit.SYMBOL),
  price: ascii(FillLimit.PRICE),
  quantity: ascii(FillLimit.QUANTITY),
  fee: ascii(FillLimit.FEE),
  base: ascii(FillLimit.CURRENCY),
  quote: ascii(FillLimit.CURRENCY),
  feeCurrency: ascii(FillLimit.CURRENCY),
  side: enumOf('buy', 'sell'),
})

export const WideSettlement = frame('WideSettlement', 37, {
  symbol: ascii(FillLimit.SYMBOL),
  price: ascii(FillLimit.PRICE),
})

export const WidePosition = frame('WidePosition', 38, {
  kind: enumOf('strategy', 'account', 'total'),
  name: ascii(FillLimit.NAME),
  symbol: ascii(FillLimit.SYMBOL),
  quantity: ascii(96),
  cost: ascii(192),
  realised: ascii(192),
  fees: ascii(192),
})

/** What a position has paid in fees in another currency than the price's. */
export const PositionFee = frame('PositionFee', 39, {
  kind: enumOf('strategy', 'account', 'total'),
  name: ascii(FillLimit.NAME),
  symbol: ascii(FillLimit.SYMBOL),
  currency: ascii(FillLimit.CURRENCY),
  amount: ascii(192),
})

/** In a snapshot: what a symbol is bought and paid with. */
export const MarketRecord = frame('PositionMarket', 40, {
  symbol: ascii(FillLimit.SYMBOL),
  base: ascii(FillLimit.CURRENCY),
  quote: ascii(FillLimit.CURRENCY),
})
