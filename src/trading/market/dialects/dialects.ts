import { BINANCE } from './binance.js'
import { BYBIT } from './bybit.js'
import type { Dialect } from './dialect.js'
import { HYPERLIQUID } from './hyperliquid.js'
import { OKX } from './okx.js'

/** The known dialects of captures. A new one needs a file, and a line here and in docs/captures.md. */
export const DIALECTS: readonly Dialect[] = [BINANCE, BYBIT, OKX, HYPERLIQUID]

/** All dialects in words, for messages and help. */
export const DIALECT_NAMES = DIALECTS.map(({ name, used }) => `${name}: ${used}`).join('; ')
