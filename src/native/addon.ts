/**
 * The types of all functions of the addon, whose C++ is in native/.
 *
 * Rules for every function:
 * - Nothing here is public API. The library checks the arguments of users; the addon checks again everything that would kill the process
 *   (types, ranges, closed objects) and throws.
 * - A failing system call throws an `Error` with `code` (`'ENOSPC'`), `errno` (positive), `syscall` and, where there is
 *   one, `path`. Misuse throws a `TypeError` or `RangeError`.
 * - Offsets and lengths are bytes, times are ns, positions and slots are whole numbers below 2^53.
 * - Works in every worker thread: all state belongs to the environment and is freed with it.
 */

/** A mapped file. Its memory stays mapped while this object, or a thread of the addon, uses it. */
export interface Mapping {
  /** The mapped bytes. Detached by `close`. A store into a read-only mapping kills the process. */
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
  /** Maps blocks before they are used; `write` also makes them writable without a fault. A failure is not an error. */
  populate(offset: number, length: number, write: boolean): void
  /** madvise. */
  advise(advice: 'normal' | 'sequential' | 'random' | 'willneed' | 'dontneed' | 'hugepage'): void
  /** msync(MS_SYNC) of the blocks that hold these bytes. */
  sync(offset: number, length: number): void
  /**
   * Acquires an open-file-description lock on bytes of the file without blocking: false when another mapping holds it. The lock ends
   * with the mapping, and so with the process, and works across pid namespaces.
   */
  lockRange(offset: number, length: number): boolean
  unlockRange(offset: number, length: number): void
  /** Whether another mapping holds a lock there. */
  rangeLocked(offset: number, length: number): boolean
}

/** What a name in a directory is. */
export interface FileStatus {
  /** A regular file: nothing else is one of ours. */
  readonly isFile: boolean
  readonly size: number
  /** Permissions: 12 bits. */
  readonly mode: number
  readonly uid: number
}

/**
 * A directory, open: what is done by a name in it is done in this directory, whatever its path names by then. Names have no '/'; symbolic
 * links are never followed. Not inherited by other programs.
 */
export interface Directory {
  /** What it was opened by. */
  readonly path: string
  /** As `createFile` of the addon. */
  createFile(name: string, size: number, mode: number, header: Uint8Array): Mapping
  /** As `mapFile` of the addon. */
  mapFile(name: string, writable: boolean): Mapping
  /** Opens (or makes, with `mode`) and locks a file. Null when another open of it holds the lock. */
  lockFile(name: string, mode: number): FileLock | null
  /** As `readFile` of the addon. */
  readFile(name: string, most: number): Buffer
  /** Creates a file that must not exist, with exactly this mode, and syncs it. On failure no file remains. */
  writeFile(name: string, bytes: Uint8Array, mode: number): void
  /** All names in it, in no order. */
  names(): string[]
  /** Null when there is none; without a name the directory itself. */
  stat(name?: string): FileStatus | null
  /** Whether its path still names this directory; true also when that cannot be checked. */
  isAtPath(): boolean
  /** Whether the name is the file that is mapped; true also when that cannot be checked. */
  holds(name: string, mapping: Mapping): boolean
  /**
   * Whether the cursor, the seal or the durable cursor in the header of this file is greater than in the mapping: then the mapping is of
   * another file, such as the one in a lower layer of overlayfs.
   */
  isAheadOf(name: string, mapping: Mapping): boolean
  /** Replaces an existing file. */
  rename(from: string, to: string): void
  /** A second name for a file; 'EEXIST' when that is taken. */
  link(from: string, to: string): void
  /** False when there was none. */
  remove(name: string): boolean
  /** As `remove`, on the runtime's thread pool: that of a large file takes its time. */
  removeLater(name: string): Promise<void>
  /** Its own permissions. */
  setMode(mode: number): void
  /** fsync: changes of names survive power loss. */
  sync(): void
  /** As `sync`, on the runtime's thread pool. */
  syncLater(): Promise<void>
  /** Any number of times. */
  close(): void
}

/** A flock'd file, open for as long as the lock is held. */
export interface FileLock {
  /** The file's text, at most 4096 bytes. */
  read(): string
  /** Replaces the file's text. */
  write(text: string): void
  /** Sets the file's permissions. */
  setMode(mode: number): void
  /** Releases the lock. Any number of times. */
  close(): void
}

/**
 * A native thread for slow page operations, so that they are done before they are needed. Jobs run one after another; a ticket names one.
 * At process or worker exit the thread finishes its current job and ends.
 */
