import { busy } from '../errors.js'

/** Tasks that run at once, and how many wait at most. */
const AT_ONCE = 2
const MOST_WAITING = 64

/** Lets a few long tasks run at once, and some more wait: what one client asks for does not stop the others. */
export class Turns {
  private running = 0
  private readonly waiting: (() => void)[] = []

  constructor(private readonly what: string) {}

  /** @throws {RequestError} when too many wait already. */
  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.running >= AT_ONCE) {
      if (this.waiting.length >= MOST_WAITING) throw busy(`too many ${this.what} are being read; ask again in a second`)
      await new Promise<void>(resolve => this.waiting.push(resolve))
    }
    this.running++
    try {
      return await task()
    } finally {
      this.running--
      this.waiting.shift()?.()
    }
  }
}
