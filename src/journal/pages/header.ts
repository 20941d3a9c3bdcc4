import { CorruptJournalError, FormatVersionError } from '../../frames/errors.js'
import { FORMAT_VERSION, PAGE_MAGIC, Page, SLOT_SHIFT } from '../../frames/format.js'
import { NotAJournalError } from '../errors.js'

/** The identity of a page: written once, before the page gets its name. */
export interface PageIdentity {
  /** Bits of PageFlag. */
  readonly flags: number
  /** Bytes. */
  readonly pageSize: number
  readonly pageNumber: number
  readonly firstPosition: number
  /** ns since 1970. */
  readonly created: bigint
  /** 32 hexadecimal digits. */
  readonly bootId: string
  readonly epoch: number
  /** 8 bytes. */
  readonly layoutHash: Uint8Array
  readonly journalId: number
}

/** Slots of a page of this many bytes. */
export function slotsOf(pageSize: number): number {
  return (pageSize - Page.HEADER_SIZE) >> SLOT_SHIFT
}

/** Slots from one mark to the next: a power of two, so that no page needs more marks than its header holds. */
export function markStride(pageSize: number): number {
  let stride = Page.MIN_MARK_STRIDE
  while (Math.ceil(slotsOf(pageSize) / stride) > Page.MARK_COUNT) stride *= 2
  return stride
}

/** The first 4096 bytes of a new page. `crc` is CRC32C. */
export function encodePageHeader(identity: PageIdentity, crc: (bytes: Uint8Array) => number): Uint8Array {
  const bytes = new Uint8Array(Page.HEADER_SIZE)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < PAGE_MAGIC.length; i++) bytes[Page.MAGIC + i] = PAGE_MAGIC.charCodeAt(i)
  view.setUint32(Page.VERSION, FORMAT_VERSION, true)
  view.setUint32(Page.FLAGS, identity.flags, true)
  view.setUint32(Page.PAGE_SIZE, identity.pageSize, true)
  view.setUint32(Page.PAGE_NUMBER, identity.pageNumber, true)
  view.setBigUint64(Page.FIRST_POSITION, BigInt(identity.firstPosition), true)
  view.setBigInt64(Page.CREATED, identity.created, true)
  for (let i = 0; i < 16; i++) bytes[Page.BOOT_ID + i] = Number.parseInt(identity.bootId.slice(2 * i, 2 * i + 2), 16)
  view.setBigUint64(Page.EPOCH, BigInt(identity.epoch), true)
  bytes.set(identity.layoutHash, Page.LAYOUT_HASH)
  view.setUint16(Page.JOURNAL_ID, identity.journalId, true)
  view.setUint32(Page.IDENTITY_CRC, crc(bytes.subarray(0, Page.IDENTITY_CRC)), true)
  return bytes
}

/**
 * Reads a page's identity and checks it against itself, its file's size and its file's name.
 *
 * @param bytes at least the first 128 of the file.
 * @throws {NotAJournalError, FormatVersionError, CorruptJournalError}
 */
export function decodePageHeader(
  bytes: Uint8Array,
  fileSize: number,
  pageNumber: number,
  path: string,
  crc: (bytes: Uint8Array) => number,
): PageIdentity {
  const corrupt = (what: string): never => {
    throw new CorruptJournalError(`the header of ${path} is damaged: ${what}; run 'ticktape verify' on its journal`, {
      path,
      page: pageNumber,
    })
  }
  if (bytes.length < Page.IDENTITY_SIZE) corrupt(`the file has ${fileSize} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let i = 0; i < PAGE_MAGIC.length; i++) {
    if (bytes[Page.MAGIC + i] !== PAGE_MAGIC.charCodeAt(i)) {
      if (bytes.subarray(0, Page.IDENTITY_SIZE).every(byte => byte === 0)) corrupt('it is all zeros')
      throw new NotAJournalError(`${path} does not begin with the magic of a page`, { path })
    }
  }
  const version = view.getUint32(Page.VERSION, true)
  if (version !== FORMAT_VERSION) {
    throw new FormatVersionError(
      `${path} has version ${version} of the format, but this library reads ${FORMAT_VERSION}; use the version of ticktape that wrote it`,
      { path },
    )
  }
  if (view.getUint32(Page.IDENTITY_CRC, true) !== crc(bytes.subarray(0, Page.IDENTITY_CRC)))
    corrupt('its checksum is wrong')
  const pageSize = view.getUint32(Page.PAGE_SIZE, true)
  if (pageSize < Page.MIN_SIZE || pageSize > Page.MAX_SIZE || pageSize % Page.HEADER_SIZE !== 0)
    corrupt(`it says a page has ${pageSize} bytes`)
  if (pageSize !== fileSize) corrupt(`it says ${pageSize} bytes, but the file has ${fileSize}`)
  const storedNumber = view.getUint32(Page.PAGE_NUMBER, true)
  if (storedNumber !== pageNumber) corrupt(`it says page ${storedNumber}, but the file's name says page ${pageNumber}`)
  const firstPosition = Number(view.getBigUint64(Page.FIRST_POSITION, true))
  if (firstPosition !== pageNumber * slotsOf(pageSize) || !Number.isSafeInteger(firstPosition + slotsOf(pageSize)))
    corrupt(`it says first position ${firstPosition}`)
  return {
    flags: view.getUint32(Page.FLAGS, true),
    pageSize,
    pageNumber,
    firstPosition,
    created: view.getBigInt64(Page.CREATED, true),
    bootId: Buffer.from(bytes.subarray(Page.BOOT_ID, Page.BOOT_ID + 16)).toString('hex'),
    epoch: Number(view.getBigUint64(Page.EPOCH, true)),
    layoutHash: bytes.slice(Page.LAYOUT_HASH, Page.LAYOUT_HASH + 8),
    journalId: view.getUint16(Page.JOURNAL_ID, true),
  }
}
