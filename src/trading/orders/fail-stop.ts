/**
 * Runs the steps of a gateway, for both its parts: the feed and the order desk. A step calls the venue and writes the
 * reports to the journal.
 *
 * After the first step that fails, no other step is run. The venue may then have state that the journal lacks: an order
 * that rests without a report would be filled by a later quote, and again after a restart, which restores the state
 * from the journal. So the gateway must stop.
 */
export class FailStop {
  /** Rejects with the first failure. */
  readonly failed: Promise<never>
  private readonly failing = new AbortController()
  private reject: (error: unknown) => void = () => {}

  constructor() {
    this.failed = new Promise<never>((_, reject) => {
      this.reject = reject
    })
    // `run` and `watch` throw the same error, so the rejection may stay unhandled here.
    this.failed.catch(() => {})
  }

  /** Aborts at the first failure, with its error as the reason. */
  get signal(): AbortSignal {
    return this.failing.signal
  }

  /** Runs a step. @throws the step's error; after a failure, the error of the first step that failed. */
  run(step: () => void): void {
    this.failing.signal.throwIfAborted()
    try {
      step()
    } catch (error) {
      this.fail(error)
      throw error
    }
  }

  /**
   * Resolves when a part has ended because `stopped` aborted. If it ends with an error before that, it has failed, and
   * the other part stops too.
   */
  async watch(part: Promise<void>, stopped: AbortSignal): Promise<void> {
    try {
      await part
    } catch (error) {
      if (!stopped.aborted) this.fail(error)
    }
    this.failing.signal.throwIfAborted()
  }

  private fail(error: unknown): void {
    this.reject(error)
    this.failing.abort(error)
  }
}
