import { InvalidOptionError, InvalidStateError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { type CommitOptions } from '../../frames/commit-options.js'
import type { Fields, FrameDefinition, ValuesOf } from '../../frames/definition.js'
import { Handlers } from '../../frames/handlers.js'
import type { WriteView } from '../../frames/view.js'
import { runLoop, WAITS, type Wait } from '../../wait/run-loop.js'
import { RingWord as R } from '../file/format.js'
import { closeWhenReplaced, isAtItsPath } from '../file/replacement-watch.js'
import { DEFAULT_MODE } from '../file/state-file.js'
import { RingConsumer } from './consumer.js'
import { RingProducer, type WhenFull } from './producer.js'
import { MAX_SLOTS, RingFile } from './ring-file.js'

export interface RingOptions {
  /** A ring has one producer and one consumer at a time. Either may end, or be killed, and open the ring again. */
  readonly role: 'producer' | 'consumer'
  /** 64-byte slots that may be unread. Default: the number of the existing file; 4,096 when no process names one. */
  readonly slots?: number
  /**
   * For the producer: what happens to a frame when the ring is full. 'fail' (the default): `write` returns false.
   * 'drop': the same, and `dropped` counts the frame. 'wait': the thread is blocked until there is room, for `waitMs`
   * at most; see also `writeWhenReady`. 'overwrite': the oldest frames are overwritten, and `lapped` counts them. A
   * ring whose first producer overwrites always overwrites.
   */
  readonly whenFull?: WhenFull
  /** With 'wait': the longest wait, in ms, before StateFullError. Default 10,000. */
  readonly waitMs?: number
  /**
   * With 'wait': ends the wait of `writeWhenReady`. A blocked thread gets no event, so a waiting `write` ends only at
   * `waitMs`.
   */
  readonly signal?: AbortSignal
  /**
   * For the producer: store the time in every frame, at 25 ns each. Default false: frames have the last time given to
   * `commit({ time })`.
   */
  readonly timestamps?: boolean
  /** Permissions when the file is created. Default 0o600. */
  readonly mode?: number
}

export interface RingRunOptions {
  /** Default 'event-loop', which checks every 2 ms when there was no frame: a ring does not wake its consumer. */
  readonly wait?: Wait
  readonly signal?: AbortSignal
  /** The most frames to handle between two checks of the signal. Default 256. */
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
 *     ring.poll(on(Order, o => handle(o)))
 *
 * Frames and handlers are the same as those of journals. A consumer that is killed while it handles frames gets the
 * frames of that `poll` again when it is restarted; with 'overwrite' each frame is handled at most once. Each side
 * keeps the last value it loaded of the other's cursor, and loads it again only when the ring seems full, or empty.
 * (The technique of B-Queue and FastForward, in the form of Rigtorp's SPSCQueue.)
 */
export class Ring implements Disposable {
  private readonly producer: RingProducer | undefined
  private readonly consumer: RingConsumer | undefined
  private polling = false
  private readonly closing = new AbortController()

  /**
   * @throws {StateBusyError} when the ring has another producer, or consumer; {StateMismatchError} when it has another
   * size, or a producer with another policy; {InvalidOptionError, UnsafePathError, CorruptStateError, NoSpaceError}
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
    ring.acquireRole(options.role)
    if (options.role === 'consumer') this.consumer = new RingConsumer(ring)
    else {
      const { whenFull = 'fail', waitMs = 10_000, timestamps = false, signal } = options
      this.producer = new RingProducer(ring, { whenFull, waitMs, timestamps, signal })
    }
    closeWhenReplaced(ring.file, this)
  }

  get path(): string {
    return this.ring.path
  }

  /** @internal */
  get isClosed(): boolean {
    return this.ring.file.isClosed
  }

  /** @internal */
  get isAtItsPath(): boolean {
    return isAtItsPath(this.ring.file)
  }

  /** 64-byte slots that may be unread. */
  get slots(): number {
    this.ring.file.throwIfClosed()
    return this.ring.slots
  }

  /** 64-byte slots that are published and not read. */
  get size(): number {
    this.ring.file.throwIfClosed()
    return this.ring.used()
  }

  /** Frames not written because there was no room, by producers with 'drop'. */
  get dropped(): number {
    return this.counted(R.DROPPED)
  }

  /**
   * Frames overwritten before they were read. (A producer killed while it overwrites one may leave that one uncounted.)
   */
  get lapped(): number {
    return this.counted(R.LAPPED)
  }

  /** Whether the other side is open in a live process. */
  get connected(): boolean {
    this.ring.file.throwIfClosed()
    return this.ring.isRoleHeld(this.producer === undefined ? 'producer' : 'consumer')
  }

  /**
   * Writes a complete frame. Returns false when the ring is full and `whenFull` is 'fail' or 'drop'.
   *
   * @throws {FieldValueError} for an unknown or missing field or a value that does not fit: nothing is written.
   * @throws {StateFullError} with 'wait' after `waitMs`, {SchemaMismatchError} when the ring knows another definition
   * under its id.
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

  /** Commits the frame that was begun, and publishes it unless in a batch. */
  commit(options?: CommitOptions): void {
    ;(this.producer ?? this.throwRole('commit', 'producer')).commit(options)
  }

  /** Gives up the frame that was begun. */
  abort(): void {
    ;(this.producer ?? this.throwRole('abort', 'producer')).abort()
  }

  /** Publishes the frames that `body` writes in one store; when they do not fit the ring, in several. */
  batch<T>(body: () => T): T {
    return (this.producer ?? this.throwRole('batch', 'producer')).batch(body)
  }

  /**
   * Writes a frame as soon as there is room, whatever `whenFull` says. The event loop continues meanwhile. Await each
   * call before the next one: frames written in between come first.
   *
   * @throws as `write`, and the signal's reason when it aborts first; then nothing is written.
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
    for (let attempt = 0; ; attempt++) {
      signal?.throwIfAborted()
      this.ring.file.throwIfClosed()
      if (producer.hasRoom(slots) && producer.write(definition, values)) return
      await new Promise<void>(resolve => (attempt < EAGER_ATTEMPTS ? setImmediate(resolve) : setTimeout(resolve, 1)))
    }
  }

  /**
   * Handles the frames that exist now, at most `limit`, without waiting. Returns how many, frames without a handler
   * included. A frame counts as read before its handler runs: `poll` throws what a handler throws, and the next call
   * continues after that frame.
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

  /**
   * Polls until the signal aborts or the ring is closed. Resolves to the number of frames read; rejects with what a
   * handler throws, and with {StateReplacedError}.
   */
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
    const count = await runLoop(
      pollable,
      options.wait ?? 'event-loop',
      options.signal ?? this.options.signal,
      options.limit ?? DEFAULT_LIMIT,
    )
    if (file.isReplaced) file.throwIfClosed()
    return count
  }

  /** Releases the role. Unread frames stay for the next consumer. May be called more than once. */
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
    throw new InvalidStateError(
      `${this.path}: ${what}() is for the ${role}; this ring is open as ${this.options.role}`,
      {
        path: this.path,
      },
    )
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

/** Attempts of a waiting write, one per turn of the event loop, before it waits 1 ms between two attempts. */
const EAGER_ATTEMPTS = 100

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
