import { type Fields, FrameDefinition } from '../../frames/definition.js'
import { SchemaMismatchError } from '../../frames/errors.js'
import { SLOT_SHIFT, SLOT_SIZE } from '../../frames/format.js'
import { PageMemory } from '../../frames/memory.js'
import { layoutHash } from '../../frames/schema.js'
import { StateBusyError, StateFullError, StateMismatchError } from '../errors.js'
import { fence, storeRelease } from '../file/fence.js'
import { Header, Kind, RingWord as R, RingType as T } from '../file/format.js'
import { acquireOwnerSlot, isOwnerSlotHeld, readOwnerSlot, releaseOwnerSlot } from '../file/owners.js'
import { StateFile, type StatePlan } from '../file/state-file.js'
import { loadInteger } from '../file/words.js'

/** Indexes of the ring's words in an Int32Array over the file. */
export const Word = {
  TAIL: R.TAIL >> 2,
  POLICY: R.POLICY >> 2,
  HEAD: R.HEAD >> 2,
  LIMIT: R.LIMIT >> 2,
} as const

/** The typed arrays over a ring's file, or over a frame copied out of one. */
export class RingMemory extends PageMemory {
  /** The position of the buffer's first slot. It changes each time the ring wraps around. */
  declare firstPosition: number
}

/** A ring's file as both sides see it. */
export class RingFile {
  readonly memory: RingMemory
  /** The slots that the file was created with. */
  readonly capacity: number
  /** Slots of the buffer, less one. */
  readonly mask: number
  private readonly held: number[] = []

  /** @throws as `StateFile.open`; {StateMismatchError} when the ring has another number of slots. */
  static open(path: string, slots: number | undefined, mode: number): RingFile {
    try {
      return RingFile.of(path, slots, mode)
    } catch (error) {
      if (slots === undefined || !(error instanceof StateMismatchError)) throw error
      // A consumer that named no number may have created it with the default.
      const ring = RingFile.of(path, undefined, mode)
      if (ring.fixSlots(slots)) return ring
      ring.close()
      throw error
    }
  }

  private static of(path: string, slots: number | undefined, mode: number): RingFile {
    const file = StateFile.open(path, ringPlan(slots, mode))
    try {
      return new RingFile(file)
    } catch (error) {
      file.close()
      throw error
    }
  }

  private constructor(readonly file: StateFile) {
    this.capacity = file.parameters[0]
    this.mask = bufferSlots(this.capacity) - 1
    this.memory = new RingMemory(file.mapping.buffer, 0, file.path, 0)
    const used = this.used()
    if (used < 0 || used > this.capacity) file.corrupt(`it would have ${used} of ${this.capacity} slots unread`)
  }

  /** Slots that may be unread. */
  get slots(): number {
    const limit = Atomics.load(this.memory.i32, Word.LIMIT)
    if (limit < 0 || limit > this.capacity) this.file.corrupt(`its limit is ${limit} of ${this.capacity} slots`)
    return limit === 0 ? this.capacity : limit
  }

  /**
   * Fixes how many slots may be unread. Returns false when another number is fixed, or was named at the file's
   * creation.
   */
  fixSlots(slots: number): boolean {
    if (slots > this.capacity || (slots < this.capacity && this.file.parameters[1] === 1)) return false
    const before = Atomics.compareExchange(this.memory.i32, Word.LIMIT, 0, slots)
    return before === 0 || before === slots
  }

  get path(): string {
    return this.file.path
  }

  /** Byte offset of the slot with this count. */
  at(count: number): number {
    return Header.SIZE + ((count & this.mask) << SLOT_SHIFT)
  }

  /** Slots written and not read. */
  used(): number {
    const { i32 } = this.memory
    // The head is loaded first: loaded after the tail, it could be ahead of it.
    const head = Atomics.load(i32, Word.HEAD)
    return (Atomics.load(i32, Word.TAIL) - head) | 0
  }

  /** One of the producer's i64 counts, by its offset. */
  counted(offset: number): number {
    return loadInteger(this.memory.u64, offset >> 3)
  }

