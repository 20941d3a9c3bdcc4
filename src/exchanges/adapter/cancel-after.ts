import { VenueMessageError, VenueRequestError } from '../errors.js'

/** How often it is set again within its time. */
const TIMES = 4

/** Lets a venue cancel all orders when this process is not heard of any more: it is set again and again while there is a connection. */
export class CancelAfter {
  private timer: NodeJS.Timeout | undefined = undefined

  /**
   * @param set asks the venue to cancel all orders in so many seconds; 0: never.
   * @param seconds 0 for never.
   */
  constructor(
    private readonly set: (seconds: number) => Promise<void>,
    private readonly seconds: number,
    private readonly onTrouble: (why: string) => void,
  ) {}

  /** From here on. */
  start(): void {
    if (this.seconds === 0 || this.timer !== undefined) return
    this.timer = setInterval(() => void this.tell(this.seconds), (this.seconds * 1000) / TIMES)
    void this.tell(this.seconds)
  }

  /** The connection is lost: the venue goes on counting. */
  stop(): void {
    clearInterval(this.timer)
    this.timer = undefined
  }

  /** An orderly end: orders stay. */
  async end(): Promise<void> {
    if (this.timer === undefined) return
    this.stop()
    await this.tell(0)
  }

  private async tell(seconds: number): Promise<void> {
    try {
      await this.set(seconds)
    } catch (error) {
      if (!(error instanceof VenueRequestError || error instanceof VenueMessageError)) throw error
      this.onTrouble(`the cancelling of all orders is not set: ${error.message}`)
    }
  }
}
