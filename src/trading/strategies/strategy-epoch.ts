import { TicktapeError } from '../../base/errors.js'
import type { Start } from '../../journal/read/options.js'
import type { WriterOptions } from '../../journal/write/options.js'
import { Consumer, type ConsumerOptions } from '../../runtime/consumer/consumer.js'
import { STRATEGY_JOURNAL_FRAMES } from '../sequence/frames.js'
import { SEQUENCE } from '../sequence/home.js'
import { IdentityKeeper } from '../sequence/identity-keeper.js'
import { firstKnown } from '../snapshots/find.js'
import type { EpochStart } from './epoch-start.js'
import { StrategyHost } from './host.js'
import { passFrames, startHost } from './pass-frames.js'
import { StateKeeper } from './state-keeper.js'
import type { StrategyDefinition } from './strategy.js'

/** What an epoch of a strategy is opened with. */
export interface EpochConfig extends Pick<EpochStart, 'strategy' | 'epoch' | 'seed' | 'accounts'> {
  readonly id: string
  /** The sequence and the strategy's journal. */
  readonly input: string
  readonly output: string
  /**
   * The identity of the gateway's journal, which the gateway has open. A new home at the same path has another one.
   */
  readonly inputIdentity?: string
  readonly writer: WriterOptions
}

/** What is around an epoch: where it runs. */
export interface EpochSurroundings extends Pick<ConsumerOptions, 'pulse' | 'openWriter' | 'isTimed'> {
  /** Takes what the strategy logs. */
  readonly log: (text: string) => void
  /** ms, for the times between two saved states. Default: performance.now(). */
  readonly now?: () => number
  /** Called when the strategy sends something. */
  readonly onSent?: () => void
}

/**
 * One epoch of a strategy in this process: reads the sequence, calls the handlers, and writes what they send into the strategy's
 * journal. It is the same in a process of its own, inside a gateway, and on a virtual desk.
 */
export class StrategyEpoch {
  private readonly host: StrategyHost
  private readonly states: StateKeeper
  private readonly identity: IdentityKeeper

  /** @param signal ends the wait for the sequence. @throws as `Consumer.open`. */
  static async open(
    definition: StrategyDefinition,
    config: EpochConfig,
    surroundings: EpochSurroundings,
    signal?: AbortSignal,
  ): Promise<StrategyEpoch> {
    const { id, input, inputIdentity, output, writer, epoch } = config
    const { pulse, openWriter, isTimed } = surroundings
    const consumer = await Consumer.open(
      {
        name: id,
        input,
        inputIdentity,
        output,
        writer: { ...writer, frames: STRATEGY_JOURNAL_FRAMES },
        from: firstStart(definition.from, input),
        run: epoch,
        pulse,
        openWriter,
        isTimed,
      },
      signal,
    )
    try {
      return new StrategyEpoch(definition, consumer, config, surroundings)
    } catch (error) {
      consumer.close()
      throw error
    }
  }

  private constructor(
    definition: StrategyDefinition,
    readonly consumer: Consumer,
    config: EpochConfig,
    { log, now, onSent }: EpochSurroundings,
  ) {
    this.host = new StrategyHost(
      definition,
      { ...config, replay: false, sequence: SEQUENCE },
      {
        begin: frame => consumer.begin(frame),
        commit:
          onSent === undefined
            ? options => consumer.commit(options)
            : options => {
                onSent()
                return consumer.commit(options)
              },
        log,
      },
    )
    passFrames(consumer, this.host)
    this.states = new StateKeeper(this.host, consumer, now)
    this.identity = new IdentityKeeper(consumer.writer)
  }

  /** The position in the sequence of the next frame that it handles. */
  get position(): number {
    return this.consumer.reader.position
  }

  /**
   * Passes the strategy what happened before, and calls its `onStart`. When this throws, `end('failed')` is still to be called.
   *
   * @param onProgress is called from time to time meanwhile, with its position.
   */
  start(onProgress?: (position: number) => void): void {
    startHost(this.consumer, this.host, onProgress)
    this.states.begin()
  }

  /** Handles so many frames at most. Returns how many. @throws what a handler throws: that frame counts as handled. */
  poll(limit: number): number {
    return this.consumer.poll(limit)
  }

  /** Tells that it lives, and saves its state when it is time. To be called between two frames, several times a second. */
  keep(): void {
    this.consumer.tell()
    this.identity.keep()
    this.states.save()
  }

  /** Saves its state when it is time. @throws what `save` of the strategy throws. */
  saveState(): void {
    this.states.save()
  }

  /** Ends it, and says so in its journal. One that has stopped in order gets its `onStop` before. @throws what that throws. */
  end(event: 'stopped' | 'failed'): void {
    const { consumer, host, states } = this
    consumer.tell()
    consumer.end(event, () => {
      if (event !== 'stopped') return
      host.stop()
      states.saveLast()
    })
  }

  /** Closes its journals as the end of its process does: what it had published stays, and its end is not on record. */
  close(): void {
    this.consumer.close()
  }
}

/** Where a strategy begins that has never run. Without the first pages, where it is known what was before. */
function firstStart(from: 'start' | 'end' | undefined, sequence: string): Start {
  if (from === 'end') return 'end'
  const first = firstKnown(sequence)?.position ?? 0
  return first === 0 ? 'start' : { position: first }
}

/** What to print of an error of a strategy: the message of a library error is sufficient, of its own error the stack is needed. */
export function failureText(error: unknown): string {
  if (error instanceof TicktapeError) return `${error.code}: ${error.message}`
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