export interface PageWorker {
  /**
   * Creates a page: `temporaryName` is created exclusively with `mode`, allocated to `size`, mapped writable and populated for
   * writing, `header` is copied to its start, and the file is renamed to `name`. When `durable`, the file is synced before the rename and its
   * directory after it. On failure the temporary file is removed. Returns a ticket.
   */
  create(
    directory: Directory,
    temporaryName: string,
    name: string,
    size: number,
    mode: number,
    header: Uint8Array,
    durable: boolean,
  ): number
  /** Maps an existing file read-only (checks as `mapFile`) and populates it for reading. Returns a ticket. */
  open(directory: Directory, name: string): number
  /** Takes ownership of a mapping (its buffer is detached) and unmaps it on the thread, or on the calling thread after `close`. */
  dispose(mapping: Mapping): void
  /** The result, once: null while the job is not done. Throws the job's error. */
  collect(ticket: number): Mapping | null
  /** As `collect`, but waits for the job. */
  wait(ticket: number): Mapping
  /** Abandons a job: its mapping is unmapped, now or when it is done. The file stays. */
  abandon(ticket: number): void
  /**
   * From now on checks twice a second whether a journal was replaced: whether the names of its directory, its control file and the page being
   * written still mean the files that are open. If not, stores 1 to `control`'s word SLEEPERS: the writer then wakes them and calls
   * `replacedAfter`.
   */
  watch(directory: Directory, control: Mapping, pageName: string, page: Mapping): void
  /** Checks now, and returns what `replacedAfter` does. */
  checkJournal(): number
  /** -1 while the journal is not replaced; else a position: all frames before it were published before it was replaced. */
  replacedAfter(): number
  /** Finishes all jobs, then ends the thread. Results can still be collected. Any number of times. */
  close(): void
}

/** Options of a `Syncer`. */
export interface SyncerOptions {
  /** Sync this often, in ms, when something is new; 0 syncs only on request. */
  readonly intervalMs: number
  /** Called on the JavaScript thread after a requested sync is done or failed. Does not keep the process alive. */
  readonly onSynced: () => void
}

/**
 * A native thread that makes published frames durable, in journal order. For each page it writes the CRC of the frames between the durable
 * cursor and the cursor, syncs their blocks (msync), and only then moves the durable cursor. A sealed page is finished (its
 * CRC set, its header synced) before the next page's first frame is handled.
 */
export interface Syncer {
  /**
   * Adds the next page. If its header says so, its frames get their CRC32C before they are synced. The page before it must be sealed before
   * frames of this one become durable. If `control` is given, its sleepers are woken (as by a writer) after the durable cursor has moved and if
   * its sleepers word is set.
   */
  add(page: Mapping, control: Mapping | null): void
  /** Requests a sync of all frames published so far. `onSynced` is called afterwards. Requests that arrive during a sync share the next one. */
  request(): void
  /** Positions below this one are durable. */
  durablePosition(): number
  /** The errno of the sync that failed, or 0. After a failure nothing is retried: the page cache can no longer be trusted. */
  error(): number
  /** Makes a last sync, waits for it, and ends the thread. May be called any number of times. */
  close(): void
}

/** A native thread that sleeps on futex words and wakes the event loop. Does not keep the process alive by itself. */
export interface Waiter {
  /** Calls back once with `id` on the JavaScript thread when the word differs from `expected`, which may be at once. */
  watch(id: number, mapping: Mapping, offset: number, expected: number): void
  unwatch(id: number): void
  /** Lets watches keep the event loop alive, as a socket does. */
  ref(): void
  unref(): void
  close(): void
}

/** The result of a walk over frames: where it ended, and why. */
export interface FrameWalk {
  /** The slot after the last good frame. */
  readonly slot: number
  /** The number of good frames. */
  readonly frames: number
  /** 'end' when all frames up to the end were good. */
  readonly reason: 'end' | 'no-slots' | 'no-type' | 'past-end' | 'crc-missing' | 'crc-wrong' | 'time-backwards'
  /** ns since 1970 of the last good frame, or `minTime` when there was none. */
  readonly lastTime: bigint
}

/** Results of `wait`. */
export type WaitResult = 'woken' | 'changed' | 'timeout'

export interface Addon {
  readonly platform: 'linux' | 'darwin'
  /** Whether waits use a futex (otherwise they poll with back-off), and whether one call can wait on several words. */
  readonly futex: boolean
  readonly futexWaitv: boolean
  /** Whether the processor computes CRC32C (otherwise a table is used). */
  readonly hardwareCrc: boolean

  /** Creates a file exclusively, allocates all of it, maps it writable, and copies `header` to its start. Symlinks are not followed. */
  createFile(path: string, size: number, mode: number, header: Uint8Array): Mapping
  /**
   * Maps all of an existing file. Refuses a file that is not regular, is empty or is over 2^31 - 1 bytes (`code` 'EINVAL', `syscall` 'fstat'), and
   * a symlink ('ELOOP').
   */
  mapFile(path: string, writable: boolean): Mapping
  /**
   * A regular file's bytes. Never waits for the other end of a FIFO. Refuses a file that is not regular ('EINVAL', `syscall` 'fstat'), a file of
   * more than `most` bytes ('EFBIG'), and a symlink ('ELOOP').
   */
  readFile(path: string, most: number): Buffer
  /** Locks an existing file. Null when another open file of it holds the lock. Symlinks are not followed. */
  lockFile(path: string): FileLock | null
  /** `follow`: the last part of the path may be a symbolic link. */
  openDirectory(path: string, follow: boolean): Directory
  PageWorker: new () => PageWorker
  Syncer: new (options: SyncerOptions) => Syncer
  Waiter: new (onWake: (id: number) => void) => Waiter

