/**
 * The typed seam: everything the addon has, and nothing else. The C++ behind it is in native/.
 *
 * What every function keeps to:
 * - Nothing here is public API. The library checks what users pass; the addon checks again what would kill the process
 *   (types, ranges, closed objects) and throws.
 * - A failing system call throws an `Error` with `code` (`'ENOSPC'`), `errno` (positive), `syscall` and, where there is
 *   one, `path`. Misuse throws a `TypeError` or `RangeError`.
 * - Offsets and lengths are bytes, times are ns, positions and slots are whole numbers below 2^53.
 * - Works in every worker thread: all state belongs to the environment, and goes with it.
 */

/** A mapped file. Its memory stays mapped while this object, or a thread of the addon, uses it. */
export interface Mapping {
  /** The mapped bytes. Detached by `close`. Storing into one mapped read-only kills the process: nobody may. */
  readonly buffer: ArrayBuffer
  /** Bytes mapped: the file's size when it was mapped. */
  readonly size: number
  readonly writable: boolean
  /** Inode and device of the file mapped, to tell whether a path still names it. */
  readonly inode: number
  readonly device: number
  /** True once a fault inside the mapping was caught: the file was truncated under it, and those bytes now read as 0. */
  readonly damaged: boolean
  /** Detaches `buffer`, then unmaps (now, or once the last thread is done with it). Any number of times. */
  close(): void
  /** Brings pages in ahead of use; `write` also makes them writable without a fault. Failure to is not an error. */
  populate(offset: number, length: number, write: boolean): void
  /** madvise. */
  advise(advice: 'normal' | 'sequential' | 'random' | 'willneed' | 'dontneed' | 'hugepage'): void
  /** msync(MS_SYNC) of the blocks that hold these bytes. */
  sync(offset: number, length: number): void
  /**
   * An open-file-description lock on bytes of the file, never blocking: false when another mapping holds it. It goes
   * with the mapping, so with the process, and means the same in every pid namespace.
   */
  lockRange(offset: number, length: number): boolean
  unlockRange(offset: number, length: number): void
  /** Whether somebody else's mapping holds a lock there. */
  rangeLocked(offset: number, length: number): boolean
}

/** A flock'd file, open for as long as the lock is held. */
export interface FileLock {
  /** The file's text, at most 4096 bytes. */
  read(): string
  /** Replaces the file's text. */
  write(text: string): void
  /** Gives the lock up. Any number of times. */
  close(): void
}

/**
 * A native thread that does the slow things with pages ahead of need. Jobs run one after another; a ticket names one.
 * At process or worker exit the thread finishes the job it is in and goes.
 */
export interface PageWorker {
  /**
   * Makes a page: `temporaryPath` exclusively created with `mode`, allocated to `size`, mapped writable, populated for
   * writing, `header` copied to its start; when `durable`, the file is synced, and after the rename its directory; then
   * renamed to `path`. On failure the temporary file is removed. Returns a ticket.
   */
  create(temporaryPath: string, path: string, size: number, mode: number, header: Uint8Array, durable: boolean): number
  /** Maps an existing file read-only (checks as `mapFile`) and populates it for reading. Returns a ticket. */
  open(path: string): number
  /** Takes a mapping over (its buffer is detached here) and unmaps it on the thread; here, when closed. */
  dispose(mapping: Mapping): void
  /** The result, once: null while the job is not done; throws what the job failed of. */
  collect(ticket: number): Mapping | null
  /** As `take`, but waits for the job. */
  wait(ticket: number): Mapping
  /** Gives a ticket up; a mapping that it made, or will, is unmapped. The file stays. */
  abandon(ticket: number): void
  /** Finishes the jobs there are, and the thread. Their results can still be taken. Any number of times. */
  close(): void
}

