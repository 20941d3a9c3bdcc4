import { native } from '../../native/index.js'

/**
 * The time against which a writer's retention measures the age of pages: the machine's clock, but never further ahead than the time
 * that has really passed since the writer was opened. So a clock that is put forward, even for a moment, removes no page. A clock that was
 * right to be put forward is believed by the next writer.
 */
export class AgeClock {
  private readonly openedAt: bigint
  private readonly openedSteady: number

  /**
   * @param wall ns since 1970.
   * @param steady ms of a clock that nobody sets.
   */
  constructor(
    private readonly wall: () => bigint = () => native.now(),
    private readonly steady: () => number = () => performance.now(),
  ) {
    this.openedAt = wall()
    this.openedSteady = steady()
  }

  /** ns since 1970. */
  now(): bigint {
    const passed = this.openedAt + BigInt(Math.ceil((this.steady() - this.openedSteady) * 1e6))
    const wall = this.wall()
    return wall < passed ? wall : passed
  }
}
