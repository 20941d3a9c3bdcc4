import { Fill as FillFrame } from '../trading/messages/order-frames.js'
import type { Fill as FillInput } from '../trading/positions/exact-fill.js'

/** The frame of one fill of an order. As a type: what `Positions.apply` takes. */
export const Fill = FillFrame
export type Fill = FillInput
