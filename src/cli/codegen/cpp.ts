import type { FieldLayout, FrameDefinition } from '../../frames/definition.js'
import type { FieldKind } from '../../frames/field.js'
import { Frame, SLOT_SIZE } from '../../frames/format.js'

/**
 * A header for the library for C++: a struct for each kind of frame, which lies in mapped memory as it is.
 *
 * @param maker its first line: what has made it, and when to make it again.
 */
export function cppStructs(definitions: readonly FrameDefinition[], namespace = 'frames', maker = MAKER): string {
  const names = new Names()
  return [
    `// ${maker}`,
    HEAD,
    `namespace ${namespace} {`,
    '',
    ...definitions.map(definition => structOf(definition, names.take(definition.name))),
    `}  // namespace ${namespace}`,
    '',
  ].join('\n')
}

const MAKER =
  "Made by 'ticktape codegen cpp'. Make it again when a definition changes: a program with an old one is told so when it runs."

const HEAD = `#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <ticktape/field.h>
#include <ticktape/frame.h>
`

function structOf(definition: FrameDefinition, struct: string): string {
  const { name, id, slots, fields } = definition
  const names = new Names(struct, 'header', 'kName', 'kId', 'kSlots', 'kJson', 'nameOf')
  const own = new Map(fields.map(field => [field, names.take(field.name)]))
  const enums = new Map(
    fields.filter(({ kind }) => kind === 'enum').map(field => [field, names.take(capitalized(field.name))]),
  )
  const typeOf = (field: FieldLayout): string => enums.get(field) ?? plainType(field)
  const size = `${slots} ${slots === 1 ? 'slot' : 'slots'}`
  return [
    `/** Id ${id}, ${size}. */`,
    `struct ${struct} {`,
    `  static constexpr char kName[] = ${literal(name)};`,
    `  static constexpr std::uint16_t kId = ${id};`,
    `  static constexpr std::uint32_t kSlots = ${slots};`,
    `  static constexpr char kJson[] = ${literal(jsonOf(definition))};`,
    ...Array.from(enums, ([field, type]) => enumOf(field, type)),
    '',
    `  ticktape::${slots === 1 ? 'SmallHeader' : 'LargeHeader'} header;`,
    ...members(definition, field => `${typeOf(field)} ${own.get(field)}`, names),
    '};',
    `static_assert(sizeof(${struct}) == ${slots * SLOT_SIZE});`,
    ...fields.map(field => `static_assert(offsetof(${struct}, ${own.get(field)}) == ${field.offset});`),
    '',
  ].join('\n')
}

/** The fields in the order in which they lie in the frame, and what is between them. */
function members({ slots, fields }: FrameDefinition, declare: (field: FieldLayout) => string, names: Names): string[] {
  const lines: string[] = []
  let at: number = slots === 1 ? Frame.SMALL_HEADER_SIZE : Frame.LARGE_HEADER_SIZE
  const fill = (to: number): void => {
    if (to > at) lines.push(`  std::uint8_t ${names.take(`unused${at}`)}[${to - at}];`)
    at = to
  }
  for (const field of fields.toSorted((a, b) => a.offset - b.offset)) {
    fill(field.offset)
    lines.push(`  ${declare(field)};`)
    at += field.size
  }
  fill(slots * SLOT_SIZE)
  return lines
}

/** The values of an enum and their texts. A byte of a damaged frame may be none of them. */
function enumOf({ values = [] }: FieldLayout, type: string): string {
  const names = new Names()
  const words = values.map(value => names.take(value.replaceAll(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d|$)/, '_')))
  return [
    '',
    `  enum class ${type} : std::uint8_t { ${words.join(', ')} };`,
    '  /** The text of a value; "" for one that has none. */',
    `  static constexpr std::string_view nameOf(${type} value) {`,
    `    constexpr std::string_view texts[] = {${values.map(literal).join(', ')}};`,
    `    return static_cast<std::size_t>(value) < ${values.length} ? texts[static_cast<std::size_t>(value)] : std::string_view();`,
    '  }',
  ].join('\n')
}

function plainType({ kind, size }: FieldLayout): string {
  return TYPES[kind as Exclude<FieldKind, 'enum'>].replace('N', String(size))
}

const TYPES: Readonly<Record<Exclude<FieldKind, 'enum'>, string>> = {
  u8: 'std::uint8_t',
  i8: 'std::int8_t',
  u16: 'std::uint16_t',
  i16: 'std::int16_t',
  u32: 'std::uint32_t',
  i32: 'std::int32_t',
  u64: 'std::uint64_t',
  i64: 'std::int64_t',
  instrument: 'std::uint32_t',
  f32: 'float',
  f64: 'double',
  bool: 'ticktape::Bool',
  ascii: 'ticktape::Ascii<N>',
  text: 'ticktape::Text<N>',
  bytes: 'ticktape::Bytes<N>',
}

/** As schema.json has it: what the library compares with that of the journal. */
function jsonOf({ name, id, slots, fields }: FrameDefinition): string {
  const plain = fields.map(({ name: field, kind, size, offset, values }) => ({
    name: field,
    kind,
    size,
    offset,
    ...(values === undefined ? {} : { values }),
  }))
  return JSON.stringify({ name, id, slots, fields: plain })
}

function capitalized(name: string): string {
  return name.replace(/^[a-z]/, letter => letter.toUpperCase())
}

/** Gives names that no other one in the same scope has, and that C++ does not use. */
class Names {
  private readonly taken: Set<string>

  constructor(...taken: readonly string[]) {
    this.taken = new Set([...CPP_WORDS, ...taken])
  }

  take(wanted: string): string {
    // C++ keeps names with two underscores, and with one before a capital letter, for itself.
    const base = wanted.replaceAll(/__+/g, '_').replace(/^_(?=[A-Z])/, 'x_')
    const tail = base.endsWith('_') ? 'x_' : '_'
    let name = base
    for (let n = 1; this.taken.has(name); n++) name = n === 1 ? base + tail : `${base}${tail}${n}`
    this.taken.add(name)
    return name
  }
}

/** A string literal of ASCII characters: it means the same whatever encoding a compiler expects. */
function literal(text: string): string {
  const parts = Array.from(text, code => (/^[ !#-[\]-~]$/.test(code) ? code : bytesOf(code).map(octal).join('')))
  return `"${parts.join('').replaceAll('??', '?\\?')}"`
}

/** UTF-8. Half of a pair of surrogates is encoded as if it were a character. */
function bytesOf(code: string): number[] {
  const unit = code.length === 1 ? code.charCodeAt(0) : 0
  if (unit < 0xd800 || unit > 0xdfff) return [...Buffer.from(code)]
  return [0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)]
}

function octal(byte: number): string {
  if (byte === 0x22) return '\\"'
  return byte === 0x5c ? '\\\\' : `\\${byte.toString(8).padStart(3, '0')}`
}

/** The words of C++20, and macros that headers of the system define. */
const CPP_WORDS = (
  'alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class compl concept const ' +
  'consteval constexpr constinit const_cast continue co_await co_return co_yield decltype default delete do double dynamic_cast else ' +
  'enum explicit export extern false float for friend goto if inline int long mutable namespace new noexcept not not_eq nullptr ' +
  'operator or or_eq private protected public register reinterpret_cast requires return short signed sizeof static static_assert ' +
  'static_cast struct switch template this thread_local throw true try typedef typeid typename union unsigned using virtual void ' +
  'volatile wchar_t while xor xor_eq assert errno linux major makedev minor stderr stdin stdout unix EOF INFINITY NAN NULL frames std ticktape'
).split(' ')
