import type { Reason } from '../../trading/messages/reasons.js'
import type { VenueEventKind } from '../../trading/venues/venue-event.js'
import { unitsIn } from '../decimals.js'
import { VenueMessageError } from '../errors.js'
import type { OrderText } from '../order-events.js'
import { ownIdOf, reportFill, reportOrder } from '../private-events.js'
import type { CcxtAccount } from './ccxt-account.js'
import type { CcxtExchange, CcxtNumber, CcxtOrder, CcxtTrade } from './ccxt-types.js'

/** ccxt's words for an order that has ended. */
const ENDS: Readonly<Record<string, VenueEventKind>> = {
  closed: 'filled',
  canceled: 'cancelled',
  expired: 'expired',
  rejected: 'rejected',
}

/** Orders and fills of ccxt, as what the venue says of them. */
export class OrderWords {
  /** @param onFilled an order of ours has fills that were not reported. */
  constructor(
    private readonly exchange: CcxtExchange,
    private readonly account: CcxtAccount,
    private readonly onFilled: (order: CcxtOrder) => void,
  ) {}

  /**
   * Reports what an order says. `isAnswer`: of an order that works too, for which a question was asked; else only what is new.
   *
   * @returns false when it does not say enough: nothing was reported, and the venue must be asked.
   * @throws {VenueMessageError} when its numbers are no whole ticks and steps.
   */
  order(order: CcxtOrder, isAnswer: boolean): boolean {
    const { account } = this
    const { id = '', status = '', symbol = '', type } = order
    const text: OrderText = {
      symbol,
      orderId: id,
      clientOrderId: this.lettersOf(order),
      side: order.side === 'sell' ? 'sell' : 'buy',
      // Of market orders it is the average price.
      price: type === 'market' ? '' : this.text(order.price),
      quantity: this.text(order.amount),
      filled: this.text(order.filled),
      atMs: order.lastUpdateTimestamp ?? order.timestamp ?? 0,
    }
    const isWhole = id !== '' && symbol !== '' && (order.side === 'buy' || order.side === 'sell')
    const hasPrice = type === 'market' || text.price !== ''
    if (!isWhole || !hasPrice || text.quantity === '' || text.filled === '') return false
    const own = ownIdOf(text, account)
    const isOurs = own.high !== 0 || own.low !== 0
    if (isOurs) account.known.learnVenueId(own.high, own.low, id)
    const before = account.live.find(own)?.filled || '0'
    if (isOurs && !isAnswer && text.filled !== before) this.onFilled(order)
    if (status === 'open') {
      if (isOurs) this.works(text, isAnswer)
      else if (isAnswer) reportOrder('open', text, account)
      return true
    }
    const end = ENDS[status] as VenueEventKind | undefined
    if (end === undefined) return false
    if (isOurs) this.ends(end, text)
    return true
  }

  /** Reports one fill. @throws {VenueMessageError} when it has no name, or its numbers are no whole ticks and steps. */
  fill(trade: CcxtTrade): void {
    const { id = '', order = '', symbol = '', side, timestamp, fee } = trade
    if (id === '' || order === '' || symbol === '')
      throw new VenueMessageError('a fill has no id, no order or no symbol, and is not booked')
    const instrument = this.account.instruments.get(symbol)
    const cost = this.text(fee?.cost)
    reportFill(
      {
        symbol,
        orderId: order,
        clientOrderId: '',
        side: side === 'sell' ? 'sell' : 'buy',
        price: '',
        quantity: '',
        filled: '',
        atMs: timestamp ?? 0,
      },
      {
        tradeId: id,
        price: this.text(trade.price),
        quantity: this.text(trade.amount),
        isMaker: trade.takerOrMaker === 'maker',
        // An exchange that says no fee of a fill has it in the balances only.
        fee: cost === '' ? '0' : cost,
        feeCurrency: fee?.currency ?? instrument?.settlement ?? '',
      },
      this.account,
    )
  }

  /** The client id of an order as the runtime writes it; '' when it is not ours. */
  lettersOf({ clientOrderId = '' }: CcxtOrder): string {
    return this.account.forms.lettersOf(clientOrderId)
  }

  private works(text: OrderText, isAnswer: boolean): void {
    const { account } = this
    const own = ownIdOf(text, account)
    const instrument = account.instrumentOf(text.symbol, text.clientOrderId)
    if (instrument === undefined) return reportOrder('open', text, account)
    const live = account.live.add(own, text.symbol, instrument.number, text.atMs)
    live.venueId = text.orderId
    const before = live.filled
    live.filled = text.filled
    if (isAnswer) return reportOrder('open', text, account)
    if (before === '') reportOrder('accepted', text, account)
    if (text.filled !== (before === '' ? '0' : before)) reportOrder('open', text, account)
  }

  private ends(end: VenueEventKind, text: OrderText): void {
    const { account } = this
    const own = ownIdOf(text, account)
    const reason: Reason = account.live.find(own)?.isCancelled === true ? 'requested' : 'none'
    const [filled, quantity] = [text.filled, text.quantity].map(one => this.steps(one, text))
    // 'closed' of an order that is not filled, and a refusal of the rest of one, are cancels.
    const isRest = end === 'filled' ? filled !== quantity : end === 'rejected' && filled > 0
    if (isRest) reportOrder('cancelled', text, account, reason)
    else if (end === 'rejected') reportOrder('rejected', text, account, 'venue-rejected')
    else reportOrder(end, text, account, end === 'filled' ? 'none' : reason)
    account.live.remove(own)
  }

  private steps(quantity: string, { symbol, clientOrderId }: OrderText): number {
    const instrument = this.account.instrumentOf(symbol, clientOrderId)
    return instrument === undefined ? Number(quantity) : unitsIn(instrument.quantity, quantity)
  }

  private text(value: CcxtNumber): string {
    return value === undefined || value === null ? '' : (this.exchange.numberToString(value) ?? '')
  }
}
