import { InvalidStateError } from '../../base/errors.js'
import { ageOf } from '../../frames/age.js'
import type { CommitOptions, OwnCommit } from '../../frames/commit-options.js'
import type { Fields, FrameDefinition } from '../../frames/definition.js'
import { FrameRecorder } from '../../frames/frame-recorder.js'
import { Handlers } from '../../frames/handlers.js'
import type { FrameView, WriteView } from '../../frames/view.js'
import { JournalReplacedError } from '../../journal/errors.js'
import type { Start } from '../../journal/read/options.js'
import { Reader } from '../../journal/read/reader.js'
import type { WriterOptions } from '../../journal/write/options.js'
import { Writer } from '../../journal/write/writer.js'
import { Pulse } from '../../state/heartbeats/pulse.js'
import type { Wait } from '../../wait/run-loop.js'
import { retryWhileLocked } from '../opening/retry-while-locked.js'
import { findLast } from './find-last.js'
import { identityOf } from './identity.js'
import { LatencyHistogram } from './latency.js'
import { Lifecycle, Progress } from './lifecycle.js'

export interface ConsumerOptions {
  /** Its name as a reader of the input, and in its Lifecycle frames. */
  readonly name: string
  /** The journal it reads. */
  readonly input: string
  /** The input's `identityOf`, when the output must be of the same session. */
  readonly inputIdentity?: string
  /** The journal it writes; created if it does not exist. */
  readonly output: string
  readonly writer: WriterOptions
  /** Where a consumer begins that has never run. */
  readonly from: Start
  /** The number of this run, larger than that of any run before. Default: one more than the last. */
  readonly run?: number
  /** Where it tells that it lives, with every frame. Default: nowhere. */
  readonly pulse?: Pulse
  /** Opens the output. Default: Writer.open. */
  readonly openWriter?: (directory: string, options: WriterOptions) => Writer
  /** Whether the machine's clock is the clock of the frames: then their ages are measured. Default true. */
  readonly isTimed?: boolean
}

/** Slots of the frame that says how a process ended: published with its last outputs. */
const RESERVED_SLOTS = Lifecycle.slots

/**
 * Reads one journal and writes another, so that each input frame has its effect exactly once, whenever the process is
 * killed:
 *
 * - all outputs of an input frame are published in one store, and each has that frame as its cause;
 * - only after that, the position after the input frame is stored as the reader's position;
 * - a start continues at that position or after the cause of the last output, whichever is later. So a kill between the two steps
 *   repeats nothing, and a kill before them loses nothing.
 */
export class Consumer {
  private readonly handlers = new Handlers()
  private readonly latencies = new LatencyHistogram()
  private handled = 0
  private sent = 0
  private mayWrite = false
  /** The outputs of the current input frame, until its handler has returned. */
  private readonly outputs: FrameRecorder

  /** @throws what Writer.open and Reader.open throw; waits some seconds for an earlier process of that name to end. */
  static async open(options: ConsumerOptions, signal?: AbortSignal): Promise<Consumer> {
    const { name, input, output } = options
    const { openWriter = (where, how) => Writer.open(where, how) } = options
    checkSession(options)
    const writer = await retryWhileLocked(() =>
      openWriter(output, { ...options.writer, frames: [...(options.writer.frames ?? []), Lifecycle, Progress] }),
    )
    let reader: Reader | undefined
    try {
      ;(await Reader.whenReady(input, { signal })).close()
      reader = await retryWhileLocked(() => Reader.open(input, { from: { name, start: options.from } }))
      // Both were opened by their paths. Before anything is written, check again that they belong to the right session.
      checkSession(options)
      resume(output, reader)
      const consumer = new Consumer(
        name,
        reader,
        writer,
        options.run ?? lastRun(output) + 1,
        options.pulse ?? Pulse.unseen(),
        options.isTimed ?? true,
      )
      consumer.writeLifecycle('started')
      return consumer
    } catch (error) {
      reader?.close()
      writer.close()
      throw error
    }
  }

  private constructor(
    readonly name: string,
    readonly reader: Reader,
    readonly writer: Writer,
    /** The number of its run: it grows with each start. */
    readonly run: number,
    private readonly pulse: Pulse,
    private readonly isTimed: boolean,
  ) {
    this.outputs = new FrameRecorder(isTimed)
    this.handlers.otherwise(() => {
      this.handled++
    })
  }

  /** Sets the handler for input frames of one type. Call it before `follow`. */
  on<F extends Fields>(definition: FrameDefinition<F>, handle: (frame: FrameView<F>) => void): this {
    this.handlers.on(definition, frame => {
      this.handled++
      if (this.isTimed) this.latencies.record(ageOf(frame))
      this.mayWrite = true
      try {
        handle(frame)
      } finally {
        this.mayWrite = false
        if (!this.outputs.isEmpty) this.publish()
        this.reader.checkpoint(true)
        this.pulse.beat(this.reader.position)
      }
    })
    return this
  }