/** What a `Syncer` is told. */
export interface SyncerOptions {
  /** Sync this often, in ms, when something is new; 0 syncs only on request. */
  readonly intervalMs: number
  /** Called on the JavaScript thread after a requested sync is done or failed. Does not keep the process alive. */
  readonly onSynced: () => void
}

/**
 * A native thread that makes published frames durable, in journal order. For each page: give the frames between the durable
 * cursor and the cursor their CRC, msync their blocks, only then move the durable cursor. A sealed page is finished (its
 * CRC set, its header synced) before the next page's first frame is looked at.
 */
export interface Syncer {
  /**
   * Adds the next page; frames of one whose header says so get their CRC32C before they are synced. The one before it must be sealed before this one's frames become durable. `control`, when
   * given, is woken (as a writer wakes) after the durable cursor moves and its sleepers word is set.
   */
  add(page: Mapping, control: Mapping | null): void
  /** Syncs what is published now. `onSynced` follows. Requests that come while a sync runs share the next one. */
  request(): void
  /** Positions below this one are durable. */
  durablePosition(): number
  /** The errno of the sync that failed, or 0. After a failure nothing is retried: the page cache can no longer be trusted. */
  error(): number
  /** A last sync, waits for it, ends the thread. Any number of times. */
  close(): void
}

/** A native thread that sleeps on futex words and wakes the event loop. Does not keep the process alive by itself. */
export interface Waiter {
  /** Calls back once with `id` on the JavaScript thread when the word differs from `expected`; perhaps at once. */
  watch(id: number, mapping: Mapping, offset: number, expected: number): void
  unwatch(id: number): void
  /** Whether watches keep the event loop alive, as a socket would. */
  ref(): void
  unref(): void
  close(): void
}

/** Where a walk over frames ended, and why. */
export interface FrameWalk {
  /** The slot after the last good frame. */
  readonly slot: number
  /** Frames that were good. */
  readonly frames: number
  /** 'end' when all up to the end were good. */
  readonly reason: 'end' | 'no-slots' | 'no-type' | 'past-end' | 'crc-missing' | 'crc-wrong' | 'time-backwards'
  /** ns since 1970 of the last good frame, or `minTime` when there was none. */
  readonly lastTime: bigint
}

/** Results of `wait`. */
export type WaitResult = 'woken' | 'changed' | 'timeout'

export interface Addon {
  readonly platform: 'linux' | 'darwin'
  /** Whether waiting is by futex (else by sleeping with back-off), and whether one call waits on several. */
  readonly futex: boolean
  readonly futexWaitv: boolean
  /** Whether the processor computes CRC32C (else a table does). */
  readonly hardwareCrc: boolean

  /** Makes a file exclusively, allocates all of it, maps it writable. `header` is copied to its start. Symlinks are not followed. */
  createFile(path: string, size: number, mode: number, header: Uint8Array): Mapping
  /**
   * Maps all of an existing file. Refuses what is no regular file, is empty or over 2^31 - 1 bytes (`code` 'EINVAL', `syscall` 'fstat'), and a symlink ('ELOOP').
   */
  mapFile(path: string, writable: boolean): Mapping
  /** Opens (or makes, with `mode`) and locks a file. Null when another open of it holds the lock. Symlinks are not followed. */
  lockFile(path: string, mode: number): FileLock | null
  PageWorker: new () => PageWorker
  Syncer: new (options: SyncerOptions) => Syncer
  Waiter: new (onWake: (id: number) => void) => Waiter

  /**
   * 24 bytes: i64 ns since 1970, which `readClock` writes; i64 ns since boot, which `readTick` does; i64 ns since 1970, which `readSystemClock` does.
   * One per environment, never detached.
   */
  readonly clockBuffer: ArrayBuffer
  /** Writes the time into `clockBuffer`. The one call on the hot path: takes and returns nothing. */
  readClock(): void
  /**
   * Writes the time of the last timer tick (at most 10 ms ago) by the machine's monotonic clock into the second word of
   * `clockBuffer`. The same in all processes of one boot.
   */
  readTick(): void
  /** As `readClock`, but asks the system for each reading. Into the third word of `clockBuffer`. */
  readSystemClock(): void
  /** ns since 1970, by the same clock as `readClock`. */
  now(): bigint
  /** Why `readClock` and `now` ask the system for each reading; null while the process has them follow the processor's counter. */
  whyNoCounter(): string | null

