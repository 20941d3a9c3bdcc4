import type { OkxRest } from './okx-rest.js'

const PATH = '/api/v5/trade/cancel-all-after'
/** How often it is set again within its time. */
const TIMES = 4

/** Lets OKX cancel all orders when this process is not heard of any more: it is set again and again while there is a connection. */
export class CancelAfter {
  private timer: NodeJS.Timeout | undefined = undefined

  /** @param seconds 0 for never. */
  constructor(
    private readonly rest: OkxRest,
    private readonly seconds: number,
    private readonly onTrouble: (why: string) => void,
  ) {}

  /** From here on. */
  start(): void {
    if (this.seconds === 0 || this.timer !== undefined) return
    this.timer = setInterval(() => void this.set(this.seconds), (this.seconds * 1000) / TIMES)
    void this.set(this.seconds)
  }

  /** The connection is lost: OKX goes on counting. */
  stop(): void {
    clearInterval(this.timer)
    this.timer = undefined
  }

  /** An orderly end: orders stay. */
  async end(): Promise<void> {
    if (this.timer === undefined) return
    this.stop()
    await this.set(0)
  }

  private async set(seconds: number): Promise<void> {
    try {
      const { code, msg } = (await this.rest.post(PATH, { timeOut: String(seconds) })) ?? {}
      if (code !== '0') this.onTrouble(`cancel-all-after was refused: ${String(code)} ${String(msg)}`)
    } catch (error) {
      this.onTrouble(`cancel-all-after is not set: ${(error as Error).message}`)
    }
  }
}
