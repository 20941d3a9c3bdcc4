import { reasonCode } from '../../trading/messages/reasons.js'
import { type Fields, isFields, optionalField } from '../fields.js'
import { isUncertain, refusalReason } from './answers.js'
import type { Reporter } from './reporter.js'

/** A request about one order that was sent over the socket. */
export interface SentRequest {
  readonly kind: 'submit' | 'amend' | 'cancel'
  readonly idHigh: number
  readonly idLow: number
  /** 0: the order itself. */
  readonly request: number
  readonly instrument: number
}

const REFUSED = { submit: 'rejected', amend: 'amend-rejected', cancel: 'cancel-rejected' } as const

/** Requests that left over the socket and are not answered. */
export class OpenRequests {
  private readonly open = new Map<string, readonly SentRequest[]>()
  private count = 0

  constructor(private readonly reporter: Reporter) {}

  /** Remembers requests that leave together. Returns the id of their message. */
  add(requests: readonly SentRequest[]): string {
    const id = `t${++this.count}`
    this.open.set(id, requests)
    return id
  }

  /** They did not leave. */
  notSent(id: string): void {
    const requests = this.open.get(id) ?? []
    this.open.delete(id)
    for (const one of requests) this.say('not-sent', one, VENUE_DISCONNECTED)
  }

  /** The connection is lost: what is not answered may have arrived or not. */
  forget(): void {
    this.open.clear()
  }

  /**
   * The answer to a message. That a request was accepted says of an order that it was taken, and of an amend or a cancel nothing: what
   * they did is said in the channel `orders`.
   */
  answer(message: Fields): void {
    const id = optionalField(message, 'id')
    const requests = this.open.get(id)
    // Answered already, or sent over an earlier connection.
    if (requests === undefined) return
    this.open.delete(id)
    const rows = Array.isArray(message['data']) ? (message['data'] as readonly unknown[]) : []
    const at = timeOf(message)
    requests.forEach((request, i) => {
      const row = rows[i]
      const code = optionalField(isFields(row) ? row : message, isFields(row) ? 'sCode' : 'code')
      if (code !== '0') {
        if (!isUncertain(code)) this.say(REFUSED[request.kind], request, refusalReason(code), at)
      } else if (request.kind === 'submit')
        this.say('accepted', request, 0, at, isFields(row) ? optionalField(row, 'ordId') : '')
    })
  }

  /** @param at the venue's time, ms since 1970; 0 when it does not say. */
  say(
    kind: 'accepted' | 'not-sent' | (typeof REFUSED)[keyof typeof REFUSED],
    { idHigh, idLow, request, instrument }: SentRequest,
    reason: number,
    at = 0,
    venueOrderId = '',
  ): void {
    this.reporter.say(kind, event => {
      event.idHigh = idHigh
      event.idLow = idLow
      event.request = request
      event.instrument = instrument
      event.reason = reason
      event.venueOrderId = venueOrderId
      event.venueTime = at === 0 ? 0 : this.reporter.timeOf(at)
    })
  }
}

/** `outTime` is in µs. */
function timeOf(message: Fields): number {
  const text = optionalField(message, 'outTime')
  return /^\d{13,19}$/.test(text) ? Math.floor(Number(text) / 1000) : 0
}

const VENUE_DISCONNECTED = reasonCode('venue-disconnected')
