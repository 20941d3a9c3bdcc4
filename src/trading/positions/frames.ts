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
