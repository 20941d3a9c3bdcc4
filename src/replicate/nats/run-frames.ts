import { type Dispatch, type FrameOrigin, type Route } from '../../frames/dispatch.js'
import { Frame, Page as P, SLOT_SHIFT } from '../../frames/format.js'
import { PageMemory } from '../../frames/memory.js'

/** The frames of one run, as if they were on a page that begins with it. */
export class RunFrames {
  memory: PageMemory
  private slot = 0
  private end = 0
  private buffer = new ArrayBuffer(P.HEADER_SIZE)

  constructor(
    private readonly origin: FrameOrigin,
    /** For error messages. */
    private readonly path: string,
    private readonly journalId: number,
  ) {
    this.memory = new PageMemory(this.buffer, 0, path, journalId)
  }

  /** The position of the next frame. */
  get position(): number {
    return this.memory.firstPosition + this.slot
  }

  /** Takes another run, of which the frames before a position were read already. The frames of the last one are gone. */
  load(position: number, bytes: Uint8Array, from: number): void {
    const size = P.HEADER_SIZE + bytes.length
    if (this.buffer.byteLength < size) this.buffer = new ArrayBuffer(size)
    this.memory = new PageMemory(this.buffer, position, this.path, this.journalId)
    this.memory.u8.set(bytes, P.HEADER_SIZE)
    this.end = bytes.length >> SLOT_SHIFT
    this.slot = 0
    while (position + this.slot < from && this.slot < this.end) this.slot += this.slotsAt(this.slot)
  }

  /** Advances by one frame and returns its route, with its view pointing at the frame; undefined when there is none. @throws {CorruptJournalError} */
  step(dispatch: Dispatch): Route | undefined {
    const { slot } = this
    if (slot >= this.end) return undefined
    if (dispatch.memory !== this.memory) dispatch.rebind(this.memory)
    const at = P.HEADER_SIZE + (slot << SLOT_SHIFT)
    const slots = this.slotsAt(slot)
    const type = this.memory.u16[(at + Frame.TYPE) >> 1]
    if (type === 0) this.damaged(slot, 'has no type')
    const route = dispatch.resolve(type, slots, this.position)
    this.slot = slot + slots
    route.pointer.at = at
    return route
  }

  private slotsAt(slot: number): number {
    const slots = this.memory.u8[P.HEADER_SIZE + (slot << SLOT_SHIFT) + Frame.SLOTS]
    if (slots === 0) this.damaged(slot, 'has no slots')
    if (slot + slots > this.end) this.damaged(slot, `ends after its run, which has ${this.end} slots`)
    return slots
  }

  private damaged(slot: number, what: string): never {
    return this.origin.damaged(what, this.memory.firstPosition + slot, this.path)
  }
}
