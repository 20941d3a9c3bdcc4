import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { Frame, Page as P, SLOT_SHIFT } from '../../frames/format.js'
import type { Schema } from '../../frames/schema.js'
import { ArchiveError } from '../../journal/errors.js'
import { native } from '../../native/index.js'
import { type PackedBlock, packBlock, unpackBlock } from './block.js'

/**
 * A packed page: 'TTARCH01', the size of the description (u32), the description (JSON, deflated), the page's header (deflated), then the
 * streams of its blocks. Nothing is lost: unpacked it is the same page, byte for byte.
 */
interface PageDescription {
  readonly format: 1
  readonly pageSize: number
  readonly cursor: number
  readonly firstPosition: number
  /** Bytes of the packed header. */
  readonly header: number
  /** CRC32C of the page's header and of the slots below the cursor. */
  readonly crc: number
  readonly blocks: readonly (PackedBlock & { readonly slot: number; readonly slots: number; readonly bytes: number })[]
}

const MAGIC = Buffer.from('TTARCH01')
/** Slots of a block, so that packing a page of any size takes little memory. */
const BLOCK_SLOTS = 65_536
/** A description has less. */
const MOST_DESCRIPTION = 256 * 1024 * 1024

/** Packs a page. @param cursor slots with frames. @throws {ArchiveError} when a frame is damaged. */
export function packPage(page: Uint8Array, cursor: number, firstPosition: number, schema: Schema): Buffer {
  const header = deflateRawSync(page.subarray(0, P.HEADER_SIZE), { level: 9 })
  const blocks: PageDescription['blocks'][number][] = []
  const parts: Buffer[] = []
  for (let slot = 0; slot < cursor; ) {
    const end = endOfBlock(page, slot, cursor)
    const bytes = page.subarray(P.HEADER_SIZE + (slot << SLOT_SHIFT), P.HEADER_SIZE + (end << SLOT_SHIFT))
    const { block, streams } = packBlock(bytes, firstPosition + slot, schema)
    blocks.push({ ...block, slot, slots: end - slot, bytes: streams.length })
    parts.push(streams)
    slot = end
  }
  const description: PageDescription = {
    format: 1,
    pageSize: page.length,
    cursor,
    firstPosition,
    header: header.length,
    crc: crcOfPage(page, cursor),
    blocks,
  }
  const json = deflateRawSync(Buffer.from(JSON.stringify(description)), { level: 9 })
  const size = Buffer.alloc(4)
  size.writeUInt32LE(json.length)
  return Buffer.concat([MAGIC, size, json, header, ...parts])
}

/** The page, with all its bytes. @param file for errors. @throws {ArchiveError} when it is damaged. */
export function unpackPage(packed: Uint8Array, schema: Schema, file: string): Uint8Array {
  const damaged = (what: string, cause?: unknown): ArchiveError =>
    new ArchiveError(`${file} is damaged: ${what}`, { path: file, cause })
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.length)
  if (bytes.length < 12 || !bytes.subarray(0, 8).equals(MAGIC)) throw damaged('it does not begin as a packed page does')
  const jsonSize = bytes.readUInt32LE(8)
  try {
    const json = inflateRawSync(bytes.subarray(12, 12 + jsonSize), { maxOutputLength: MOST_DESCRIPTION })
    const description = JSON.parse(json.toString()) as PageDescription
    const { format, pageSize, cursor, firstPosition, header, crc, blocks } = description
    if (format !== 1) throw damaged('it is of another version')
    if (pageSize > P.MAX_SIZE || P.HEADER_SIZE + (cursor << SLOT_SHIFT) > pageSize)
      throw damaged('its sizes contradict each other')
    const page = new Uint8Array(pageSize)
    let at = 12 + jsonSize
    page.set(inflateRawSync(bytes.subarray(at, at + header), { maxOutputLength: P.HEADER_SIZE }))
    at += header
    for (const block of blocks) {
      const from = P.HEADER_SIZE + (block.slot << SLOT_SHIFT)
      const frames = page.subarray(from, from + (block.slots << SLOT_SHIFT))
      unpackBlock(block, bytes.subarray(at, at + block.bytes), frames, firstPosition + block.slot, schema)
      at += block.bytes
    }
    if (crcOfPage(page, cursor) !== crc) throw damaged('its checksum is wrong')
    return page
  } catch (error) {
    if (error instanceof ArchiveError && error.path !== undefined) throw error
    throw damaged((error as Error).message, error)
  }
}

function crcOfPage(page: Uint8Array, cursor: number): number {
  return native.crc32c(page.subarray(0, P.HEADER_SIZE + (cursor << SLOT_SHIFT)), 0)
}

/** At least one frame, and no part of one. */
function endOfBlock(page: Uint8Array, from: number, cursor: number): number {
  let slot = from
  while (slot < cursor) {
    const slots = page[P.HEADER_SIZE + (slot << SLOT_SHIFT) + Frame.SLOTS]
    if (slots === 0 || slot + slots > cursor)
      throw new ArchiveError(`the frame at slot ${slot} is damaged: run 'ticktape verify' on its journal`)
    if (slot > from && slot + slots - from > BLOCK_SLOTS) break
    slot += slots
  }
  return slot
}
