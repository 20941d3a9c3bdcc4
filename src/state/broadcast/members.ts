import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { StateBusyError, StateFullError } from '../errors.js'
import { Header, Kind, Member as M, MEMBERS_VERSION } from '../file/format.js'
import { acquireOwnerSlot, isOwnerSlotHeld, readOwnerSlot, releaseOwnerSlot } from '../file/owners.js'
import { StateFile, type StatePlan } from '../file/state-file.js'

/** A member as the file records it. */
export interface MemberEntry {
  readonly index: number
  /** Together with the index it identifies one member, from joining to leaving. */
  readonly generation: number
  readonly name: string
  /** Undefined: everything. */
  readonly keys: ReadonlySet<string> | undefined
  readonly pid: number
  readonly alive: boolean
}

const VERSION = MEMBERS_VERSION >> 2

/** The file `members`: the members of a broadcast, and what each has subscribed to. */
export class Members {
  private readonly words: Int32Array
  private readonly bytes: Uint8Array
  private readonly slots: number

  private constructor(readonly file: StateFile) {
    this.slots = file.parameters[0]
    this.words = new Int32Array(file.mapping.buffer)
    this.bytes = new Uint8Array(file.mapping.buffer)
  }

  static open(path: string, members: number | undefined, mode: number): Members {
    return new Members(StateFile.open(path, planOf(members, mode)))
  }

  /** Grows whenever a member joins or leaves. */
  get version(): number {
    return Atomics.load(this.words, VERSION)
  }

  /**
   * Acquires the slot with this name, or a free one. `prepare` runs before other processes can see the member.
   *
   * @throws {StateBusyError, StateFullError, InvalidOptionError}, and what `prepare` throws; the slot is then as it was
   * before.
   */
  join(name: string, keys: readonly string[] | undefined, prepare: () => void): number {
    checkMemberName(name)
    const list = encodeKeys(keys)
    return this.file.locked(() => {
      const slots = Array.from({ length: this.slots }, (_, i) => i)
      let index = slots.find(i => this.joined(i) && this.nameOf(i) === name)
      if (index !== undefined && !acquireOwnerSlot(this.file, this.at(index) + M.OWNER)) {
        const pid = readOwnerSlot(this.file, this.at(index) + M.OWNER)?.pid
        throw new StateBusyError(
          `member '${name}' has joined already, in process ${pid}; give this one another name`,
          pid,
          { path: this.file.path },
        )
      }
      const isNew = index === undefined
      index ??= slots.find(i => !this.joined(i) && acquireOwnerSlot(this.file, this.at(i) + M.OWNER))
      if (index === undefined) {
        throw new StateFullError(
          `all ${this.slots} member slots in ${this.file.path} are taken; create it with more: Broadcast.open(directory, { members })`,
          { path: this.file.path },
        )
      }
      const at = this.at(index)
      try {
        prepare()
      } catch (error) {
        releaseOwnerSlot(this.file, at + M.OWNER)
        throw error
      }
      if (isNew) {
        this.words[(at + M.GENERATION) >> 2]++
        this.bytes.fill(0, at + M.NAME, at + M.NAME + M.NAME_SIZE)
        this.bytes.set(Buffer.from(name, 'latin1'), at + M.NAME)
      }
      this.bytes.set(list, at + M.KEYS)
      this.words[(at + M.KEYS_LENGTH) >> 2] = list.length
      // The state is stored last: a member that has joined has its name and its keys.
      Atomics.store(this.words, (at + M.STATE) >> 2, 1)
      this.changed()
      return index
    })
  }

  /** Frees the slot. `before` runs first, while no other member can acquire it. */
  leave(index: number, before: () => void): void {
    this.file.locked(() => this.free(index, before))
  }

  /** Frees the slot of a member whose process has ended. Returns false when it has not. */
  remove(index: number, before: () => void): boolean {
    return this.file.locked(() => {
      if (!this.joined(index) || !this.file.mapping.lockRange(this.at(index) + M.OWNER, 1)) return false
      this.free(index, before)
      return true
    })
  }

  list(): MemberEntry[] {
    const found: MemberEntry[] = []
    for (let index = 0; index < this.slots; index++) {
      if (!this.joined(index)) continue
      const owner = this.at(index) + M.OWNER
      found.push({
        index,
        generation: this.words[(this.at(index) + M.GENERATION) >> 2],
        name: this.nameOf(index),
        keys: this.keysOf(index),
        pid: readOwnerSlot(this.file, owner)?.pid ?? 0,
        alive: isOwnerSlotHeld(this.file, owner),
      })
    }
    return found
  }

  close(): void {
    this.file.close()
  }

  private free(index: number, before: () => void): void {
    before()
    Atomics.store(this.words, (this.at(index) + M.STATE) >> 2, 0)
    this.changed()
    releaseOwnerSlot(this.file, this.at(index) + M.OWNER)
  }

  private changed(): void {
    Atomics.add(this.words, VERSION, 1)
  }

  private joined(index: number): boolean {
    return Atomics.load(this.words, (this.at(index) + M.STATE) >> 2) === 1
  }

  /** Names become file names, so a name from the file is checked like one from the user. */
  private nameOf(index: number): string {
    const at = this.at(index) + M.NAME
    const bytes = Buffer.from(this.bytes.subarray(at, at + M.NAME_SIZE))
    const end = bytes.indexOf(0)
    const name = bytes.toString('latin1', 0, end < 0 ? M.NAME_SIZE : end)
    if (!NAME.test(name)) this.file.corrupt(`member ${index} has no valid name`)
    return name
  }

  private keysOf(index: number): ReadonlySet<string> | undefined {
    const at = this.at(index)
    const length = this.words[(at + M.KEYS_LENGTH) >> 2]
    if (length === 0) return undefined
    if (length < 0 || length > M.KEYS_SIZE) this.file.corrupt(`member ${index} has a list of ${length} bytes`)
    const text = Buffer.from(this.bytes.slice(at + M.KEYS, at + M.KEYS + length)).toString('utf8')
    return new Set(text.split('\n'))
  }

  private at(index: number): number {
    return Header.SIZE + index * M.SIZE
  }
}

const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}$/

export function checkMemberName(name: unknown): asserts name is string {
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new InvalidOptionError(
      `a member's name is 1 to 63 letters, digits, '_', '-' and '.', not ${formatValue(name)}: it names a file`,
    )
  }
}

function encodeKeys(keys: readonly string[] | undefined): Uint8Array {
  if (keys === undefined) return new Uint8Array()
  for (const key of keys) {
    if (typeof key !== 'string' || key === '' || key.includes('\n'))
      throw new InvalidOptionError(`a key is a non-empty string of one line, not ${formatValue(key)}`)
  }
  if (keys.length === 0)
    throw new InvalidOptionError("'keys' must name at least one key; leave it out to get everything")
  const list = Buffer.from(keys.join('\n'), 'utf8')
  if (list.length > M.KEYS_SIZE)
    throw new InvalidOptionError(
      `'keys' takes at most ${M.KEYS_SIZE} bytes in all, these are ${list.length}; leave it out and filter in the handler`,
    )
  return list
}

function planOf(members: number | undefined, mode: number): StatePlan {
  return {
    what: 'Broadcast',
    kind: Kind.MEMBERS,
    parameters: [{ name: 'members', value: members, byDefault: 64 }],
    sizeOf: ([slots]) => Header.SIZE + slots * M.SIZE,
    mode,
  }
}
