import type { FrameDefinition } from '../../frames/definition.js'
import { Frame, SLOT_SIZE } from '../../frames/format.js'

/** A part of a frame that is packed as one column. */
export interface PackedColumn {
  readonly kind: 'integer' | 'float' | 'bytes'
  /** Bytes from the frame's start, and bytes of a value. */
  readonly offset: number
  readonly size: number
}

/**
 * The columns that together are all bytes of a frame after its time. Bytes that belong to no field are columns too. The number of the
 * instrument comes first, because the others are in its order.
 */
export function layoutOf(definition: FrameDefinition | undefined, slots: number): PackedColumn[] {
  const columns = allColumns(definition, slots)
  const key = keyOffsetOf(definition)
  return [...columns.filter(one => one.offset === key), ...columns.filter(one => one.offset !== key)]
}

function allColumns(definition: FrameDefinition | undefined, slots: number): PackedColumn[] {
  const end = slots * SLOT_SIZE
  const columns: PackedColumn[] = []
  if (slots > 1)
    columns.push(
      { kind: 'integer', offset: Frame.CAUSE, size: 8 },
      { kind: 'integer', offset: Frame.SOURCE, size: 2 },
      { kind: 'integer', offset: Frame.DEST, size: 2 },
      { kind: 'integer', offset: Frame.SINCE_ROOT, size: 4 },
    )
  if (definition?.slots === slots)
    for (const { kind, offset, size } of [...definition.fields].sort((a, b) => a.offset - b.offset)) {
      const packed =
        kind === 'f64' ? 'float' : kind === 'ascii' || kind === 'text' || kind === 'bytes' ? 'bytes' : 'integer'
      columns.push({ kind: packed, offset, size })
    }
  const gaps: PackedColumn[] = []
  let at: number = Frame.SMALL_HEADER_SIZE
  for (const { offset, size } of columns) {
    if (offset > at) gaps.push({ kind: 'bytes', offset: at, size: offset - at })
    // Fields of a schema.json that is not ours may overlap: such a frame is stored as bytes.
    if (offset < at) return [{ kind: 'bytes', offset: Frame.SMALL_HEADER_SIZE, size: end - Frame.SMALL_HEADER_SIZE }]
    at = offset + size
  }
  if (at < end) gaps.push({ kind: 'bytes', offset: at, size: end - at })
  return [...columns, ...gaps]
}

/** The offset of the number that says of which instrument a frame is; undefined when it has none. */
export function keyOffsetOf(definition: FrameDefinition | undefined): number | undefined {
  return definition?.fields.find(({ kind }) => kind === 'instrument')?.offset
}