  /** Spins with the processor's pause until the word differs from `expected`: true; or `spins` turns are over: false. */
  spin(mapping: Mapping, offset: number, expected: number, spins: number): boolean
  /** sched_yield: a thread that waits for this core gets it before the calling one goes on; without one it returns at once. */
  offerCore(): void
  /**
   * Registers this process for the barriers of others: its writers may publish with ordinary stores then. False where the system refuses.
   * Any number of times.
   */
  registerBarrier(): boolean
  /**
   * Every thread of every registered process completes the stores it has made, and then sees ours. False where the system refuses this process the
   * call; true at once on systems without it, where no process is ever registered. Some microseconds.
   */
  barrier(): boolean
  /**
   * Blocks the thread while the word is `expected`, at most `timeoutMs` (Infinity: for ever). Nothing but the word or the time
   * ends it: `worker.terminate()` and signal listeners wait too, so callers sleep in slices. May say 'woken' without cause.
   */
  wait(mapping: Mapping, offset: number, expected: number, timeoutMs: number): WaitResult
  /** As `wait`, on 1 to 127 words: returns when any of them differs or is woken. */
  waitAny(
    mappings: readonly Mapping[],
    offsets: readonly number[],
    expected: readonly number[],
    timeoutMs: number,
  ): WaitResult
  /** Wakes all who wait on the word, in every process. Returns how many. */
  wake(mapping: Mapping, offset: number): number

  /** CRC32C (Castagnoli). `seed` is the CRC of what came before, 0 at the start. */
  crc32c(bytes: Uint8Array, seed: number): number
  /**
   * The CRC a frame at `slot` must carry, its position being `firstPosition + slot`: CRC32C of the position (u64), then of
   * the frame's bytes without its CRC field (0 to 3, 8 to its end); 1 where that comes out as 0, for 0 means there is none.
   */
  frameCrc(page: Mapping, slot: number, firstPosition: number): number
  /** Gives the frames of [from, to) their CRC. They must have been walked before. */
  stampFrames(page: Mapping, from: number, to: number, firstPosition: number): void
  /** The CRC of a sealed page: its identity and the slots below `cursor`. */
  pageCrc(page: Mapping, cursor: number): number
  /** Walks the frames from `from` to at most `to`; `checked` also wants each to carry its CRC; times below `minTime` are backwards. */
  walkFrames(
    page: Mapping,
    from: number,
    to: number,
    firstPosition: number,
    checked: boolean,
    minTime: bigint,
  ): FrameWalk

  /** Identifies this boot of the machine: 32 hexadecimal digits. */
  bootId(): string
  /** Start time of a process in clock ticks since boot, null when there is none such (or it cannot be seen). */
  processStart(pid: number): number | null
  /** CPUs the calling thread may run on. */
  getAffinity(): number[]
  /** Binds the calling thread to these CPUs. */
  setAffinity(cpus: readonly number[]): void
  /** 'fifo' with priority 1–99, or 'other' with a nice value -20–19, for the calling thread. */
  setScheduling(policy: 'fifo' | 'other', priority: number): void
  /** mlockall: keeps what is mapped, and will be, in memory. */
  lockMemory(): void

  /** Only in a build for crash tests: a place where TICKTAPE_CRASH_POINT can have the process killed, as those of native/core. */
  readonly crashPoint?: (name: string) => void
  /** Only there: from now on 'posix_fallocate', 'msync' or 'fsync' fails with this errno; 0 ends it. */
  readonly injectFault?: (name: string, errno: number) => void
}