  /** Acquires a role until the file is closed or the process ends. @throws {StateBusyError} */
  acquireRole(role: 'producer' | 'consumer'): void {
    const slot = ownerSlotOf(role)
    if (!acquireOwnerSlot(this.file, slot)) {
      const pid = readOwnerSlot(this.file, slot)?.pid
      throw new StateBusyError(`${this.path} has a ${role} already, process ${pid}; a ring has one of each`, pid, {
        path: this.path,
      })
    }
    this.held.push(slot)
  }

  /** Whether another opening of the file has the role now. */
  isRoleHeld(role: 'producer' | 'consumer'): boolean {
    return isOwnerSlotHeld(this.file, ownerSlotOf(role))
  }

  close(): void {
    for (const slot of this.held.splice(0)) releaseOwnerSlot(this.file, slot)
    this.file.close()
  }

  /**
   * Whether the ring knows the definition.
   *
   * @throws {SchemaMismatchError} when it has another one under its id.
   */
  knows(definition: FrameDefinition<Fields>): boolean {
    const at = this.findType(definition.id)
    if (at === undefined) return false
    const { u8, u32 } = this.memory
    const known = Buffer.from(u8.subarray(at + T.HASH, at + T.SIZE))
    if (u32[(at + T.WORD) >> 2] >>> 16 === definition.slots && known.equals(layoutHash([definition]))) return true
    throw new SchemaMismatchError(
      `frame id ${definition.id} means something else in ${this.path} than ${definition.name}; give the changed frame a new id, or use another ring`,
      [],
      { path: this.path },
    )
  }

  /** The slots of a type's frames, undefined when the ring knows of none. */
  slotsOf(type: number): number | undefined {
    const at = this.findType(type)
    return at === undefined ? undefined : this.memory.u32[(at + T.WORD) >> 2] >>> 16
  }

  /**
   * Stores the definition, so that a consumer with another definition of the same id gets an error. For the producer.
   */
  addType(definition: FrameDefinition<Fields>): void {
    if (this.knows(definition)) return
    const { i32, u8 } = this.memory
    for (let i = 0; i < R.TYPE_COUNT; i++) {
      const at = R.TYPES + i * T.SIZE
      if (i32[(at + T.WORD) >> 2] !== 0) continue
      u8.set(layoutHash([definition]), at + T.HASH)
      // The id is stored last: an entry that has an id also has its hash.
      fence()
      storeRelease(i32, (at + T.WORD) >> 2, definition.id | (definition.slots << 16))
      return
    }
    throw new StateFullError(
      `${this.path} has ${R.TYPE_COUNT} frame definitions, the most that a ring can have; use another ring`,
      { path: this.path },
    )
  }

  private findType(id: number): number | undefined {
    for (let i = 0; i < R.TYPE_COUNT; i++) {
      const at = R.TYPES + i * T.SIZE
      const word = Atomics.load(this.memory.i32, (at + T.WORD) >> 2)
      if (word === 0) return undefined
      if ((word & 0xffff) === id) return at
    }
    return undefined
  }
}

/** Slots of a ring when no process names a number. */
const DEFAULT_SLOTS = 4096
export const MAX_SLOTS = 2 ** 24

function ringPlan(slots: number | undefined, mode: number): StatePlan {
  return {
    what: 'Ring',
    kind: Kind.RING,
    parameters: [
      { name: 'slots', value: slots, byDefault: DEFAULT_SLOTS },
      { name: 'asked', value: undefined, byDefault: slots === undefined ? 0 : 1 },
    ],
    sizeOf: ([count]) => Header.SIZE + (bufferSlots(count) + R.OVERHANG) * SLOT_SIZE,
    mode,
  }
}

function bufferSlots(slots: number): number {
  let buffer = 1
  while (buffer < slots) buffer *= 2
  return buffer
}

function ownerSlotOf(role: 'producer' | 'consumer'): number {
  return role === 'producer' ? R.PRODUCER : R.CONSUMER
}
