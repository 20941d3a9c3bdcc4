import { reasonCode } from '../../trading/messages/reasons.js'
import type { OpenRequests, SentRequest } from '../adapter/open-requests.js'
import { VenueMessageError, VenueRequestError } from '../errors.js'
import { type Fields, isFields, listField } from '../fields.js'
import type { AccountConnection } from './account-connection.js'
import { readRequestAnswer } from './answers.js'
import type { BybitRest } from './bybit-rest.js'
import { isUncertain, refusalReason } from './refusals.js'
import type { SendWindow } from './signing.js'

/** How long a request without a deadline may act, ms: a cancel. */
const WINDOW_MS = 5000

/** Requests about orders: over the socket for them, or by REST, and what is concluded from the answers. */
export class OrderChannel {
  /** Bybit refuses a request id that it has had: another process of this adapter has other ids. */
  private readonly prefix = `${Date.now().toString(36)}-`

  constructor(
    private readonly connection: AccountConnection,
    private readonly rest: BybitRest,
    private readonly requests: OpenRequests,
    private readonly isBySocket: boolean,
    private readonly onTrouble: (why: string) => void,
  ) {}

  /**
   * @param op 'order.create' and the like.
   * @param sent the requests that it has, in their order.
   * @param lastMs ms since 1970: Bybit must not act on it later; 0 without a limit.
   */
  send(op: string, argument: Fields, sent: readonly SentRequest[], lastMs: number): void {
    const { connection, prefix, requests } = this
    const id = requests.add(sent)
    if (!connection.isReady) return requests.notSent(id)
    if (!this.isBySocket) return void this.post(id, op, argument, sent.length, lastMs)
    const window = this.windowUntil(lastMs)
    if (window === undefined) return this.tooLate(id)
    const header = { 'X-BAPI-TIMESTAMP': String(window.time), 'X-BAPI-RECV-WINDOW': String(window.windowMs) }
    if (!connection.send({ reqId: prefix + id, header, op, args: [argument] })) requests.notSent(id)
  }

  /**
   * An answer. It says that Bybit has taken a request, which is no word about the order: that comes in the topic `order`. Or that it has
   * refused it.
   *
   * @throws {VenueMessageError}
   */
  answer(message: Fields): void {
    const { requestId, code } = readRequestAnswer(message)
    // Undefined: answered already, or sent over an earlier connection.
    const sent = requestId.startsWith(this.prefix) ? this.requests.take(requestId.slice(this.prefix.length)) : undefined
    if (sent === undefined) return
    const codes = code === 0 && sent.length > 1 ? codesOf(message) : sent.map(() => code)
    sent.forEach((request, i) => {
      const own = codes[i] as number | undefined
      if (own !== undefined && own !== 0 && !isUncertain(own)) this.requests.refuse(request, refusalReason(own))
    })
  }

  private async post(id: string, op: string, argument: Fields, weight: number, lastMs: number): Promise<void> {
    const path = `/v5/${op.replace('.', '/')}`
    try {
      // It may wait for Bybit's limits.
      const window = (): SendWindow | undefined => this.windowUntil(lastMs)
      const answer = await this.rest.post({ path, body: argument, window, weight })
      if (answer === undefined) this.tooLate(id)
      else this.answer({ ...answer, reqId: this.prefix + id, op })
    } catch (error) {
      // Whether it has arrived is not known.
      if (!(error instanceof VenueRequestError || error instanceof VenueMessageError)) throw error
      this.onTrouble(error.message)
    }
  }

  private tooLate(id: string): void {
    for (const one of this.requests.take(id) ?? []) this.requests.say('not-sent', one, TOO_LATE)
  }

  /**
   * Bybit acts on a request until the time in it plus the window, by its own clock: the sum is the deadline, whatever the error of our
   * estimate of its clock is. Undefined when that is over.
   */
  private windowUntil(lastMs: number): SendWindow | undefined {
    const time = Math.floor(this.rest.clock.now())
    if (lastMs === 0) return { time, windowMs: WINDOW_MS }
    return lastMs > time ? { time, windowMs: lastMs - time } : undefined
  }
}

/** What became of each order of a batch. */
function codesOf({ retExtInfo }: Fields): readonly number[] {
  if (!isFields(retExtInfo)) throw new VenueMessageError('an answer of Bybit about several orders has no retExtInfo')
  return listField(retExtInfo, 'list').map(({ code }) => {
    if (typeof code === 'number') return code
    throw new VenueMessageError('an answer of Bybit about several orders has one without a code')
  })
}

const TOO_LATE = reasonCode('too-late')
