import { VenueMessageError } from '../errors.js'
import { type Fields, isFields, listField, optionalField } from '../fields.js'
import type { PrivateContext } from '../private-context.js'
import { guarded } from '../private-events.js'
import { resultOf } from './instruments.js'
import { reportBybitOrder } from './order-words.js'
import { readExecution, readPosition, readWallet } from './private-messages.js'

/** What an answer of several pages has besides its events: where the next one begins; '' at the end. */
export interface BybitPage {
  readonly next: string
}

/** Reads the answer to `order/realtime` or `order/history`. An order that is in two pages is reported twice. */
export function readOrdersAnswer(answer: unknown, context: PrivateContext): BybitPage {
  return readList(answer, context, fields => reportBybitOrder(fields, context, 'open'))
}

/** Reads the answer to `execution/list`. */
export function readExecutionsAnswer(answer: unknown, context: PrivateContext): BybitPage {
  return readList(answer, context, fields => readExecution(fields, context))
}

/** Reads the answer to `position/list`. */
export function readPositionsAnswer(answer: unknown, context: PrivateContext): BybitPage {
  return readList(answer, context, fields => readPosition(fields, context))
}

/** Reads the answer to `account/wallet-balance`. */
export function readWalletAnswer(answer: unknown, context: PrivateContext): void {
  const time = isFields(answer) ? answer['time'] : undefined
  readList(answer, context, fields => {
    if (typeof time !== 'number') throw new VenueMessageError('an answer of Bybit has no time')
    readWallet(fields, time, context)
  })
}

/** The answer to a request about an order, over the socket. It says that Bybit has taken the request, and not what became of it. */
export interface BybitRequestAnswer {
  /** 'order.create', 'order.amend', 'order.cancel'. */
  readonly op: string
  readonly requestId: string
  /** 0: taken. */
  readonly code: number
  readonly text: string
}

/** @throws {VenueMessageError} */
export function readRequestAnswer(message: Fields): BybitRequestAnswer {
  const { op, reqId, retCode, retMsg } = message
  if (typeof op !== 'string' || typeof retCode !== 'number')
    throw new VenueMessageError('an answer of Bybit has no op or no retCode')
  return { op, requestId: textOf(reqId), code: retCode, text: textOf(retMsg) }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function readList(answer: unknown, context: PrivateContext, read: (fields: Fields) => void): BybitPage {
  let next = ''
  guarded(context, () => {
    const result = resultOf(answer)
    for (const one of listField(result, 'list')) guarded(context, () => read(one))
    next = optionalField(result, 'nextPageCursor')
  })
  return { next }
}
