import { decimalText, readDecimal } from '../../trading/exact/decimal.js'
import { VenueMessageError } from '../errors.js'
import { type Fields, filledField, isFields, listField, optionalField, textField } from '../fields.js'
import type { OrderText } from '../order-events.js'
import type { PrivateContext } from '../private-context.js'
import {
  guarded,
  reportBalance,
  reportDisconnected,
  reportFill,
  reportOrder,
  reportPosition,
} from '../private-events.js'
import { flagField, idField, msField, sideField } from './fields.js'
import { reportStatus } from './order-words.js'

/** Kinds that say nothing new about orders, fills, balances and positions. */
const PASSED_OVER: Readonly<Record<string, string>> = {
  TRADE_LITE: 'the same fill comes with its fee in ORDER_TRADE_UPDATE',
  balanceUpdate: 'a change; the balance itself comes in outboundAccountPosition',
  listStatus: 'its orders report themselves',
  ACCOUNT_CONFIG_UPDATE: 'a setting of the account',
  MARGIN_CALL: 'a warning; positions report themselves',
  STRATEGY_UPDATE: 'a strategy of the venue',
  GRID_UPDATE: 'a strategy of the venue',
  CONDITIONAL_ORDER_TRIGGER_REJECT: 'ALGO_UPDATE has the same',
  externalLockUpdate: 'a lock outside of trading',
}

/**
 * Reads one message of a user data stream of Binance: spot, USD-M or COIN-M, with or without an envelope. Everything goes to `context`;
 * nothing is thrown for what a message has.
 *
 * @param message parsed with trading/exact/parse-json, so that no id was rounded.
 */
export function readUserData(message: unknown, context: PrivateContext): void {
  guarded(context, () => {
    const fields = contentOf(message)
    const kind = textField(fields, 'e')
    switch (kind) {
      case 'executionReport':
        return readExecution(fields, msField(fields, 'T'), context)
      case 'ORDER_TRADE_UPDATE':
        return readExecution(objectField(fields, 'o'), msField(fields, 'T'), context)
      case 'ALGO_UPDATE':
        return readTrigger(objectField(fields, 'o'), msField(fields, 'T'), context)
      case 'outboundAccountPosition':
        for (const one of listField(fields, 'B'))
          guarded(context, () =>
            reportBalance(filledField(one, 'a'), sumOf(one, 'f', 'l'), msField(fields, 'u'), context),
          )
        return
      case 'ACCOUNT_UPDATE':
        return readAccount(objectField(fields, 'a'), msField(fields, 'T'), context)
      case 'listenKeyExpired':
      case 'eventStreamTerminated':
        return reportDisconnected(msField(fields, 'E'), context)
      default:
        return context.passOver(`${kind}: ${PASSED_OVER[kind] ?? 'a kind that is not known'}`)
    }
  })
}

/** `{"subscriptionId":0,"event":{...}}` of the WebSocket API, `{"stream":"...","data":{...}}` of combined streams, or the message itself. */
function contentOf(message: unknown): Fields {
  const fields = isFields(message) ? message : {}
  const content = fields['event'] ?? fields['data'] ?? fields
  if (isFields(content)) return content
  throw new VenueMessageError('a message of the user data stream is no object')
}

function objectField(fields: Fields, name: string): Fields {
  const value = fields[name]
  if (isFields(value)) return value
  throw new VenueMessageError(`a message of Binance has no object '${name}'`)
}

