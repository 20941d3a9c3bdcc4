import { Consumer } from '../../runtime/consumer/consumer.js'
import { endEpoch, recordEvent, startEpoch } from '../gateway/epochs.js'
import { type RunningStrategy, type StrategyEnvironment, writerOptions } from '../gateway/running-strategy.js'
import { STRATEGY_JOURNAL_FRAMES } from '../sequence/frames.js'
import { SEQUENCE } from '../sequence/home.js'
import { StrategyHost } from '../strategies/host.js'
import { passFrames, startHost } from '../strategies/pass-frames.js'
import { StateKeeper } from '../strategies/state-keeper.js'
import type { StrategyDefinition } from '../strategies/strategy.js'

/**
 * A strategy of a virtual desk: does in this process what `strategies/process.ts` does in one of its own, with the same
 * consumer, host and journal. It can be killed at any moment, and started again from its journals.
 */
export class VirtualStrategy {
  private consumer: Consumer | undefined = undefined
  private host: StrategyHost | undefined = undefined
  private states: StateKeeper | undefined = undefined
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
    return this.consumer !== undefined
  }

  /** The position in the sequence of the next frame that it handles. */
  get position(): number {
    return this.consumer?.reader.position ?? 0
  }

  /** Starts its next epoch. @throws what loading its module and its `onStart` throw. */
  async start(environment: StrategyEnvironment): Promise<void> {
    const { running, id } = this
    const { home, surroundings } = environment
    const definition = await this.load()
    endEpoch(environment, running)
    const seed = startEpoch(environment, running)
    const { number, epoch } = running.known
    const consumer = await Consumer.open({
      name: id,
      input: home.sequence,
      output: home.strategy(id),
      writer: { ...writerOptions(environment.options, number), frames: STRATEGY_JOURNAL_FRAMES },
      from: running.info.from,
      run: epoch,
      openWriter: surroundings.openWriter,
      isTimed: false,
    })
    this.consumer = consumer
    const life = { strategy: number, epoch, seed, replay: false, sequence: SEQUENCE, accounts: environment.accounts }
    const host = new StrategyHost(definition, life, {
      begin: frame => consumer.begin(frame),
      commit: options => {
        this.hasSent = true
        return consumer.commit(options)
      },
      log: text => this.log(id, text),
    })
    passFrames(consumer, host)
    const states = new StateKeeper(host, consumer, () => environment.sequence.time.now() / 1e6)
    try {
      startHost(consumer, host)
      states.begin()
    } catch (error) {
      this.end('failed')
      throw error
    }
    this.host = host
    this.states = states
    // It is back: the dead-man switch lets its orders be.
    recordEvent(environment, running, 'ready')
  }

  /** Handles so many frames at most. Returns how many there were. @throws what a handler throws: it has failed then. */
  poll(limit: number): number {
    const { consumer } = this
    if (consumer === undefined) return 0
    try {
      const handled = consumer.poll(limit)
      this.states?.save()
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
    const { consumer } = this
    if (consumer === undefined) return
    if (stored !== undefined) consumer.reader.seek({ position: stored })
    this.consumer = undefined
    this.host = undefined
    this.states = undefined
    consumer.close()
  }

  private end(event: 'stopped' | 'failed'): void {
    const { consumer, host, states } = this
    this.consumer = undefined
    this.host = undefined
    this.states = undefined
    consumer?.end(event, () => {
      if (event !== 'stopped') return
      host?.stop()
      states?.saveLast()
    })
  }
}

const STOP_FRAMES = 4096
