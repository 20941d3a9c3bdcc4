import type { OpenRequests } from '../adapter/open-requests.js'
import { type Fields, isFields, optionalField } from '../fields.js'
import { isUncertain, refusalReason } from './answers.js'

/**
 * Reads the answer to a message with requests. That a request was accepted says of an order that it was taken, and of an amend or
 * a cancel nothing: what they did is said in the channel `orders`.
 */
export function readRequestAnswer(message: Fields, requests: OpenRequests): void {
  const answered = requests.take(optionalField(message, 'id'))
  if (answered === undefined) return
  const rows = Array.isArray(message['data']) ? (message['data'] as readonly unknown[]) : []
  const at = timeOf(message)
  answered.forEach((request, i) => {
    const row = rows[i]
    const code = optionalField(isFields(row) ? row : message, isFields(row) ? 'sCode' : 'code')
    if (code !== '0') {
      if (!isUncertain(code)) requests.refuse(request, refusalReason(code), at)
    } else if (request.kind === 'submit')
      requests.say('accepted', request, 0, at, isFields(row) ? optionalField(row, 'ordId') : '')
  })
}

/** `outTime` is in µs. */
function timeOf(message: Fields): number {
  const text = optionalField(message, 'outTime')
  return /^\d{13,19}$/.test(text) ? Math.floor(Number(text) / 1000) : 0
}