  /**
   * 24 bytes: i64 ns since 1970, which `readClock` writes; i64 ns since boot, which `readTick` does; i64 ns since 1970, which `readSystemClock` does.
   * One per environment, never detached.
   */
  readonly clockBuffer: ArrayBuffer
  /** Writes the time into `clockBuffer`. It is the only call on the hot path, so it has no arguments and no result. */
  readClock(): void
  /**
   * Writes the time of the last timer tick (at most 10 ms ago) by the machine's monotonic clock into the second word of
   * `clockBuffer`. The same in all processes of one boot.
   */
  readTick(): void
  /** As `readClock`, but always reads the system's clock. Writes into the third word of `clockBuffer`. */
  readSystemClock(): void
  /** ns since 1970, by the same clock as `readClock`. */
  now(): bigint
  /** The reason why `readClock` and `now` read the system's clock each time; null while they use the processor's counter. */
  whyNoCounter(): string | null

  /** Spins with the processor's pause instruction: true when the word differs from `expected`, false after `spins` iterations. */
  spin(mapping: Mapping, offset: number, expected: number, spins: number): boolean
  /** sched_yield: lets a thread that waits for this core run before the calling one continues; without such a thread it returns at once. */
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
   * Blocks the thread while the word is `expected`, at most `timeoutMs` (Infinity: without a limit). Nothing but the word or the time
   * ends it: `worker.terminate()` and signal listeners wait too, so callers sleep in slices. May say 'woken' without cause.
   */
  wait(mapping: Mapping, offset: number, expected: number, timeoutMs: number): WaitResult
  /** As `wait`, but on 1 to 127 words: returns when any of them differs or is woken. */
  waitAny(
    mappings: readonly Mapping[],
    offsets: readonly number[],
    expected: readonly number[],
    timeoutMs: number,
  ): WaitResult
  /** Wakes all threads that wait on the word, in every process. Returns how many. */
  wake(mapping: Mapping, offset: number): number

  /** CRC32C (Castagnoli). `seed` is the CRC of the preceding bytes, 0 at the start. */
  crc32c(bytes: Uint8Array, seed: number): number
  /**
   * The CRC that the frame at `slot` must have; its position is `firstPosition + slot`. It is the CRC32C of the position (u64) and then of
   * the frame's bytes without its CRC field (0 to 3, 8 to its end). If that is 0, it is stored as 1, because 0 means that a frame has no CRC.
   */
  frameCrc(page: Mapping, slot: number, firstPosition: number): number
  /** Stores the CRC of each frame in [from, to). The frames must have been walked before. */
  stampFrames(page: Mapping, from: number, to: number, firstPosition: number): void
  /** The CRC of a sealed page: its identity and the slots below `cursor`. */
  pageCrc(page: Mapping, cursor: number): number
  /** Walks the frames from `from` to at most `to`. `checked` also requires the CRC of each; a time below `minTime` counts as backwards. */
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
  /** Start time of a process in clock ticks since boot; null when there is no such process, or it is not visible. */
  processStart(pid: number): number | null
  /** CPUs the calling thread may run on. */
  getAffinity(): number[]
  /** Binds the calling thread to these CPUs. */
  setAffinity(cpus: readonly number[]): void
  /** 'fifo' with priority 1–99, or 'other' with a nice value -20–19, for the calling thread. */
  setScheduling(policy: 'fifo' | 'other', priority: number): void
  /**
   * Gives the calling thread the CPUs and the priority that a thread of the addon gets which it starts: for a worker thread that must not be in
   * the way of the thread that has started it. Does nothing where that is not possible.
   */
  becomeHelper(): void
  /** mlockall: keeps all current and future mappings in memory. */
  lockMemory(): void
  /**
   * Ends this process, and its process group if it leads one, `graceMs` after the process `parent`, which has started it, has ended:
   * whatever its JavaScript does, and on Linux also when it is stopped. The second call does nothing.
   */
  endWithParent(parent: number, graceMs: number): void

  /** Only in a build for crash tests: a point at which TICKTAPE_CRASH_POINT can kill the process, as those in native/core. */
  readonly crashPoint?: (name: string) => void
  /** Only in a build for crash tests: from now on 'posix_fallocate', 'msync' or 'fsync' fails with this errno; 0 ends it. */
  readonly injectFault?: (name: string, errno: number) => void
}
