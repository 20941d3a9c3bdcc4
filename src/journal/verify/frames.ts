import type { FieldLayout } from '../../frames/definition.js'
import type { Schema } from '../../frames/schema.js'
import { decodeUtf8 } from '../../frames/text.js'

/** Reports what is wrong with the frame at a slot. */
type Tell = (what: string, slot: number) => void

/** A field whose bytes can be invalid: a text, an enum or a bool. Numbers are always valid. */
interface CheckedField {
  readonly field: FieldLayout
  readonly check: (bytes: Uint8Array, at: number) => string | undefined
}

/** The rules that a journal's definitions set for its frames. */
export class FrameRules {
  /** Slots by type; 0 for types without a definition. */
  private readonly slots = new Uint8Array(65_536)
  private readonly names = new Map<number, string>()
  private readonly fields = new Map<number, readonly CheckedField[]>()
  /** The offsets of `instrument` fields. */
  private readonly instrumentsAt = new Map<number, readonly number[]>()
  private readonly known: ReadonlySet<number> | undefined

  constructor(
    /** Undefined when it cannot be read. */
    schema: Schema | undefined,
    /** Types whose definitions are known to be lost. */
    private readonly lost: readonly number[],
    /** Check that every value of every frame can be decoded. */
    deep: boolean,
    /** Whether every type should have a definition. */
    readonly complete: boolean = schema !== undefined,
    /** The numbers in instruments.json; undefined when it cannot be read. */
    instruments?: Iterable<number>,
  ) {
    this.known = instruments === undefined ? undefined : new Set(instruments)
    for (const { id, name, slots, fields } of schema?.definitions ?? []) {
      this.slots[id] = slots
      this.names.set(id, name)
      const checked = deep ? fields.flatMap(checkedField) : []
      if (checked.length > 0) this.fields.set(id, checked)
      if (!deep || this.known === undefined) continue
      const offsets = fields.flatMap(({ kind, offset }) => (kind === 'instrument' ? [offset] : []))
      if (offsets.length > 0) this.instrumentsAt.set(id, offsets)
    }
  }

  slotsOf(type: number): number {
    return this.slots[type]
  }

  nameOf(type: number): string {
    return this.names.get(type) ?? `type ${type}`
  }

  isLost(type: number): boolean {
    return this.lost.includes(type)
  }

  /** Adds the numbers of a frame's instruments that have no entry. */
  collectUnnamed(type: number, u32: Uint32Array, at: number, unnamed: Set<number>): void {
    for (const offset of this.instrumentsAt.get(type) ?? []) {
      const number = u32[(at + offset) >> 2]
      if (number !== 0 && this.known?.has(number) === false) unnamed.add(number)
    }
  }

  checkValues(type: number, bytes: Uint8Array, at: number, slot: number, tell: Tell): void {
    const fields = this.fields.get(type)
    if (fields === undefined) return
    for (const { field, check } of fields) {
      const wrong = check(bytes, at + field.offset)
      if (wrong !== undefined) tell(`'${field.name}' of the ${this.nameOf(type)} ${wrong}`, slot)
    }
  }
}

function checkedField(field: FieldLayout): CheckedField[] {
  const { kind, size } = field
  if (kind === 'enum') {
    const count = field.values?.length ?? 0
    return [
      {
        field,
        check: (bytes, at) => (bytes[at] < count ? undefined : `holds ${bytes[at]}, but has only ${count} names`),
      },
    ]
  }
  if (kind === 'bool')
    return [
      { field, check: (bytes, at) => (bytes[at] <= 1 ? undefined : `holds ${bytes[at]}, neither true nor false`) },
    ]
  if (kind === 'text') {
    const check = (bytes: Uint8Array, at: number): string | undefined => {
      const nul = bytes.subarray(at, at + size).indexOf(0)
      const decoded = decodeUtf8(bytes, at, nul < 0 ? size : nul)
      return 'wrong' in decoded ? decoded.wrong : undefined
    }
    return [{ field, check }]
  }
  if (kind !== 'ascii') return []
  const check = (bytes: Uint8Array, at: number): string | undefined => {
    for (let i = at; i < at + size && bytes[i] !== 0; i++) {
      if (bytes[i] >= 0x80) return `has a byte that is not ASCII (0x${bytes[i].toString(16)})`
    }
    return undefined
  }
  return [{ field, check }]
}
