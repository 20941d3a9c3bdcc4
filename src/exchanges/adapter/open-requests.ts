import { reasonCode } from '../../trading/messages/reasons.js'
import type { AccountReporter } from './account-reporter.js'

/** A request about one order that was sent over a socket. */
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

  constructor(private readonly reporter: AccountReporter) {}

  /** Remembers requests that leave together. Returns the id of their message. */
  add(requests: readonly SentRequest[]): string {
    const id = `t${++this.count}`
    this.open.set(id, requests)
    return id
  }

  /** The requests of a message that is answered; undefined when it was answered already, or sent over an earlier connection. */
  take(id: string): readonly SentRequest[] | undefined {
    const requests = this.open.get(id)
    this.open.delete(id)
    return requests
  }

  /** They did not leave. */
  notSent(id: string): void {
    for (const one of this.take(id) ?? []) this.say('not-sent', one, VENUE_DISCONNECTED)
  }

  /** The connection is lost: what is not answered may have arrived or not. */
  forget(): void {
    this.open.clear()
  }

  /** The venue has refused a request. @param at the venue's time, ms since 1970; 0 when it does not say. */
  refuse(request: SentRequest, reason: number, at = 0): void {
    this.say(REFUSED[request.kind], request, reason, at)
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

const VENUE_DISCONNECTED = reasonCode('venue-disconnected')
