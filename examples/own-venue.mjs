// A venue of one's own, in a process of its own: as small as a venue can be.
//
//     npx ticktape run examples/momentum.mjs --venue examples/own-venue.mjs --duration 10
//
// It fills an order completely once the feed's best price reaches the order's, and keeps its orders in memory. A real one has a socket:
// `submit`, `amend` and `cancel` send and return at once, and the answers are reported when they arrive. Prices and quantities are in whole
// ticks and steps, times in ns since the home's creation, and an order's id is two numbers.
import { REASONS, VenueEvent } from 'ticktape/trading'

const [BUY, LIMIT, MARKET] = [0, 0, 1] // as in VenueOrder: side, type
const [GTC, GTD] = [0, 3] // timeInForce
const RUN = Date.now().toString(36) // trade ids must never repeat, also not after a restart

class OwnVenue {
  name = 'own'
  accounts = ['main']
  canAmend = true
  deterministic = false // its answers are recorded; this venue cannot be built again in a replay
  instruments = [] // it trades whatever the feed has

  #report
  #orders = new Map()
  #quotes = new Map()
  #trades = 0

  start(report) {
    this.#report = report
    this.#say('connected', {}) // the gateway asks to reconcile; orders wait until then
  }

  submit(order, now) {
    const { idHigh, idLow, instrument, side, type, timeInForce, ticks, steps, expireAt, postOnly, deadline } = order
    const own = { idHigh, idLow, instrument: instrument.number, side, type, ticks, steps, expireAt } // `order` is valid during the call
    // The gateway counts on it: an order that is late must not trade.
    if (deadline !== 0 && now > deadline) return this.#say('not-sent', { ...own, reason: 'too-late' }, now)
    if (type !== LIMIT && type !== MARKET) return this.#say('rejected', { ...own, reason: 'venue-rejected' }, now)
    if (postOnly && this.#priceFor(own) !== undefined)
      return this.#say('rejected', { ...own, reason: 'post-only-would-trade' }, now)
    this.#say('accepted', own, now)
    if (this.#fill(own, now)) return
    if (timeInForce === GTC || timeInForce === GTD) this.#orders.set(keyOf(own), own)
    else this.#say('cancelled', { ...own, filledSteps: 0, reason: 'not-marketable' }, now)
  }

  cancel(idHigh, idLow, request, now) {
    const order = this.#orders.get(keyOf({ idHigh, idLow }))
    if (order === undefined)
      return this.#say('cancel-rejected', { idHigh, idLow, request, reason: 'order-is-final' }, now)
    this.#orders.delete(keyOf(order))
    this.#say('cancelled', { ...order, request, filledSteps: 0, reason: 'requested' }, now)
  }

  amend(idHigh, idLow, request, ticks, steps, now) {
    const order = this.#orders.get(keyOf({ idHigh, idLow }))
    if (order === undefined)
      return this.#say('amend-rejected', { idHigh, idLow, request, reason: 'order-is-final' }, now)
    order.ticks = ticks
    order.steps = steps
    this.#say('amended', { ...order, request }, now)
    if (this.#fill(order, now)) this.#orders.delete(keyOf(order))
  }

  /** All that the gateway may have missed: open orders, and fills since the last connection. Here it has missed none. */
  reconcile(account, now) {
    for (const order of this.#orders.values()) this.#say('open', { ...order, filledSteps: 0 }, now)
    this.#say('reconciled', { account }, now)
  }

  query(idHigh, idLow, _account, instrument, now) {
    const order = this.#orders.get(keyOf({ idHigh, idLow }))
    if (order === undefined) this.#say('not-found', { idHigh, idLow, instrument }, now)
    else this.#say('open', { ...order, filledSteps: 0 }, now)
  }

  /** Only because this venue has no market of its own. A real one leaves `quote` out. */
  quote(instrument, bid, _bidSize, ask, _askSize, now) {
    this.#quotes.set(instrument.number, { bid, ask })
    for (const order of this.#orders.values()) {
      if (order.instrument !== instrument.number) continue
      if (order.expireAt !== 0 && order.expireAt <= now) this.#say('expired', { ...order, filledSteps: 0 }, now)
      else if (!this.#fill(order, now)) continue
      this.#orders.delete(keyOf(order))
    }
  }

  close() {}

  /** The price at which an order would trade now, if it would. */
  #priceFor({ instrument, side, type, ticks }) {
    const quote = this.#quotes.get(instrument)
    if (quote === undefined) return undefined
    const best = side === BUY ? quote.ask : quote.bid
    const reaches = type === MARKET || (side === BUY ? ticks >= best : ticks <= best)
    return reaches ? best : undefined
  }

  #fill(order, now) {
    const ticks = this.#priceFor(order)
    if (ticks === undefined) return false
    const tradeId = `${RUN}-${++this.#trades}`
    this.#say('fill', { ...order, ticks, tradeId, feeCurrency: 'USDT', fee: 0 }, now)
    this.#say('filled', { ...order, filledSteps: order.steps }, now)
    return true
  }

  #say(kind, { reason, ...fields }, now = 0) {
    const event = Object.assign(new VenueEvent(), fields, { kind, venueTime: now })
    event.reason = reason === undefined ? 0 : REASONS.indexOf(reason)
    this.#report(event)
  }
}

function keyOf({ idHigh, idLow }) {
  return `${idHigh}-${idLow}`
}

export default () => new OwnVenue()
