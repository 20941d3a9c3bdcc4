import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import type { PageMemory } from '../../frames/memory.js'
import type { Column } from './columns.js'

/** A condition on a column of numbers: only frames that satisfy it are scanned. A NaN satisfies none but '!='. */
export interface Predicate {
  readonly column: string
  readonly op: '<' | '<=' | '=' | '!=' | '>=' | '>'
  /** A bigint for columns of 64-bit integers, a number for all others; of an enum its stored number. */
  readonly value: number | bigint
}

/** Whether the frame at an offset of a page's memory satisfies a condition. */
export type Test = (memory: PageMemory, at: number) => boolean

type Load = (memory: PageMemory, at: number) => number | bigint

/** @throws {InvalidOptionError} for a column without numbers, or a value of the wrong type. */
export function testOf(predicate: Predicate, columns: readonly Column[]): Test {
  const { column: name, op, value } = predicate
  const column = columns.find(one => one.name === name)
  const load = column === undefined || column.header !== undefined ? undefined : loadOf(column)
  if (column === undefined || load === undefined) {
    const numbers = columns.filter(one => one.header === undefined && loadOf(one) !== undefined).map(one => one.name)
    throw new InvalidOptionError(
      `a condition is on a field of numbers, not on '${name}'; there are: ${numbers.join(', ') || 'none'}; limits of positions and times are options of the scan`,
    )
  }
  const isBig = column.kind === 'u64' || column.kind === 'i64'
  if (typeof value !== (isBig ? 'bigint' : 'number'))
    throw new InvalidOptionError(
      `a condition on '${name}' takes a ${isBig ? 'bigint' : 'number'}, not ${formatValue(value)}`,
    )
  switch (op) {
    case '<':
      return (memory, at) => load(memory, at) < value
    case '<=':
      return (memory, at) => load(memory, at) <= value
    case '=':
      return (memory, at) => load(memory, at) === value
    case '!=':
      return (memory, at) => load(memory, at) !== value
    case '>=':
      return (memory, at) => load(memory, at) >= value
    case '>':
      return (memory, at) => load(memory, at) > value
    default:
      throw new InvalidOptionError(`a condition has one of < <= = != >= >, not ${formatValue(op)}`)
  }
}

function loadOf({ kind, offset }: Column): Load | undefined {
  switch (kind) {
    case 'u8':
    case 'bool':
    case 'enum':
      return ({ u8 }, at) => u8[at + offset]
    case 'i8':
      return ({ i8 }, at) => i8[at + offset]
    case 'u16':
      return ({ u16 }, at) => u16[(at + offset) >> 1]
    case 'i16':
      return ({ i16 }, at) => i16[(at + offset) >> 1]
    case 'u32':
    case 'instrument':
      return ({ u32 }, at) => u32[(at + offset) >> 2]
    case 'i32':
      return ({ i32 }, at) => i32[(at + offset) >> 2]
    case 'f32':
      return ({ f32 }, at) => f32[(at + offset) >> 2]
    case 'f64':
      return ({ f64 }, at) => f64[(at + offset) >> 3]
    case 'u64':
      return ({ u64 }, at) => u64[(at + offset) >> 3]
    case 'i64':
      return ({ i64 }, at) => i64[(at + offset) >> 3]
    default:
      return undefined
  }
}
