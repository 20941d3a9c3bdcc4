import { VenueMessageError } from '../errors.js'
import { type Fields, filledField, isFields, listField, optionalField, textField, timeField } from '../fields.js'
import type { PrivateContext } from '../private-context.js'
import { guarded, reportBalance, reportFill, reportPosition } from '../private-events.js'
import type { BybitCategory } from './instruments.js'
import { reportBybitOrder, sideOf } from './order-words.js'

/**
 * Reads one message of Bybit's private stream. Everything goes to `context`; nothing is thrown for what a message has.
 *
 * @param category the part of the account that `context` is of: others have instruments of the same names, and are passed over.
 */
export function readBybitPrivate(message: unknown, category: BybitCategory, context: PrivateContext): void {
  guarded(context, () => {
    const fields = isFields(message) ? message : {}
    if (typeof fields['topic'] !== 'string') return readAnswer(fields, context)
    const [topic] = fields['topic'].split('.')
    if (fields['topic'].startsWith('execution.fast'))
      return context.passOver('execution.fast: the same fill comes with its fee in execution')
    const parse = PARSERS[topic]
    if (parse === undefined) return context.passOver(`${topic}: a topic that says nothing of orders`)
    for (const one of listField(fields, 'data'))
      guarded(context, () => {
        const part = optionalField(one, 'category')
        if (part !== '' && part !== category) context.passOver(`${topic} of ${part}: another part of the account`)
        else parse(one, fields, context)
      })
  })
}

const PARSERS: Readonly<Record<string, (fields: Fields, message: Fields, context: PrivateContext) => void>> = {
  order: (fields, _, context) => reportBybitOrder(fields, context, 'accepted'),
  execution: (fields, _, context) => readExecution(fields, context),
  position: (fields, _, context) => readPosition(fields, context),
  wallet: (fields, { creationTime }, context) => {
    if (typeof creationTime !== 'number') throw new VenueMessageError("a message of 'wallet' has no creationTime")
    readWallet(fields, creationTime, context)
  },
}

/**
 * Reports a fill: in the topic `execution`, and in the answer to `execution/list`. Other entries, such as funding, are no fills.
 *
 * @throws {VenueMessageError}
 */
export function readExecution(fields: Fields, context: PrivateContext): void {
  const type = textField(fields, 'execType')
  if (!TRADES.has(type)) return context.passOver(`execution of type ${type}: no fill`)
  const symbol = filledField(fields, 'symbol')
  const side = sideOf(fields)
  const { isMaker } = fields
  if (typeof isMaker !== 'boolean') throw new VenueMessageError(`an execution of ${symbol} does not say isMaker`)
  const order = {
    symbol,
    orderId: filledField(fields, 'orderId'),
    clientOrderId: optionalField(fields, 'orderLinkId'),
    side,
    price: optionalField(fields, 'orderPrice'),
    quantity: filledField(fields, 'orderQty'),
    filled: '0',
    atMs: timeField(fields, 'execTime'),
  }
  const fill = {
    tradeId: filledField(fields, 'execId'),
    price: filledField(fields, 'execPrice'),
    quantity: filledField(fields, 'execQty'),
    isMaker,
    fee: filledField(fields, 'execFee'),
    feeCurrency: optionalField(fields, 'feeCurrency') || feeCurrencyOf(symbol, side, context),
  }
  reportFill(order, fill, context)
}

/** Fills of the market, of a liquidation, and of the venue's deleveraging. */
const TRADES = new Set(['Trade', 'AdlTrade', 'BustTrade', 'BlockTrade'])

/** Older messages do not say it. Contracts pay in their settlement currency, spot in what the order receives. */
function feeCurrencyOf(symbol: string, side: 'buy' | 'sell', context: PrivateContext): string {
  const instrument = context.instrumentOf(symbol)
  if (instrument === undefined) return ''
  const { kind, base, quote } = instrument.spec
  return kind !== 'spot' ? instrument.settlement : side === 'buy' ? base : quote
}

/** Reports a position: in the topic `position`, and in the answer to `position/list`. @throws {VenueMessageError} */
export function readPosition(fields: Fields, context: PrivateContext): void {
  const symbol = filledField(fields, 'symbol')
  if (fields['positionIdx'] !== 0)
    return context.passOver(`position of ${symbol}: the account keeps long and short apart`)
  const size = filledField(fields, 'size')
  // Without a position the side is empty, or 'None' in older messages.
  const isShort = optionalField(fields, 'side') === 'Sell' && Number(size) !== 0
  reportPosition(symbol, isShort ? `-${size}` : size, timeField(fields, 'updatedTime'), context)
}

/** Reports the balances of one account: in the topic `wallet`, and in the answer to `wallet-balance`. @throws {VenueMessageError} */
export function readWallet(fields: Fields, atMs: number, context: PrivateContext): void {
  for (const coin of listField(fields, 'coin'))
    guarded(context, () => reportBalance(filledField(coin, 'coin'), filledField(coin, 'walletBalance'), atMs, context))
}

/** Answers to requests of the stream: none of them says anything about the state of an order. */
function readAnswer(fields: Fields, context: PrivateContext): void {
  const { op, success, retCode } = fields
  if (typeof op !== 'string') throw new VenueMessageError('a message of Bybit has no topic and no op')
  const isDone = success === true || (success === undefined && retCode === 0)
  context.passOver(`answer to ${op}: ${isDone ? 'done' : 'refused'}`)
}
