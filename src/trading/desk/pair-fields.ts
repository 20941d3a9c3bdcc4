import { Halves } from '../../frames/halves.js'
import { offsetsOf } from '../../frames/offsets.js'
import type { FramePointer } from '../../frames/pointer.js'
import { Pair } from '../messages/pair-frames.js'
import type { PairTerms } from '../pairs/pair.js'

const AT = offsetsOf(Pair)
const ID = new Halves(Pair, 'pairId')
const LABEL_BYTES = 32

/** What a Pair frame asks of one leg. */
export interface LegFields {
  readonly instrument: number
  readonly account: number
  /** Indexes into SIDES, ORDER_TYPES and TIMES_IN_FORCE. */
  readonly side: number
  readonly type: number
  readonly timeInForce: number
  readonly postOnly: boolean
  readonly reduceOnly: boolean
  readonly price: number
  readonly quantity: number
  readonly label: string
}

export interface PairFields extends PairTerms {
  readonly idHigh: number
  readonly idLow: number
  readonly legs: readonly [LegFields, LegFields]
}

/** The fields of a Pair frame, read by their offsets: the desk reads copies in memory as well as frames of the sequence. */
export function readPair(p: FramePointer): PairFields {
  const { at } = p
  return {
    idHigh: ID.high(p),
    idLow: ID.low(p),
    legs: [readLeg(p, 'first'), readLeg(p, 'second')],
    settleNs: Number(p.i64[(at + AT.settle) >> 3]),
    retryNs: Number(p.i64[(at + AT.retry) >> 3]),
    attempts: p.u8[at + AT.attempts],
    maxSlippage: p.f64[(at + AT.maxSlippage) >> 3],
  }
}

function readLeg(p: FramePointer, leg: 'first' | 'second'): LegFields {
  const { at, u8, u16, u32, f64 } = p
  return {
    instrument: u32[(at + AT[leg]) >> 2],
    account: u16[(at + AT[`${leg}Account`]) >> 1],
    side: u8[at + AT[`${leg}Side`]],
    type: u8[at + AT[`${leg}Type`]],
    timeInForce: u8[at + AT[`${leg}TimeInForce`]],
    postOnly: u8[at + AT[`${leg}PostOnly`]] !== 0,
    reduceOnly: u8[at + AT[`${leg}ReduceOnly`]] !== 0,
    price: f64[(at + AT[`${leg}Price`]) >> 3],
    quantity: f64[(at + AT[`${leg}Quantity`]) >> 3],
    label: textAt(p, at + AT[`${leg}Label`]),
  }
}

function textAt({ u8 }: FramePointer, start: number): string {
  let end = start
  while (end < start + LABEL_BYTES && u8[end] !== 0) end++
  return Buffer.from(u8.buffer, u8.byteOffset + start, end - start).toString('utf8')
}
