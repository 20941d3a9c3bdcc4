/**
 * The steps of a gateway, of both its halves, the feed and the order desk: each tells the venue something and writes down what came of it.
 *
 * The first step that fails is the last of both. The venue may know by then what the journal does not say: an order that rests without a
 * report would be filled by a later quote, and once more after a restart, which goes by the journal. So nothing may follow from it.
 */
export class FailStop {
  /** Rejects with what went wrong first. */
  readonly failed: Promise<never>
  private readonly failing = new AbortController()
  private reject: (error: unknown) => void = () => {}

  constructor() {
    this.failed = new Promise<never>((_, reject) => {
      this.reject = reject
    })
    // Whoever takes no step more has been told by the last one.
    this.failed.catch(() => {})
  }

  /** Aborts with the first failure, at once. */
  get signal(): AbortSignal {
    return this.failing.signal
  }

  /** Takes a step. @throws what it throws; what the first one threw, once one has failed. */
  run(step: () => void): void {
    this.failing.signal.throwIfAborted()
    try {
      step()
    } catch (error) {
      this.fail(error)
      throw error
    }
  }

  /** Resolves when a half has ended as it was told to. One that ends with an error untold has failed, and stops the other. */
  async watch(half: Promise<void>, stopped: AbortSignal): Promise<void> {
    try {
      await half
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
