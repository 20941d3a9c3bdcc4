import type { BybitRest } from './bybit-rest.js'

const PATH = '/v5/order/disconnected-cancel-all'
const PRODUCTS = {
  linear: { product: 'DERIVATIVES', topic: 'dcp.future' },
  spot: { product: 'SPOT', topic: 'dcp.spot' },
} as const

/**
 * Lets Bybit cancel all orders when the connection is lost for some time: it watches private sockets that have subscribed to a topic for
 * it. The time is a setting of the account, and stays.
 */
export class DisconnectProtection {
  /** What the private socket subscribes to; undefined without protection. */
  readonly topic: string | undefined

  /** @param seconds 0 for none. */
  constructor(
    private readonly rest: BybitRest,
    private readonly seconds: number,
    private readonly onTrouble: (why: string) => void,
  ) {
    this.topic = seconds === 0 ? undefined : PRODUCTS[rest.category].topic
  }

  /** Sets the time. What goes wrong is reported: there is no protection then. */
  async set(): Promise<void> {
    if (this.topic === undefined) return
    const { rest, seconds } = this
    const body = { product: PRODUCTS[rest.category].product, timeWindow: seconds }
    try {
      const answer = await rest.post({ path: PATH, body, window: () => rest.windowFromNow(), weight: 1 })
      if (answer?.['retCode'] === 0) return
      this.onTrouble(
        `cancelAllAfter was refused: ${String(answer?.['retCode'])} ${String(answer?.['retMsg'])}. Bybit allows it for accounts that have asked for it`,
      )
    } catch (error) {
      this.onTrouble(`cancelAllAfter is not set: ${(error as Error).message}`)
    }
  }
}
