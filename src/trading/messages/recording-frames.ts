import { frame } from '../../frames/definition.js'
import { i64, text } from '../../frames/field.js'

/**
 * In a journal of recorded market data: something may be missing before this frame. 128 bytes.
 *
 * `from` is the time of the last frame before it and `to` that of this one, ns since 1970.
 */
export const MarketGap = frame('MarketGap', 71, { from: i64, to: i64, reason: text(80) })
