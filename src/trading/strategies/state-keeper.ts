import type { Consumer } from '../../runtime/consumer/consumer.js'
import type { StrategyHost } from './host.js'
import { writeState } from './saved-state.js'

/** The shortest time between two states, in ms; and saving takes at most this share of the time. */
const LEAST_MS = 1_000
const SHARE = 0.05

/** Saves a strategy's state into its journal from time to time, if it has one. */
export class StateKeeper {
  private due = 0
  /** Up to where the state that was saved last had read the sequence. */
  private saved = -1
  private isReady = false

  constructor(
    private readonly host: StrategyHost,
    private readonly consumer: Consumer,
    /** ms. */
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** The strategy has started. What it now has is saved at once: a process that is killed soon needs something to go on from. */
  begin(): void {
    this.isReady = this.host.hasState
    if (this.isReady) this.write(false)
    this.due = this.now() + LEAST_MS
  }

  /** Saves, if it is time and something was handled since. To be called between two frames. */
  save(): void {
    const start = this.now()
    if (!this.isReady || start < this.due || this.consumer.reader.position === this.saved) return
    this.write(false)
    this.due = start + Math.max(LEAST_MS, (this.now() - start) / SHARE)
  }

  /** The strategy ends, and `onStop` was called. */
  saveLast(): void {
    if (this.isReady) this.write(true)
  }

  private write(final: boolean): void {
    const { consumer, host } = this
    const { position } = consumer.reader
    writeState(consumer.writer, consumer.run, position, final, host.saveState())
    this.saved = position
  }
}
