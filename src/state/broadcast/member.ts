import { rmSync } from 'node:fs'
import { ClosedError } from '../../base/errors.js'
import { checkOptions, kinds } from '../../base/options.js'
import type { Handlers } from '../../frames/handlers.js'
import { closeWhenReplaced } from '../file/replacement-watch.js'
import { Ring, type RingRunOptions } from '../ring/ring.js'
import { MAX_SLOTS } from '../ring/ring-file.js'
import { openMembers, resolveDirectory, ringPath } from './broadcast.js'
import { checkMemberName, type Members } from './members.js'

export interface MemberOptions {
  /** The keys, such as symbols, of the frames to get: at most 3,840 bytes in all. Default: everything. */
  readonly keys?: readonly string[]
  /** 64-byte slots that may be unread. Default 4,096. A member that joins again keeps the number it had. */
  readonly slots?: number
  /** Permissions when files are created. Default 0o600. */
  readonly mode?: number
}

/** One reader of a {@link Broadcast}. It may join before there is a broadcaster. */
export class BroadcastMember implements Disposable {
  /**
   * Joins the broadcast. When the last process with this name ended without `leave`, the new one continues with its
   * unread frames.
   *
   * @throws {StateBusyError} when a live process has the name, {StateFullError} when no slot is free;
   * {InvalidOptionError, UnsafePathError, CorruptStateError, StateMismatchError, NoSpaceError}
   */
  static join(path: string, name: string, options: MemberOptions = {}): BroadcastMember {
    checkOptions('BroadcastMember.join', options, {
      keys: kinds.array,
      slots: kinds.integer(1, MAX_SLOTS),
      mode: kinds.integer(0, 0o777),
    })
    checkMemberName(name)
    const directory = resolveDirectory(path)
    const members = openMembers(directory, { mode: options.mode })
    let ring: Ring | undefined
    try {
      const index = members.join(name, options.keys, () => {
        ring = Ring.open(ringPath(directory, name), { role: 'consumer', slots: options.slots, mode: options.mode })
      })
      return new BroadcastMember(directory, name, members, ring as unknown as Ring, index)
    } catch (error) {
      ring?.close()
      members.close()
      throw error
    }
  }

  private constructor(
    private readonly directory: string,
    readonly name: string,
    private readonly members: Members,
    private readonly ring: Ring,
    private readonly index: number,
  ) {
    closeWhenReplaced(members.file, this)
  }

  /** As `Ring.poll`. */
  poll(handlers: Handlers, limit?: number): number {
    this.throwIfClosed()
    return this.ring.poll(handlers, limit)
  }

  /** As `Ring.run`. */
  async run(handlers: Handlers, options: RingRunOptions = {}): Promise<number> {
    this.throwIfClosed()
    return this.ring.run(handlers, options)
  }

  /** 64-byte slots that it has not read yet. */
  get size(): number {
    this.throwIfClosed()
    return this.ring.size
  }

  /** Frames for this member that it did not get, because its ring was full. */
  get missed(): number {
    this.throwIfClosed()
    return this.ring.dropped + this.ring.lapped
  }

  /** Leaves the broadcast: its slot is freed and its file is removed. */
  leave(): void {
    if (this.members.file.isClosed) return
    this.members.leave(this.index, () => {
      // In a directory that has replaced this one the ring of that name is another member's.
      if (this.ring.isAtItsPath) rmSync(ringPath(this.directory, this.name), { force: true })
    })
    this.close()
  }

  /**
   * Stops reading without leaving: the broadcaster writes to its ring until `graceMs` is over. May be called more than
   * once.
   */
  close(): void {
    this.ring.close()
    this.members.close()
  }

  private throwIfClosed(): void {
    const { file } = this.members
    if (!file.isClosed) return
    if (file.isReplaced) file.throwIfClosed()
    throw new ClosedError(`member '${this.name}' of ${this.directory} has left or is closed; join again`, {
      path: this.directory,
    })
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