/** The letters are the same in executionReport and in ORDER_TRADE_UPDATE. */
function readExecution(fields: Fields, atMs: number, context: PrivateContext): void {
  const order: OrderText = {
    symbol: filledField(fields, 's'),
    orderId: idField(fields, 'i'),
    // Of a cancelled spot order `c` names the request to cancel it, and `C` the order.
    clientOrderId: optionalField(fields, 'C') || textField(fields, 'c'),
    side: sideField(fields, 'S'),
    price: filledField(fields, 'p'),
    quantity: filledField(fields, 'q'),
    filled: filledField(fields, 'z'),
    atMs,
  }
  const what = textField(fields, 'x')
  const status = textField(fields, 'X')
  if (what === 'TRADE' || what === 'CALCULATED') return readTrade(what, status, order, fields, context)
  if (what === 'AMENDMENT') return reportOrder('amended', order, context)
  const end = {
    timeInForce: textField(fields, 'f'),
    type: textField(fields, 'o'),
    rejected: optionalField(fields, 'r'),
  }
  reportStatus(status, order, end, context, 'accepted')
}

/** A fill: of the market, or of a liquidation that the venue has calculated. */
function readTrade(what: string, status: string, order: OrderText, fields: Fields, context: PrivateContext): void {
  const quantity = filledField(fields, 'l')
  if (what === 'CALCULATED' && Number(quantity) === 0)
    return context.passOver('CALCULATED: a liquidation without a fill (yet)')
  const fill = {
    tradeId: idField(fields, 't'),
    price: filledField(fields, 'L'),
    quantity,
    isMaker: flagField(fields, 'm'),
    // Futures leave both out when there is no fee.
    fee: optionalField(fields, 'n') || '0',
    feeCurrency: optionalField(fields, 'N'),
  }
  reportFill(order, fill, context)
  if (status === 'FILLED') reportOrder('filled', order, context)
  else if (status === 'PARTIALLY_FILLED') reportOrder('open', order, context)
}

/** Orders that wait for a trigger have ids of their own. Once triggered, another order reports itself. */
function readTrigger(fields: Fields, atMs: number, context: PrivateContext): void {
  const status = textField(fields, 'X')
  const order: OrderText = {
    symbol: filledField(fields, 's'),
    orderId: `algo-${idField(fields, 'aid')}`,
    clientOrderId: textField(fields, 'caid'),
    side: sideField(fields, 'S'),
    price: optionalField(fields, 'p'),
    quantity: filledField(fields, 'q'),
    filled: '0',
    atMs,
  }
  if (status === 'NEW') reportOrder('accepted', order, context)
  else if (status === 'CANCELED') reportOrder('cancelled', order, context, 'requested')
  else if (status === 'EXPIRED') reportOrder('cancelled', order, context, 'venue-rejected')
  else if (status === 'REJECTED') reportOrder('rejected', order, context, 'venue-rejected')
  else context.passOver(`ALGO_UPDATE ${status}: the order that it becomes reports itself`)
}

function readAccount(fields: Fields, atMs: number, context: PrivateContext): void {
  for (const one of listField(fields, 'B'))
    guarded(context, () => reportBalance(filledField(one, 'a'), filledField(one, 'wb'), atMs, context))
  const positions = listField(fields, 'P')
  // An account that keeps both sides reports 'BOTH' too, always 0: it is not the account's position.
  const hedged = new Set(positions.filter(one => one['ps'] !== 'BOTH').map(one => one['s']))
  for (const one of positions)
    guarded(context, () => {
      const symbol = filledField(one, 's')
      if (hedged.has(symbol)) context.passOver(`position of ${symbol}: the account keeps long and short apart`)
      else reportPosition(symbol, filledField(one, 'pa'), atMs, context)
    })
}

/** The sum of two decimals, exactly. @throws {VenueMessageError} */
export function sumOf(fields: Fields, first: string, second: string): string {
  const [a, b] = [readDecimal(fields[first]), readDecimal(fields[second])]
  if (a === undefined || b === undefined)
    throw new VenueMessageError(`a message of Binance has '${first}' or '${second}', which is no decimal`)
  const decimals = Math.max(a.decimals, b.decimals)
  const scaled = (part: typeof a): bigint => part.numerator * 10n ** BigInt(decimals - part.decimals)
  return decimalText(scaled(a) + scaled(b), decimals)
}
