import { VenueMessageError } from '../errors.js'
import { type Fields, filledField, isFields, listField, optionalField, textField } from '../fields.js'
import type { OrderText } from '../order-events.js'
import type { PrivateContext } from '../private-context.js'
import { guarded, reportBalance, reportFill, reportPosition } from '../private-events.js'
import { flagField, idField, msField, sideField } from './fields.js'
import { reportStatus } from './order-words.js'
import { sumOf } from './user-data.js'

/**
 * Reads an order of an answer: to a submit, a cancel, an amend, or a question (order, openOrders, allOrders). Its fills come with it
 * if the answer has them (newOrderRespType FULL).
 *
 * @param working what a working order is reported as: 'accepted' as the answer to a submit, 'open' as the answer to a question.
 */
export function readOrderAnswer(answer: unknown, context: PrivateContext, working: 'accepted' | 'open' = 'open'): void {
  guarded(context, () => {
    const fields = objectOf(answer)
    // Cancelling all orders of a symbol also answers with lists of orders.
    if ('orderReports' in fields) return readOrdersAnswer(fields['orderReports'], context, working)
    const order = orderOf(fields)
    const end = { timeInForce: textField(fields, 'timeInForce'), type: textField(fields, 'type'), rejected: '' }
    const fills = 'fills' in fields ? listField(fields, 'fills') : []
    for (const fill of fills) guarded(context, () => readFillOfOrder(fill, order, context))
    reportStatus(textField(fields, 'status'), order, end, context, working)
  })
}

/** Reads a list of orders: openOrders, allOrders, or the answer to cancelling all. */
export function readOrdersAnswer(
  answer: unknown,
  context: PrivateContext,
  working: 'accepted' | 'open' = 'open',
): void {
  guarded(context, () => {
    for (const one of listOf(answer)) readOrderAnswer(one, context, working)
  })
}

/** Reads the answer to myTrades or userTrades. Its fills name their order by the venue's id alone. */
export function readTradesAnswer(answer: unknown, context: PrivateContext): void {
  guarded(context, () => {
    for (const fields of listOf(answer))
      guarded(context, () => {
        const isBuyer = flagField(fields, 'isBuyer' in fields ? 'isBuyer' : 'buyer')
        const quantity = filledField(fields, 'qty')
        const order = {
          symbol: filledField(fields, 'symbol'),
          orderId: idField(fields, 'orderId'),
          clientOrderId: '',
          side: isBuyer ? ('buy' as const) : ('sell' as const),
          price: '',
          quantity,
          filled: quantity,
          atMs: msField(fields, 'time'),
        }
        const fill = {
          tradeId: idField(fields, 'id'),
          price: filledField(fields, 'price'),
          quantity,
          isMaker: flagField(fields, 'isMaker' in fields ? 'isMaker' : 'maker'),
          fee: filledField(fields, 'commission'),
          feeCurrency: filledField(fields, 'commissionAsset'),
        }
        reportFill(order, fill, context)
      })
  })
}

/** Reads balances: spot's account, futures' balance, or futures' account with its positions. */
export function readAccountAnswer(answer: unknown, context: PrivateContext, atMs: number): void {
  guarded(context, () => {
    if (Array.isArray(answer)) return readFuturesBalances(listOf(answer), 'balance', context, atMs)
    const fields = objectOf(answer)
    if ('balances' in fields) {
      for (const one of listField(fields, 'balances'))
        guarded(context, () => reportBalance(filledField(one, 'asset'), sumOf(one, 'free', 'locked'), atMs, context))
      return
    }
    readFuturesBalances(listField(fields, 'assets'), 'walletBalance', context, atMs)
    readPositionsAnswer(fields['positions'], context, atMs)
  })
}

/** Reads positions: the answer to positionRisk, or those of futures' account. */
export function readPositionsAnswer(answer: unknown, context: PrivateContext, atMs: number): void {
  guarded(context, () => {
    for (const one of listOf(answer))
      guarded(context, () => {
        const symbol = filledField(one, 'symbol')
        const side = optionalField(one, 'positionSide') || 'BOTH'
        if (side === 'BOTH') return reportPosition(symbol, filledField(one, 'positionAmt'), atMs, context)
        return context.passOver(`position of ${symbol}: the account keeps long and short apart`)
      })
  })
}

/** @param amount the name of the field. */
function readFuturesBalances(list: readonly Fields[], amount: string, context: PrivateContext, atMs: number): void {
  for (const one of list)
    guarded(context, () => reportBalance(filledField(one, 'asset'), filledField(one, amount), atMs, context))
}

function orderOf(fields: Fields): OrderText {
  const time = ['updateTime', 'transactTime', 'time'].find(name => name in fields) ?? 'updateTime'
  return {
    symbol: filledField(fields, 'symbol'),
    orderId: idField(fields, 'orderId'),
    // In the answer to a cancel `clientOrderId` names the request, and the other the order.
    clientOrderId: optionalField(fields, 'origClientOrderId') || textField(fields, 'clientOrderId'),
    side: sideField(fields, 'side'),
    price: filledField(fields, 'price'),
    quantity: filledField(fields, 'origQty'),
    filled: filledField(fields, 'executedQty'),
    atMs: msField(fields, time),
  }
}

/** What an order fills at once, it takes. */
function readFillOfOrder(fields: Fields, order: OrderText, context: PrivateContext): void {
  const fill = {
    tradeId: idField(fields, 'tradeId'),
    price: filledField(fields, 'price'),
    quantity: filledField(fields, 'qty'),
    isMaker: false,
    fee: filledField(fields, 'commission'),
    feeCurrency: filledField(fields, 'commissionAsset'),
  }
  reportFill(order, fill, context)
}

function objectOf(answer: unknown): Fields {
  if (isFields(answer)) return answer
  throw new VenueMessageError('an answer of Binance is no object')
}

function listOf(answer: unknown): readonly Fields[] {
  if (Array.isArray(answer) && answer.every(isFields)) return answer
  throw new VenueMessageError('an answer of Binance is no list of objects')
}
