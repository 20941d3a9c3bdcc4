import { rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { ClosedError, InvalidOptionError, TicktapeError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import type { CommitOptions } from '../../frames/commit-options.js'
import type { Fields, FrameDefinition, ValuesOf } from '../../frames/definition.js'
import { CorruptStateError, StateBusyError, StateReplacedError } from '../errors.js'
import { BROADCASTER, Header } from '../file/format.js'
import { readOwnerSlot, signOwnerSlot } from '../file/owners.js'
import { closeWhenReplaced } from '../file/replacement-watch.js'
import { DEFAULT_MODE } from '../file/state-file.js'
import { Ring } from '../ring/ring.js'
import { type MemberEntry, Members } from './members.js'

/** A member, as `accepts` and `status` see it. */
export interface MemberInfo {
  readonly name: string
  readonly pid: number
  /** Whether a live process has it open. */
  readonly alive: boolean
  /** The keys that it subscribed to; undefined: everything. */
  readonly keys: ReadonlySet<string> | undefined
}

export interface MemberStatus extends MemberInfo {
  /** 64-byte slots that it has not read yet. */
  readonly size: number
  /** Frames for this member that it did not get, because its ring was full. */
  readonly missed: number
}

export interface BroadcastOptions {
  /**
   * Which frames a member with a full ring misses: with 'drop' (the default) the new ones, with 'overwrite' the oldest
   * unread ones.
   */
  readonly whenFull?: 'drop' | 'overwrite'
  /** How many members there may be at the same time. Default 64. */
  readonly members?: number
  /** Called for every frame and each member that subscribed to it. Returns whether the member gets the frame. */
  readonly accepts?: (
    member: MemberInfo,
    definition: FrameDefinition,
    values: Readonly<Record<string, unknown>>,
  ) => boolean
  /** How long a member whose process has ended keeps its slot and its unread frames, in ms. Default 10,000. */
  readonly graceMs?: number
  readonly mode?: number
}

/** A member's ring, from the broadcaster's side. */
interface Outlet {
  readonly entry: MemberEntry
  readonly info: MemberInfo
  readonly ring: Ring
  /** When it was first found without a process, in ms; undefined while it has one. */
  goneSince: number | undefined
}

/** The interval between two sweeps, in ms and in frames. */
const SWEEP_MS = 1000
const SWEEP_FRAMES = 65_536

/**
 * One writer to many readers, each with a ring of its own. A slow reader misses frames; it delays no other reader and
 * not the writer.
 *
 *     const out = Broadcast.open('/dev/shm/session/ticks')
 *     out.write(Ticker, ticker, ticker.symbol)
 *
 *     const ticks = BroadcastMember.join('/dev/shm/session/ticks', 'momentum', { keys: ['BTC-USDT'] })
 *     ticks.poll(on(Ticker, t => ...))
 *
 * Members may join and leave at any time. The first frame that a member gets is the next one written after it has
 * joined. A member whose process ends without `leave` may join again and read its unread frames; after `graceMs` its
 * slot and its file are removed.
 */
export class Broadcast implements Disposable {
  private readonly members: Members
  private readonly outlets = new Map<number, Outlet>()
  private readonly failed = new Map<string, TicktapeError>()
  private readonly timer: NodeJS.Timeout
  private version = -1
  private frames = 0
  private closed = false

  /**
   * @throws {StateBusyError} when there is a broadcaster already; {InvalidOptionError, UnsafePathError,
   * CorruptStateError, NoSpaceError}
   */
  static open(directory: string, options: BroadcastOptions = {}): Broadcast {
    checkOptions('Broadcast.open', options, {
      whenFull: kinds.oneOf('drop', 'overwrite'),
      members: kinds.integer(1, 10_000),
      accepts: kinds.function,
      graceMs: kinds.number(0, Number.POSITIVE_INFINITY),
      mode: kinds.integer(0, 0o777),
    })
    return new Broadcast(resolveDirectory(directory), options)
  }

  private constructor(
    /** The directory of its files. */
    readonly path: string,
    private readonly options: BroadcastOptions,
  ) {
    this.members = openMembers(path, options)
    const { file } = this.members
    if (!file.mapping.lockRange(Header.OWN, 1)) {
      const pid = readOwnerSlot(file, BROADCASTER)?.pid
      this.members.close()
      throw new StateBusyError(
        `${path} has a broadcaster already${pid === undefined ? '' : `, process ${pid}`}; one process writes to all members`,
        pid,
        { path },
      )
    }
    signOwnerSlot(file, BROADCASTER)
    this.refresh()
    this.timer = setInterval(() => this.sweepOnTimer(), SWEEP_MS).unref()
    closeWhenReplaced(file, this)
  }

  /**
   * Writes a frame to every member that subscribed to it. Returns the number of members that got it.
   *
   * @param key what the frame is about, such as its symbol. Members that subscribed to keys get only the frames with
   * those keys. A frame without a key goes to all members.
   * @throws as `Ring.write`.
   */
  write<F extends Fields>(
    definition: FrameDefinition<F>,
    values: ValuesOf<F>,
    key?: string,
    options?: CommitOptions,
  ): number {
    this.throwIfClosed()
    if (this.members.version !== this.version) this.refresh()
    if (++this.frames >= SWEEP_FRAMES) this.sweep()
    const { accepts } = this.options
    let count = 0
    for (const outlet of this.outlets.values()) {
      const { keys } = outlet.entry
      if (key !== undefined && keys !== undefined && !keys.has(key)) continue
      if (accepts !== undefined && !accepts(outlet.info, definition, values)) continue
      if (this.writeTo(outlet, definition, values, options)) count++
    }
    return count
  }

  /** Members whose ring cannot be written, and why. They get nothing until they leave and join again. */
  get problems(): ReadonlyMap<string, TicktapeError> {
    return this.failed
  }

  /** All members, and how many frames each has missed. */
  status(): MemberStatus[] {
    this.throwIfClosed()
    if (this.members.version !== this.version) this.refresh()
    this.dropClosed()
    return [...this.outlets.values()].map(({ info, ring }) => ({
      ...info,
      alive: ring.connected,
      size: ring.size,
      missed: ring.dropped + ring.lapped,
    }))
  }

  /**
   * Removes the members that have had no process for longer than `graceMs`. A timer calls it every second. Returns
   * their names.
   */
  sweep(): string[] {
    this.throwIfClosed()
    this.frames = 0
    if (this.members.version !== this.version) this.refresh()
    this.dropClosed()
    const now = performance.now()
    const removed: string[] = []
    for (const [index, outlet] of this.outlets) {
      if (outlet.ring.connected) outlet.goneSince = undefined
      else outlet.goneSince ??= now
      if (outlet.goneSince === undefined || now - outlet.goneSince < (this.options.graceMs ?? 10_000)) continue
      const { name } = outlet.entry
      if (this.members.remove(index, () => rmSync(ringPath(this.path, name), { force: true }))) {
        removed.push(name)
        this.drop(outlet)
      }
    }
    return removed
  }

  /** Stops writing; members can still read their unread frames. May be called more than once. */
  close(): void {
    if (this.closed) return
    this.closed = true
    clearInterval(this.timer)
    for (const outlet of this.outlets.values()) outlet.ring.close()
    this.outlets.clear()
    this.members.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** When one member's ring is damaged or removed, the other members still get the frame. */
  private writeTo<F extends Fields>(
    outlet: Outlet,
    definition: FrameDefinition<F>,
    values: ValuesOf<F>,
    options: CommitOptions | undefined,
  ): boolean {
    try {
      return outlet.ring.write(definition, values, options)
    } catch (error) {
      if (!(error instanceof CorruptStateError || error instanceof StateReplacedError)) throw error
      this.failed.set(outlet.entry.name, error)
      this.drop(outlet)
      return false
    }
  }

  /**
   * A timer has no caller to throw to. What fails is tried again at the next sweep; a direct call of `sweep` throws it.
   */
  private sweepOnTimer(): void {
    try {
      this.sweep()
    } catch (error) {
      if (!(error instanceof TicktapeError)) throw error
    }
  }

  /**
   * Adds members that joined and drops those that left. Under the lock, so that no file is created for a member that is
   * leaving.
   */
  private refresh(): void {
    this.members.file.locked(() => {
      this.version = this.members.version
      const listed = new Map(this.members.list().map(entry => [entry.index, entry]))
      for (const outlet of this.outlets.values()) {
        if (listed.get(outlet.entry.index)?.generation !== outlet.entry.generation) this.drop(outlet)
      }
      this.failed.clear()
      for (const entry of listed.values()) this.admit(entry)
    })
  }

  private admit(entry: MemberEntry): void {
    const known = this.outlets.get(entry.index)
    const { name, pid, alive, keys } = entry
    try {
      const ring =
        known?.ring ??
        Ring.open(ringPath(this.path, name), {
          role: 'producer',
          whenFull: this.options.whenFull ?? 'drop',
          mode: this.options.mode,
        })
      this.outlets.set(entry.index, { entry, info: { name, pid, alive, keys }, ring, goneSince: known?.goneSince })
    } catch (error) {
      if (!(error instanceof TicktapeError)) throw error
      this.failed.set(name, error)
    }
  }

  /** Members whose ring was removed from outside. */
  private dropClosed(): void {
    for (const outlet of this.outlets.values()) if (outlet.ring.isClosed) this.drop(outlet)
  }

  private drop(outlet: Outlet): void {
    outlet.ring.close()
    this.outlets.delete(outlet.entry.index)
  }

  private throwIfClosed(): void {
    if (!this.closed) return
    if (this.members.file.isReplaced) this.members.file.throwIfClosed()
    throw new ClosedError(`the broadcast of ${this.path} is closed; open another`, { path: this.path })
  }
}

/**
 * @internal The absolute path: rings are created and removed later, and the working directory may have changed by then.
 */
export function resolveDirectory(directory: unknown): string {
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0')) {
    throw new InvalidOptionError(`a broadcast has a directory, not ${formatValue(directory)}`)
  }
  return resolve(directory)
}

/** @internal */
export function openMembers(
  directory: string,
  options: { readonly members?: number; readonly mode?: number },
): Members {
  return Members.open(join(directory, 'members'), options.members, options.mode ?? DEFAULT_MODE)
}

/** @internal */
export function ringPath(directory: string, name: string): string {
  return join(directory, `${name}.ring`)
}
