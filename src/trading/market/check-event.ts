import { formatValue } from '../../base/format-value.js'
import { FeedEventError } from '../errors.js'
import type { MarketEvent } from '../messages/market-event.js'

/** Longer symbols do not fit any frame. */
const MOST_SYMBOL = 255
/** More than any price or quantity, and small enough to be counted in ticks. */
const MOST = 1e15
const MOST_ID = 2n ** 64n

/**
 * Refuses what no market says, before it is written: a sequence keeps its events for ever. A quote's side that is missing has the price
 * 0 or below.
 *
 * @param number of the event, counted from the feed's beginning.
 * @throws {FeedEventError}
 */
export function checkMarketEvent(event: MarketEvent, number: number): void {
  const { kind, symbol, timeMs } = event
  if (typeof symbol !== 'string' || symbol === '' || symbol.length > MOST_SYMBOL)
    throw refusal(number, 'symbol', symbol)
  if (!(timeMs >= 0 && timeMs < Number.POSITIVE_INFINITY)) throw refusal(number, 'timeMs', timeMs)
  if (kind === 'quote') {
    if (!isPrice(event.bid)) throw refusal(number, 'bid', event.bid)
    if (!isPrice(event.ask)) throw refusal(number, 'ask', event.ask)
    if (!isQuantity(event.bidSize)) throw refusal(number, 'bidSize', event.bidSize)
    if (!isQuantity(event.askSize)) throw refusal(number, 'askSize', event.askSize)
  } else if (kind === 'trade') {
    if (!isPrice(event.price)) throw refusal(number, 'price', event.price)
    if (!isQuantity(event.quantity)) throw refusal(number, 'quantity', event.quantity)
    if (event.side !== 'buy' && event.side !== 'sell') throw refusal(number, 'side', event.side)
    if (!(typeof event.tradeId === 'bigint' && event.tradeId >= 0n && event.tradeId < MOST_ID))
      throw refusal(number, 'tradeId', event.tradeId)
  } else throw refusal(number, 'kind', kind)
}

function isPrice(value: number): boolean {
  return typeof value === 'number' && value > -MOST && value < MOST
}

function isQuantity(value: number): boolean {
  return typeof value === 'number' && value >= 0 && value < MOST
}

function refusal(number: number, field: string, value: unknown): FeedEventError {
  return new FeedEventError(
    `event ${number} of the feed has '${field}' ${formatValue(value)}, which no market says; the events before it are in the sequence, and the feed ends here`,
    number,
  )
}
