/** What an order's terms are: in ticks and steps. */
export interface OrderTerms {
  readonly ticks: number
  readonly steps: number
}

interface SentAmend extends OrderTerms {
  readonly request: number
  /** What the venue has said of the order before it was sent is older than this, ns since the home's origin. */
  readonly after: number
}

/**
 * Amends that were sent and not answered. What Bybit says of an order does not name the amend that changed it: it is told by the terms, and
 * by the time, so that an old message about the same terms is none of its answers.
 */
export class SentAmends {
  /** By client id. */
  private readonly sent = new Map<string, SentAmend[]>()
  /** By client id: the venue's time of the newest word about an order that has not ended. */
  private readonly heardAt = new Map<string, number>()

  add(clientOrderId: string, request: number, { ticks, steps }: OrderTerms): void {
    const amend = { request, ticks, steps, after: this.heardAt.get(clientOrderId) ?? 0 }
    this.sent.set(clientOrderId, [...(this.sent.get(clientOrderId) ?? []), amend])
  }

  /** The amend that has given an order its terms; 0 for none. @param at the venue's time of its word. */
  requestOf(clientOrderId: string, { ticks, steps }: OrderTerms, at: number): number {
    const found = this.sent
      .get(clientOrderId)
      ?.find(amend => amend.ticks === ticks && amend.steps === steps && at >= amend.after)
    return found?.request ?? 0
  }

  /** It was answered. */
  remove(clientOrderId: string, request: number): void {
    const left = (this.sent.get(clientOrderId) ?? []).filter(amend => amend.request !== request)
    if (left.length === 0) this.sent.delete(clientOrderId)
    else this.sent.set(clientOrderId, left)
  }

  /** The venue has said something of an order. */
  heard(clientOrderId: string, at: number): void {
    if (at > (this.heardAt.get(clientOrderId) ?? 0)) this.heardAt.set(clientOrderId, at)
  }

  /** The order has ended. */
  end(clientOrderId: string): void {
    this.sent.delete(clientOrderId)
    this.heardAt.delete(clientOrderId)
  }
}
