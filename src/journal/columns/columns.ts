import type { FrameDefinition } from '../../frames/definition.js'
import type { FieldKind } from '../../frames/field.js'
import { Frame } from '../../frames/format.js'

/** The values of a frame's header that a column can have. */
export const HEADER_COLUMNS = ['position', 'time', 'cause', 'causeJournal', 'source', 'dest', 'sinceRoot'] as const

export type HeaderColumn = (typeof HEADER_COLUMNS)[number]

/** One column of a scan: a field of a definition, or a value of the header. */
export interface Column {
  readonly name: string
  /** How the values are stored. Positions are u64, times i64, as in the header. */
  readonly kind: FieldKind
  /** Bytes of a value. */
  readonly size: number
  /** Bytes from the frame's start; -1 for the position, which is not stored. */
  readonly offset: number
  /** Which value of the header it is; undefined for a field. */
  readonly header: HeaderColumn | undefined
  /** The names of an enum. */
  readonly values?: readonly string[]
}

const HEADERS: Readonly<Record<HeaderColumn, Pick<Column, 'kind' | 'size' | 'offset'>>> = {
  position: { kind: 'u64', size: 8, offset: -1 },
  time: { kind: 'i64', size: 8, offset: Frame.TIME },
  cause: { kind: 'u64', size: 8, offset: Frame.CAUSE },
  causeJournal: { kind: 'u16', size: 2, offset: Frame.CAUSE + 6 },
  source: { kind: 'u16', size: 2, offset: Frame.SOURCE },
  dest: { kind: 'u16', size: 2, offset: Frame.DEST },
  sinceRoot: { kind: 'u32', size: 4, offset: Frame.SINCE_ROOT },
}

/** All columns of a definition: the header's, then its fields in their order. No field can have the name of a header's value. */
export function columnsOf(definition: FrameDefinition): Column[] {
  const header = HEADER_COLUMNS.map((name): Column => ({ name, header: name, ...HEADERS[name] }))
  const fields = definition.fields.map((field): Column => ({ ...field, header: undefined }))
  return [...header, ...fields]
}
