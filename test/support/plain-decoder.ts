/**
 * Reads pages only by the description in docs/format.md: no constant and no function of the library is used
 * here. Tests compare the library's view of a page with this one.
 */

export interface PlainFrame {
  readonly position: number
  readonly type: number
  readonly slots: number
  readonly crc: number
  /** Whether the CRC is what the bytes and the position give. */
  readonly crcRight: boolean
  readonly time: bigint
  readonly cause: { readonly journal: number; readonly position: number } | undefined
  readonly source: number | undefined
  readonly dest: number | undefined
  readonly sinceRoot: number | undefined
  readonly values: Record<string, unknown>
}

export interface PlainPage {
  readonly flags: number
  readonly pageSize: number
  readonly pageNumber: number
  readonly firstPosition: number
  readonly created: bigint
  readonly bootId: string
  readonly epoch: bigint
  readonly layoutHash: string
  readonly journalId: number
  readonly identityCrcRight: boolean
  readonly cursor: number
  readonly sealed: number
  /** Undefined where none is set. */
  readonly pageCrcRight: boolean | undefined
  readonly durable: number
  /** The marks that are valid: those below the cursor. */
  readonly marks: readonly number[]
  readonly stride: number
  readonly frames: readonly PlainFrame[]
}

export interface PlainField {
  readonly name: string
  readonly kind: string
  readonly size: number
  readonly offset: number
  readonly values?: readonly string[]
}

export interface PlainDefinition {
  readonly name: string
  readonly id: number
  readonly slots: number
  readonly fields: readonly PlainField[]
}

/** Bit by bit, from the polynomial. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  let crc = ~seed
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0x82f63b78 : 0)
  }
  return ~crc >>> 0
}

/** The definitions of a schema.json. */
export function decodeSchema(text: string): PlainDefinition[] {
  const { format, frames } = JSON.parse(text) as { format: number; frames: PlainDefinition[] }
  const later = frames.some(({ fields }) => fields.some(({ kind }) => kind === 'text' || kind === 'instrument'))
  if (format !== (later ? 2 : 1)) throw new Error(`format ${format}`)
  return frames
}

export interface PlainInstrument {
  readonly number: number
  readonly venue: string
  readonly symbol: string
}

/** The entries of an instruments.json, by number. */
export function decodeInstruments(text: string): Map<number, PlainInstrument> {
  const { format, instruments } = JSON.parse(text) as { format: number; instruments: PlainInstrument[] }
  if (format !== 1) throw new Error(`format ${format}`)
  return new Map(instruments.map(entry => [entry.number, entry]))
}

export function decodePage(page: Uint8Array, definitions: readonly PlainDefinition[]): PlainPage {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
  const u32 = (at: number): number => view.getUint32(at, true)
  const magic = Buffer.from(page.subarray(0, 8)).toString('latin1')
  if (magic !== 'TICKTAPE' || u32(8) !== 1) throw new Error(`${magic} in version ${u32(8)}`)
  const pageSize = u32(16)
  const capacity = (pageSize - 4096) / 64
  const cursor = u32(128)
  const firstPosition = Number(view.getBigUint64(24, true))
  const stride = strideOf(capacity)
  const marks: number[] = []
  for (let i = 1; i < 896; i++) {
    const mark = u32(512 + 4 * i)
    if (mark !== 0 && mark < cursor) marks.push(mark)
  }
  return {
    flags: u32(12),
    pageSize,
    pageNumber: u32(20),
    firstPosition,
    created: view.getBigInt64(32, true),
    bootId: Buffer.from(page.subarray(40, 56)).toString('hex'),
    epoch: view.getBigUint64(56, true),
    layoutHash: Buffer.from(page.subarray(64, 72)).toString('hex'),
    journalId: view.getUint16(72, true),
    identityCrcRight: u32(120) === crc32c(page.subarray(0, 120)),
    cursor,
    sealed: u32(256),
    pageCrcRight:
      u32(264) === 1
        ? u32(260) === crc32c(page.subarray(4096, 4096 + cursor * 64), crc32c(page.subarray(0, 128)))
        : undefined,
    durable: u32(384),
    marks,
    stride,
    frames: decodeFrames(page, cursor, firstPosition, definitions),
  }
}

function strideOf(capacity: number): number {
  let stride = 256
  while (capacity / stride > 896) stride *= 2
  return stride
}

function decodeFrames(
  page: Uint8Array,
  cursor: number,
  firstPosition: number,
  definitions: readonly PlainDefinition[],
): PlainFrame[] {
  const frames: PlainFrame[] = []
  for (let slot = 0; slot < cursor; ) {
    const start = 4096 + slot * 64
    const slots = page[start + 2]
    const bytes = page.subarray(start, start + slots * 64)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const large = slots > 1
    const position = firstPosition + slot
    const type = view.getUint16(0, true)
    const cause = large && (bytes[3] & 1) === 1 ? view.getBigUint64(16, true) : undefined
    const crc = view.getUint32(4, true)
    frames.push({
      position,
      type,
      slots,
      crc,
      crcRight: crc === frameCrc(bytes, position),
      time: view.getBigInt64(8, true),
      cause:
        cause === undefined
          ? undefined
          : { journal: Number(cause >> 48n), position: Number(cause & 0xffff_ffff_ffffn) },
      source: large ? view.getUint16(24, true) : undefined,
      dest: large ? view.getUint16(26, true) : undefined,
      sinceRoot: large ? view.getUint32(28, true) : undefined,
      values: decodeFields(
        bytes,
        definitions.find(({ id }) => id === type),
      ),
    })
    slot += slots
  }
  return frames
}

function frameCrc(bytes: Uint8Array, position: number): number {
  const prefix = new Uint8Array(8)
  new DataView(prefix.buffer).setBigUint64(0, BigInt(position), true)
  return crc32c(bytes.subarray(8), crc32c(bytes.subarray(0, 4), crc32c(prefix))) || 1
}

/** The fields of a frame, given all of its bytes. */
export function decodeFields(bytes: Uint8Array, definition: PlainDefinition | undefined): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const field of definition?.fields ?? []) values[field.name] = decodeField(bytes, field)
  return values
}

function decodeField(bytes: Uint8Array, { kind, size, offset, values }: PlainField): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  switch (kind) {
    case 'u8':
      return view.getUint8(offset)
    case 'i8':
      return view.getInt8(offset)
    case 'u16':
      return view.getUint16(offset, true)
    case 'i16':
      return view.getInt16(offset, true)
    case 'u32':
    case 'instrument':
      return view.getUint32(offset, true)
    case 'i32':
      return view.getInt32(offset, true)
    case 'f32':
      return view.getFloat32(offset, true)
    case 'f64':
      return view.getFloat64(offset, true)
    case 'u64':
      return view.getBigUint64(offset, true)
    case 'i64':
      return view.getBigInt64(offset, true)
    case 'bool':
      return view.getUint8(offset) === 1
    case 'enum':
      return values?.[view.getUint8(offset)]
    case 'ascii':
      return Buffer.from(bytes.subarray(offset, offset + size))
        .toString('latin1')
        .split('\0')[0]
    case 'text': {
      const nul = bytes.indexOf(0, offset)
      const end = nul < 0 ? offset + size : Math.min(nul, offset + size)
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes.subarray(offset, end))
    }
    case 'bytes':
      return new Uint8Array(bytes.subarray(offset, offset + size))
    default:
      throw new Error(`no kind ${kind}`)
  }
}
