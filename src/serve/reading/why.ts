import type { FrameView } from '../../frames/view.js'
import { PositionError } from '../../journal/errors.js'
import { Reader } from '../../journal/read/reader.js'
import { Chain, type Hop } from '../../trading/inspect/chain.js'
import { type KnownBefore, knownBefore, knownNear } from '../../trading/inspect/known-before.js'
import { orderIdIn } from '../../trading/messages/order-id.js'
import { type HomeDirectory, readIdentity } from '../../trading/sequence/home.js'
import { badRequest, notFound } from '../errors.js'
import type { DeskFold } from './desk-fold.js'
import { Turns } from './turns.js'

/** Frames read between two turns of the event loop. */
const SLICE = 4096
/** Causes before an order's first frame that are shown at most. */
const DEPTH = 16
/** Ids of orders have the strategy's number, 1 or more, in their highest bits. No journal gets this many slots. */
const FIRST_ORDER = 2n ** 52n

/** The chains of causes of a home's orders, as `ticktape why` shows them. */
export class Why {
  private readonly turns = new Turns('chains of causes')

  constructor(
    private readonly home: HomeDirectory,
    /** The desk as it is now: an order that was taken since it began needs nothing that is older. */
    private readonly live: () => DeskFold,
  ) {}

  /**
   * The hops of an order, or those that led to a frame.
   *
   * @param what an order's id, its client order id at the venue, or a position in the sequence.
   * @throws {RequestError}, {PositionError}, {PositionGoneError}
   */
  async of(what: string): Promise<readonly Hop[]> {
    const { orderId, position } = this.parse(what)
    return this.turns.run(async () => {
      const asked = orderId ?? this.orderAt(position as number)
      return asked === undefined ? this.chainAt(position as number) : this.chainOf(asked, position)
    })
  }

  private parse(what: string): { readonly orderId?: bigint; readonly position?: number } {
    if (/^\d{1,20}$/.test(what)) {
      const number = BigInt(what)
      if (number >= 2n ** 64n) throw badRequest(`${what} is no order's id and no position: it is above 2^64`)
      return number >= FIRST_ORDER ? { orderId: number } : { position: Number(number) }
    }
    const orderId = orderIdIn(what, readIdentity(this.home.sequence)?.home ?? 0n)
    if (orderId === undefined)
      throw badRequest("give an order's id, a client order id of this home, or a position in the sequence")
    return { orderId }
  }

  private async chainOf(orderId: bigint, position: number | undefined): Promise<readonly Hop[]> {
    const live = this.live()
    const isRecent = live.orders.orders.some(order => order.orderId === orderId && order.takenAt > 0n)
    const known = isRecent ? live.known : knownBefore(this.home.sequence)
    const hops: Hop[] = []
    const chain = new Chain(this.home, { orderId, position, depth: DEPTH, onHop: hop => hops.push(hop) })
    await this.read(chain, known, Number.POSITIVE_INFINITY)
    if (chain.isEmpty && !chain.addUntaken()) throw notFound(`${this.home.path} has no order ${orderId}`)
    return hops
  }

  private async chainAt(position: number): Promise<readonly Hop[]> {
    const hops: Hop[] = []
    const chain = new Chain(this.home, { position, depth: DEPTH, onHop: hop => hops.push(hop) })
    await this.read(chain, knownNear(this.home.sequence, position), position)
    chain.addAt(position)
    return hops
  }

  private async read(chain: Chain, known: KnownBefore | undefined, until: number): Promise<void> {
    const from = known === undefined ? 'start' : { position: known.position }
    const reader = Reader.open(this.home.sequence, { from })
    try {
      if (known !== undefined) chain.begin(known)
      // What is written meanwhile is not followed.
      const end = Math.min(until, reader.position + reader.lag)
      while (reader.position < end && reader.poll(chain.handlers, SLICE) > 0)
        await new Promise(resolve => setImmediate(resolve))
    } finally {
      reader.close()
    }
  }

  /** The order that the frame at a position is about; undefined for none. */
  private orderAt(position: number): bigint | undefined {
    const reader = Reader.open(this.home.sequence, { from: { position } })
    try {
      for (const frame of reader) return orderIdOf(frame)
      throw new PositionError(`${this.home.sequence} has no frame at position ${position} yet`, {
        path: this.home.sequence,
        position,
      })
    } finally {
      reader.close()
    }
  }
}

function orderIdOf(frame: FrameView): bigint | undefined {
  const { orderId } = frame as { readonly orderId?: unknown }
  return typeof orderId === 'bigint' && orderId !== 0n ? orderId : undefined
}
