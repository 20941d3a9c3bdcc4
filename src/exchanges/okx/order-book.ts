import { crc32 } from 'node:zlib'
import { formatValue } from '../../base/format-value.js'
import { VenueMessageError } from '../errors.js'
import type { Fields } from '../fields.js'

/** One price of a side: the venue's texts, which its checksum is made of, and their values. */
export interface BookLevel {
  readonly price: number
  readonly size: number
  readonly priceText: string
  readonly sizeText: string
}

/** Levels of each side that the checksum covers. */
const CHECKED_LEVELS = 25

/**
 * The order book of one instrument, from a snapshot and the updates after it (channel `books`). A gap is found by the numbers
 * of the messages, and by the checksum as far as OKX sends one: since June 2026 it is always 0, which says nothing.
 */
export class OkxOrderBook {
  /** The best price first. */
  readonly bids: BookLevel[] = []
  readonly asks: BookLevel[] = []
  /** The venue's time of the last message, ms since 1970, as text. */
  time = ''
  /** Whether it has had a snapshot, and no gap since. */
  isWhole = false
  private sequence: number | undefined = undefined

  /**
   * Applies one message of the channel. Returns why the book is not whole afterwards; undefined when it is.
   *
   * @param fields the object in `data`.
   * @throws {VenueMessageError}
   */
  apply(action: unknown, fields: Fields): string | undefined {
    const { bids, asks, seqId, prevSeqId, checksum, ts } = fields
    if (action === 'snapshot') {
      this.bids.length = 0
      this.asks.length = 0
      this.isWhole = true
    } else if (action !== 'update') throw new VenueMessageError(`a book message has the action ${formatValue(action)}`)
    else if (!this.isWhole) return 'an update came before a snapshot'
    else if (typeof prevSeqId === 'number' && prevSeqId !== this.sequence)
      return this.tear(`update ${prevSeqId} is missing`)
    applyTo(this.bids, bids, true)
    applyTo(this.asks, asks, false)
    this.sequence = typeof seqId === 'number' ? seqId : undefined
    this.time = typeof ts === 'string' ? ts : ''
    if (typeof checksum === 'number' && checksum !== 0 && checksum !== this.checksum())
      return this.tear('its checksum is not that of the venue')
    return undefined
  }

  /** CRC-32 of the best 25 levels, bid and ask in turn, as a signed number. */
  checksum(): number {
    const parts: string[] = []
    for (let i = 0; i < CHECKED_LEVELS; i++) {
      const [bid, ask] = [this.bids[i], this.asks[i]] as (BookLevel | undefined)[]
      if (bid !== undefined) parts.push(bid.priceText, bid.sizeText)
      if (ask !== undefined) parts.push(ask.priceText, ask.sizeText)
    }
    return crc32(parts.join(':')) | 0
  }

  private tear(why: string): string {
    this.isWhole = false
    return why
  }
}

function applyTo(side: BookLevel[], levels: unknown, isBid: boolean): void {
  if (!Array.isArray(levels)) throw new VenueMessageError(`a book message has the levels ${formatValue(levels)}`)
  for (const level of levels as readonly unknown[]) {
    const [priceText, sizeText] = Array.isArray(level) ? (level as readonly unknown[]) : []
    const [price, size] = [Number(priceText), Number(sizeText)]
    if (typeof priceText !== 'string' || typeof sizeText !== 'string' || !(price > 0 && size >= 0))
      throw new VenueMessageError(`a book message has the level ${formatValue(level)}`)
    const at = indexOf(side, price, isBid)
    const isKnown = side[at]?.price === price
    if (size === 0) {
      if (isKnown) side.splice(at, 1)
    } else side.splice(at, isKnown ? 1 : 0, { price, size, priceText, sizeText })
  }
}

/** Where a price is, or would be. */
function indexOf(side: readonly BookLevel[], price: number, isBid: boolean): number {
  let low = 0
  let high = side.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const { price: other } = side[middle]
    if (isBid ? other > price : other < price) low = middle + 1
    else high = middle
  }
  return low
}
