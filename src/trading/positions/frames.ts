import { frame } from '../../frames/definition.js'
import { ascii, enumOf, u32, u64 } from '../../frames/field.js'

/** The frames of a positions journal. Decimals are texts, so that they are exact and any tool can read them. */

/** A fill. Its `cause` is the frame that it comes from, such as a gateway's report. */
export const FillRecord = frame('Fill', 32, {
  strategy: ascii(32),
  account: ascii(32),
  symbol: ascii(24),
  price: ascii(24),
  quantity: ascii(24),
  fee: ascii(24),
  side: enumOf('buy', 'sell'),
})

/** All positions in a symbol were closed at its settlement price. */
export const Settlement = frame('Settlement', 33, { symbol: ascii(24), price: ascii(24) }, { slots: 2 })

/**
 * A position after the fills and settlements before this frame. Its numbers are integers as texts: see docs/state.md.
 */
export const PositionRecord = frame('Position', 34, {
  kind: enumOf('strategy', 'account', 'total'),
  name: ascii(32),
  symbol: ascii(24),
  quantity: ascii(40),
  cost: ascii(72),
  realised: ascii(72),
  fees: ascii(72),
})

/** Before and after the positions of a snapshot, which has all positions. */
export const Snapshot = frame(
  'PositionsSnapshot',
  35,
  {
    event: enumOf('begin', 'end'),
    /** The number of positions in the snapshot. */
    count: u32,
    /** Fills and settlements since the journal began. */
    folded: u64,
    /** Decimals of prices and of quantities. */
    priceScale: u32,
    quantityScale: u32,
    /** The cause of the last fill: journal and position + 1; 0 when it had none. */
    lastJournal: u32,
    lastNext: u64,
  },
  { slots: 2 },
)

/*
 * Frames for values that do not fit the frames above, and for currencies. They are written only when needed, so that
 * older journals and older readers continue to work. Decimals have as many digits as `PositionsWriter` accepts, sums as
 * many as these can add up to.
 */

/**
 * The maximum lengths of a fill's texts in a positions journal, in characters; and the maximum digits before a
 * decimal's point.
 */
export const FillLimit = {
  NAME: 32,
  SYMBOL: 24,
  CURRENCY: 16,
  PRICE: 48,
  QUANTITY: 48,
  FEE: 64,
  WHOLE_DIGITS: 24,
} as const

/** As `FillRecord`, with longer decimals and with currencies; '' when the fill named none. */
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

/** The fees that a position has paid in one currency other than the price's. */
export const PositionFee = frame('PositionFee', 39, {
  kind: enumOf('strategy', 'account', 'total'),
  name: ascii(FillLimit.NAME),
  symbol: ascii(FillLimit.SYMBOL),
  currency: ascii(FillLimit.CURRENCY),
  amount: ascii(192),
})

/** In a snapshot: a symbol's base and quote currency. */
export const MarketRecord = frame('PositionMarket', 40, {
  symbol: ascii(FillLimit.SYMBOL),
  base: ascii(FillLimit.CURRENCY),
  quote: ascii(FillLimit.CURRENCY),
})
