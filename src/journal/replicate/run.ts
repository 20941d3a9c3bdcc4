import type { FrameDefinition } from '../../frames/definition.js'
import { Frame, FrameFlag, SLOT_SHIFT, SLOT_SIZE } from '../../frames/format.js'
import type { Schema } from '../../frames/schema.js'
import { ReplicaMismatchError } from '../errors.js'

/** Committed frames of a journal that follow each other on one page: what goes from a source to its replicas at once. */
export interface Run {
  /** Where the run before this one ended. It differs from `position` where the source continued on another page. */
  readonly after: number
  /** The position of its first frame. */
  readonly position: number
  /**
   * The frames as the source has them, with 0 in place of their CRCs: the source computes these some time after it has committed
   * frames, and each replica computes its own.
   */
  readonly bytes: Uint8Array
}

/** The number of frames in bytes that are whole frames. */
export function framesIn(bytes: Uint8Array): number {
  let frames = 0
  for (let at = 0; at < bytes.length; at += bytes[at + Frame.SLOTS] << SLOT_SHIFT) frames++
  return frames
}

/** The slots of a run. */
export function slotsOfRun({ bytes }: Run): number {
  return bytes.length >> SLOT_SHIFT
}

/** What a run has, found by a walk over its frames. */
export interface RunContents {
  readonly frames: number
  /** ns since 1970 of its last frame. */
  readonly lastTime: bigint
}

/**
 * Walks the frames of a run. Its bytes are not trusted.
 *
 * @param schema the definitions that its frames may have.
 * @param minTime ns since 1970: times of frames never decrease.
 * @throws {ReplicaMismatchError} for bytes that are not frames, and for frames that the replica may not have.
 */
export function walkRun(run: Run, schema: Schema, minTime: bigint, path: string): RunContents {
  const { bytes, position } = run
  const refuse = (at: number, how: string): never => {
    const where = position + (at >> SLOT_SHIFT)
    throw new ReplicaMismatchError(
      `the frame at position ${where} that ${path} was to get ${how}; nothing of its run was written: check the source with 'ticktape verify'`,
      { path, position: where },
    )
  }
  if (bytes.length === 0 || bytes.length % SLOT_SIZE !== 0)
    refuse(0, `is in a run of ${bytes.length} bytes, which is no number of slots`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // Times as two halves: a bigint for each frame would be an object for each frame.
  let [high, low] = [Number(minTime >> 32n), Number(minTime & 0xffff_ffffn)]
  let known: FrameDefinition | undefined
  let frames = 0
  for (let at = 0; at < bytes.length; frames++) {
    const type = view.getUint16(at + Frame.TYPE, true)
    const slots = bytes[at + Frame.SLOTS]
    const size = slots << SLOT_SHIFT
    if (slots === 0 || at + size > bytes.length) refuse(at, `takes ${slots} slots, and its run ends before that`)
    if (known?.id !== type || known.slots !== slots) known = definitionOf(type, slots, schema, how => refuse(at, how))
    if ((bytes[at + Frame.FLAGS] & ~FrameFlag.HAS_CAUSE) !== 0) refuse(at, 'has flags that this version does not know')
    if (view.getInt32(at + Frame.CRC, true) !== 0) refuse(at, 'came with a CRC, which each replica computes itself')
    const ownLow = view.getUint32(at + Frame.TIME, true)
    const ownHigh = view.getInt32(at + Frame.TIME + 4, true)
    if (ownHigh < high || (ownHigh === high && ownLow < low))
      refuse(at, `has the time ${timeOf(ownHigh, ownLow)}, but an earlier frame has ${timeOf(high, low)}`)
    high = ownHigh
    low = ownLow
    at += size
  }
  return { frames, lastTime: timeOf(high, low) }
}

function definitionOf(type: number, slots: number, schema: Schema, refuse: (how: string) => never): FrameDefinition {
  const definition = schema.get(type)
  if (definition === undefined) return refuse(`has type ${type}, which the source has not defined`)
  if (definition.slots !== slots)
    return refuse(`has ${slots} slots, but a ${definition.name} takes ${definition.slots}`)
  return definition
}

function timeOf(high: number, low: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low)
}

/** Stores 0 in place of the CRC of each frame. The bytes are whole frames. Returns how many. */
export function clearCrcs(bytes: Uint8Array): number {
  let frames = 0
  for (let at = 0; at < bytes.length; at += bytes[at + Frame.SLOTS] << SLOT_SHIFT, frames++) {
    // Four stores: a call of `fill` for each frame takes several times as long.
    bytes[at + Frame.CRC] = 0
    bytes[at + Frame.CRC + 1] = 0
    bytes[at + Frame.CRC + 2] = 0
    bytes[at + Frame.CRC + 3] = 0
  }
  return frames
}
