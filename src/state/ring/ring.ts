import { InvalidOptionError, InvalidStateError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { type CommitOptions } from '../../frames/commit-options.js'
import type { Fields, FrameDefinition, ValuesOf } from '../../frames/definition.js'
import { Handlers } from '../../frames/handlers.js'
import type { WriteView } from '../../frames/view.js'
import { runLoop, WAITS, type Wait } from '../../wait/run-loop.js'
import { RingWord as R } from '../file/format.js'
import { DEFAULT_MODE } from '../file/state-file.js'
import { RingConsumer } from './consumer.js'
import { RingProducer, type WhenFull } from './producer.js'
import { MAX_SLOTS, RingFile } from './ring-file.js'

export interface RingOptions {
  /** A ring has one producer and one consumer at a time. Both may end, or be killed, and come back. */
  readonly role: 'producer' | 'consumer'
  /** 64-byte slots that may be unread. Default: those of the file there is; 4,096 when nobody asks for a number. */
  readonly slots?: number
  /**
   * The producer's: what becomes of a frame when the ring is full. 'fail' (the default): `write` returns false. 'drop': the same, and
   * `dropped` counts it. 'wait': the thread is blocked until there is room, for `waitMs`; or see `writeWhenReady`. 'overwrite': the
   * oldest frames make room, and `lapped` counts them; a ring made so stays so.
   */
  readonly whenFull?: WhenFull
  /** With 'wait': the longest wait, in ms, before StateFullError. Default 10,000. */
  readonly waitMs?: number
  /** With 'wait': ends the wait of `writeWhenReady`. A blocked thread gets no event, so of a `write` it only stops the next one. */
  readonly signal?: AbortSignal
  /** The producer's: store the time in every frame, at 25 ns each. Default false: a frame's time is what `commit({ time })` gave last. */
  readonly timestamps?: boolean
  /** Permissions when the file is made. Default 0o600. */
  readonly mode?: number
}

export interface RingRunOptions {
  /** Default 'event-loop', which looks every 2 ms when there was nothing: a ring wakes nobody. */
  readonly wait?: Wait
  readonly signal?: AbortSignal
  /** Frames handled at most before the signal is looked at. Default 256. */
  readonly limit?: number
}

const DEFAULT_LIMIT = 256
const WHEN_FULL = ['fail', 'drop', 'wait', 'overwrite'] as const

/**
 * A bounded queue of frames from one process to another, without history.
 *
 *     const ring = Ring.open('/dev/shm/session.orders', { role: 'producer', slots: 4096, whenFull: 'fail' })
 *     if (!ring.write(Order, order)) reject(order)
 *
 *     const ring = Ring.open('/dev/shm/session.orders', { role: 'consumer' })
 *     ring.poll(on(Order, o => take(o)))
 *
 * Frames are those of journals, so handlers are too. A consumer that is killed while it handles frames gets those of that `poll` again
 * when it comes back; with 'overwrite' a frame is given out at most once. Each side keeps what it saw last of the other's cursor and
 * looks again only when that says full, or empty. (The technique of B-Queue and FastForward, in the form of Rigtorp's SPSCQueue.)
 */
export class Ring implements Disposable {
  private readonly producer: RingProducer | undefined
  private readonly consumer: RingConsumer | undefined
  private polling = false
  private readonly closing = new AbortController()

  /**
   * @throws {StateBusyError} when the ring has another producer, or consumer; {StateMismatchError} when it has another size, or a
   * producer with another policy; {InvalidOptionError, UnsafePathError, CorruptStateError, NoSpaceError}
   */
  static open(path: string, options: RingOptions): Ring {
    checkRingOptions(options)
    const ring = RingFile.open(path, options.slots, options.mode ?? DEFAULT_MODE)
    try {
      return new Ring(ring, options)
    } catch (error) {
      ring.close()
      throw error
    }
  }

  private constructor(
    private readonly ring: RingFile,
    private readonly options: RingOptions,
  ) {
    ring.takeRole(options.role)
    if (options.role === 'consumer') this.consumer = new RingConsumer(ring)
    else {
      const { whenFull = 'fail', waitMs = 10_000, timestamps = false, signal } = options
      this.producer = new RingProducer(ring, { whenFull, waitMs, timestamps, signal })
    }
  }

  get path(): string {
    return this.ring.path
  }

  /** 64-byte slots that may be unread. */
  get slots(): number {
    this.ring.file.throwIfClosed()
    return this.ring.slots
  }

  /** 64-byte slots that are written and not read. */
  get size(): number {
    this.ring.file.throwIfClosed()
    return this.ring.used()
  }

  /** Frames not written because there was no room, by producers with 'drop'. */
  get dropped(): number {
    return this.counted(R.DROPPED)
  }

  /** Frames overwritten before they were read. (A producer killed while it overwrites one may leave that one uncounted.) */
  get lapped(): number {
    return this.counted(R.LAPPED)
  }

  /** Whether the other side is open in a process that lives. */
  get connected(): boolean {
    this.ring.file.throwIfClosed()
    return this.ring.roleTaken(this.producer === undefined ? 'producer' : 'consumer')
  }

  /**
   * Writes a whole frame. False when the ring is full and `whenFull` is 'fail' or 'drop'.
   *
   * @throws {FieldValueError} for an unknown or missing field or a value that does not fit: nothing is written.
   * @throws {StateFullError} with 'wait' after `waitMs`, {SchemaMismatchError} when the ring knows another definition under its id.
   */
  write<F extends Fields>(definition: FrameDefinition<F>, values: ValuesOf<F>, options?: CommitOptions): boolean {
    return (this.producer ?? this.throwRole('write', 'producer')).write(definition, values, options)
  }

  /**
   * Begins a frame to fill in place, all zeros; undefined when `write` would return false. Allocates nothing.
   *
   * @throws as `write`.
   */
  begin<F extends Fields>(definition: FrameDefinition<F>): WriteView<F> | undefined {
    return (this.producer ?? this.throwRole('begin', 'producer')).begin(definition)
  }

  /** Commits the frame begun, and publishes it unless in a batch. */
  commit(options?: CommitOptions): void {
    ;(this.producer ?? this.throwRole('commit', 'producer')).commit(options)
  }

  /** Gives up the frame begun, as if it had never been. */
  abort(): void {
    ;(this.producer ?? this.throwRole('abort', 'producer')).abort()
  }

  /** Publishes at once what `body` writes; when the ring is smaller than that, in as few steps as it takes. */
  batch<T>(body: () => T): T {
    return (this.producer ?? this.throwRole('batch', 'producer')).batch(body)
  }

  /**
   * Writes a frame as soon as there is room, whatever `whenFull` says, and lets the event loop go on meanwhile. Wait for one before the
   * next: frames written in between come first.
   *
   * @throws as `write`, and the signal's reason when it aborts first: nothing is written then.
   */
  async writeWhenReady<F extends Fields>(
    definition: FrameDefinition<F>,
    values: ValuesOf<F>,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    checkOptions('writeWhenReady', options, { signal: kinds.signal })
    const producer = this.producer ?? this.throwRole('writeWhenReady', 'producer')
    const signal = options.signal ?? this.options.signal
    const slots = producer.slotsOf(definition)
    for (let turn = 0; ; turn++) {
      signal?.throwIfAborted()
      this.ring.file.throwIfClosed()
      if (producer.hasRoom(slots) && producer.write(definition, values)) return
      await new Promise<void>(resolve => (turn < EAGER_TURNS ? setImmediate(resolve) : setTimeout(resolve, 1)))
    }
  }

  /**
   * Handles the frames there are, at most `limit`, without waiting. Returns how many, those without a handler included. A frame counts
   * as read before its handler runs: what a handler throws comes out of here, and the next call goes on after that frame.
   *
   * @throws {SchemaMismatchError} when a handler's definition is not the producer's, {CorruptStateError}.
   */
  poll(handlers: Handlers, limit: number = DEFAULT_LIMIT): number {
    const consumer = this.consumer ?? this.throwRole('poll', 'consumer')
    if (this.polling) this.throwPolling()
    if (!(handlers instanceof Handlers) || !(limit >= 1)) this.refusePoll(handlers, limit)
    this.ring.file.throwIfClosed()
    this.polling = true
    try {
      return consumer.poll(handlers, limit)
    } finally {
      this.polling = false
    }
  }

  /** Polls until the signal aborts or the ring is closed. Resolves to the number of frames read; rejects with what a handler throws. */
  async run(handlers: Handlers, options: RingRunOptions = {}): Promise<number> {
    checkOptions('run', options, {
      wait: kinds.oneOf(...WAITS),
      signal: kinds.signal,
      limit: kinds.integer(1, 2 ** 31),
    })
    const consumer = this.consumer ?? this.throwRole('run', 'consumer')
    this.ring.file.throwIfClosed()
    const { file } = this.ring
    const pollable = {
      poll: (limit: number) => this.poll(handlers, limit),
      hasNews: () => !file.isClosed && consumer.hasNews(),
      controls: [undefined],
      closing: this.closing.signal,
      get closed() {
        return file.isClosed
      },
    }
    return runLoop(
      pollable,
      options.wait ?? 'event-loop',
      options.signal ?? this.options.signal,
      options.limit ?? DEFAULT_LIMIT,
    )
  }

  /** Gives the role up; what is unread stays for the next consumer. Any number of times. */
  close(): void {
    if (this.ring.file.isClosed) return
    this.producer?.close()
    this.consumer?.close()
    this.ring.close()
    this.closing.abort()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  private counted(offset: number): number {
    this.ring.file.throwIfClosed()
    return this.ring.counted(offset)
  }

  private throwRole(what: string, role: string): never {
    throw new InvalidStateError(`${this.path}: ${what}() is the ${role}'s, this one is open as ${this.options.role}`, {
      path: this.path,
    })
  }

  private throwPolling(): never {
    throw new InvalidStateError(`${this.path}: poll() from inside a handler of the same ring`, { path: this.path })
  }

  private refusePoll(handlers: unknown, limit: number): never {
    if (!(limit >= 1))
      throw new InvalidOptionError(`poll() takes a limit of at least 1 frame, not ${formatValue(limit)}`)
    throw new InvalidOptionError(`handlers are made by on(Definition, frame => ...), not ${formatValue(handlers)}`)
  }
}

/** Turns of the event loop before a write that waits sleeps a ms between looks. */
const EAGER_TURNS = 100

function checkRingOptions(options: RingOptions): void {
  checkOptions('Ring.open', options, {
    role: kinds.oneOf('producer', 'consumer'),
    slots: kinds.integer(1, MAX_SLOTS),
    whenFull: kinds.oneOf(...WHEN_FULL),
    waitMs: kinds.number(0, Number.POSITIVE_INFINITY),
    signal: kinds.signal,
    timestamps: kinds.boolean,
    mode: kinds.integer(0, 0o777),
  })
  if (options.role === undefined) throw new InvalidOptionError("Ring.open takes a role: 'producer' or 'consumer'")
}