  /**
   * Begins an output of the current input frame: returns a view to fill. Outputs are published together, in one store, when
   * that frame's handler has returned.
   *
   * @throws {InvalidStateError} outside of handlers, and for more outputs than fit on a page.
   */
  begin<F extends Fields>(definition: FrameDefinition<F>): WriteView<F> {
    const { outputs, name } = this
    if (!this.mayWrite)
      throw new InvalidStateError(`${name} can write only while it handles a frame; what is sent later has no cause`)
    if (outputs.slots + definition.slots + RESERVED_SLOTS > this.writer.pageSlots) {
      throw new InvalidStateError(
        `${name} sends more for one input frame than a page of its journal holds (${this.writer.pageSlots} slots); it could not all appear at once`,
      )
    }
    return outputs.begin(definition)
  }

  commit(options?: CommitOptions | OwnCommit): number {
    return this.outputs.commit(options)
  }

  /** Runs a body that may write without an input frame: what it writes is published together. */
  writeTogether(body: () => void): void {
    this.mayWrite = true
    try {
      body()
    } finally {
      this.mayWrite = false
      this.publish()
    }
  }

  /**
   * Handles frames until the signal aborts. Rejects with the error of a handler; that frame counts as handled, and its
   * outputs remain.
   */
  async follow(wait: Wait, signal: AbortSignal): Promise<void> {
    await this.reader.run(this.handlers, { wait, signal })
  }

  /** Handles so many frames at most. Returns how many there were. */
  poll(limit: number): number {
    return this.reader.poll(this.handlers, limit)
  }

  /** Handles all frames before a position. They must be there. */
  drain(position: number): void {
    while (this.reader.position < position && this.reader.poll(this.handlers, 1) > 0);
  }

  /** Its current progress. */
  get progress() {
    const { handled: read, sent, latencies, reader } = this
    return {
      position: reader.position,
      lag: reader.lag,
      read,
      sent,
      p50: latencies.quantile(0.5),
      p99: latencies.quantile(0.99),
      p999: latencies.quantile(0.999),
    }
  }

  /** Tells in shared memory that it lives, and how far it has come. Call it between frames, several times a second. */
  tell(): void {
    this.pulse.tell(this.progress)
  }

  /** Writes its progress into its journal, for the audit. */
  private writeProgress(): void {
    const { position } = this.reader
    this.writer.write(Progress, {
      next: BigInt(position),
      read: BigInt(this.handled),
      run: this.run,
      latencies: this.latencies.bytes,
    })
  }

  /**
   * Publishes the end event together with the outputs of `finalOrders` in one store, then closes. @throws what
   * `finalOrders` throws.
   */
  end(event: 'stopped' | 'failed', finalOrders: () => void): void {
    let outcome = event
    try {
      this.writeProgress()
      this.mayWrite = true
      try {
        finalOrders()
      } catch (error) {
        outcome = 'failed'
        throw error
      } finally {
        this.mayWrite = false
        this.publish(() => this.writeLifecycle(outcome))
      }
    } finally {
      this.close()
    }
  }

  close(): void {
    this.reader.close()
    this.writer.close()
  }

  /** Publishes all outputs in one store, and what `last` writes with them. */
  private publish(last?: () => void): void {
    const { outputs, writer } = this
    writer.cork(outputs.slots + RESERVED_SLOTS)
    try {
      for (let frame = outputs.peek(); frame !== undefined; frame = outputs.peek()) {
        writer.copy(outputs.definitionOfFirst() as FrameDefinition, frame)
        outputs.shift()
        this.sent++
      }
      last?.()
    } finally {
      writer.uncork()
    }
  }

  private writeLifecycle(event: 'started' | 'stopped' | 'failed'): void {
    const { name, run } = this
    this.writer.write(Lifecycle, {
      process: name,
      next: BigInt(this.reader.position),
      read: BigInt(this.handled),
      pid: process.pid,
      run,
      event,
    })
  }
}

/** @throws {JournalReplacedError} when another journal is now at the input's path. */
function checkSession({ input, inputIdentity }: ConsumerOptions): void {
  if (inputIdentity === undefined || identityOf(input) === inputIdentity) return
  throw new JournalReplacedError(
    `the journal ${input} was removed, moved or replaced by a new one; this process belongs to the earlier one`,
    {
      path: input,
    },
  )
}

/** Moves the reader to the position where the next start continues. */
function resume(output: string, reader: Reader): void {
  const last = lastHandled(output)
  if (last !== undefined && reader.position <= last.position) moveAfter(reader, last)
}

/** What an output journal shows of the input: the position of a frame that was handled, or of the one to be handled next. */
export interface LastHandled {
  readonly position: number
  readonly isHandled: boolean
}

/** How far a consumer had come, by its outputs and its last start or end. */
function lastHandled(output: string): LastHandled | undefined {
  return findLast(output, frame => {
    if (frame.is(Lifecycle)) return { position: Number(frame.next), isHandled: false }
    return frame.cause === undefined ? undefined : { position: frame.cause, isHandled: true }
  })
}

/** The number of a consumer's last start; 0 before the first. */
export function lastRun(output: string): number {
  return findLast(output, frame => (frame.is(Lifecycle) || frame.is(Progress) ? frame.run : undefined)) ?? 0
}

/** Moves a reader of the input to where a consumer continues. */
export function moveAfter(reader: Reader, { position, isHandled }: LastHandled): void {
  reader.seek({ position })
  if (isHandled)
    reader.poll(
      new Handlers().otherwise(() => {}),
      1,
    )
}
