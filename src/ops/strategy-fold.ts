import { on } from '../frames/handlers.js'
import { Reader } from '../journal/read/reader.js'
import { lastPage } from '../journal/seek/seek.js'
import { Stall } from '../runtime/stalls/frames.js'
import { Order } from '../trading/messages/order-frames.js'
import { StallTally } from './stall-tally.js'

/** Frames between two checks of the limit. */
const BATCH = 4096

/**
 * Reads a strategy's journal from the page that is being written on: when it wrote each order, and the pauses of its process. It takes no
 * reader's slot.
 */
export class StrategyFold {
  readonly stalls = new StallTally()
  private readonly reader: Reader
  private readonly handlers = on(Stall, frame => this.stalls.add(frame)).on(Order, frame => {
    if (frame.action === 'new') this.onOrder(frame.orderId, frame.time)
  })

  /** @param onOrder gets each new order and when the strategy wrote it, ns since 1970. */
  constructor(
    directory: string,
    private readonly onOrder: (orderId: bigint, time: bigint) => void,
  ) {
    const page = lastPage(directory, undefined)
    page.mapping.close()
    this.reader = Reader.open(directory, {
      from: page.firstPosition === 0 ? 'start' : { position: page.firstPosition },
    })
  }

  /** Reads what there is now. */
  read(): void {
    const end = this.reader.position + this.reader.lag
    while (this.reader.position < end && this.reader.poll(this.handlers, BATCH) > 0);
  }

  close(): void {
    this.reader.close()
  }
}
