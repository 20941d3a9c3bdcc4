import { endEpoch, recordEvent, startEpoch } from '../gateway/epochs.js'
import { type RunningStrategy, type StrategyEnvironment, writerOptions } from '../gateway/running-strategy.js'
import type { StrategyDefinition } from '../strategies/strategy.js'
import { StrategyEpoch } from '../strategies/strategy-epoch.js'

/**
 * A strategy of a virtual desk: does in this process what `strategies/process.ts` does in one of its own. It can be killed at
 * any moment, and started again from its journals.
 */
export class VirtualStrategy {
  private epoch: StrategyEpoch | undefined = undefined
  private hasSent = false

  private entered: RunningStrategy | undefined = undefined

  constructor(
    private readonly load: () => Promise<StrategyDefinition>,
    private readonly log: (id: string, text: string) => void,
  ) {}

  /** What a gateway knows of it; a new gateway makes another. */
  get running(): RunningStrategy {
    if (this.entered === undefined) throw new TypeError('no gateway has started yet')
    return this.entered
  }

  enter(running: RunningStrategy): void {
    this.entered = running
  }

  get id(): string {
    return this.running.info.id
  }

  get isUp(): boolean {
    return this.epoch !== undefined
  }

  /** The position in the sequence of the next frame that it handles. */
  get position(): number {
    return this.epoch?.position ?? 0
  }

  /** Starts its next epoch. @throws what loading its module and its `onStart` throw. */
  async start(environment: StrategyEnvironment): Promise<void> {
    const { running, id } = this
    const { home, surroundings } = environment
    const definition = await this.load()
    endEpoch(environment, running)
    const seed = startEpoch(environment, running)
    const { number, epoch } = running.known
    const { accounts } = environment
    const config = {
      id,
      strategy: number,
      epoch,
      seed,
      accounts,
      input: home.sequence,
      output: home.strategy(id),
      writer: writerOptions(environment.options, number),
    }
    this.epoch = await StrategyEpoch.open(definition, config, {
      openWriter: surroundings.openWriter,
      isTimed: false,
      log: text => this.log(id, text),
      now: () => environment.sequence.time.now() / 1e6,
      onSent: () => {
        this.hasSent = true
      },
    })
    try {
      this.epoch.start()
    } catch (error) {
      this.end('failed')
      throw error
    }
    // It is back: the dead-man switch lets its orders be.
    recordEvent(environment, running, 'ready')
  }

  /** Handles so many frames at most. Returns how many there were. @throws what a handler throws: it has failed then. */
  poll(limit: number): number {
    const { epoch } = this
    if (epoch === undefined) return 0
    try {
      const handled = epoch.poll(limit)
      epoch.saveState()
      return handled
    } catch (error) {
      this.end('failed')
      throw error
    }
  }

  /** Whether it has sent something since this was asked last. */
  takeSent(): boolean {
    const { hasSent } = this
    this.hasSent = false
    return hasSent
  }

  /** Stops it in order: it handles what there is, then `onStop` is called. */
  stop(): void {
    while (this.poll(STOP_FRAMES) > 0);
    this.end('stopped')
  }

  /**
   * Ends it as SIGKILL does: what it had published stays.
   *
   * @param stored the position up to which it had stored that it has read: it may be killed after it has published and
   *   before it has stored that. Default: where it is.
   */
  kill(stored?: number): void {
    const { epoch } = this
    if (epoch === undefined) return
    if (stored !== undefined) epoch.consumer.reader.seek({ position: stored })
    this.epoch = undefined
    epoch.close()
  }

  private end(event: 'stopped' | 'failed'): void {
    const { epoch } = this
    this.epoch = undefined
    epoch?.end(event)
  }
}

const STOP_FRAMES = 4096
