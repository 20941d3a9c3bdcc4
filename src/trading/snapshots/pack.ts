/**
 * Plain data as bytes. Numbers and texts are JSON, so that they are exact and can be read by eye; long lists of numbers and
 * bytes are behind it as they are in memory, because JSON takes some 50 ns for each number.
 *
 *     u32 length of the JSON | u32 0 | JSON | zeros up to a multiple of 8 | the lists, each at a multiple of 8
 *
 * Little-endian. In the JSON a list is `{ "$numbers": [first byte, length] }` (a Float64Array), `{ "$list": ... }` (a plain list of
 * numbers) or `{ "$bytes": ... }`, counted from the end of the zeros. Other names that begin with `$` have one more of them.
 */
export function pack(value: unknown): Buffer {
  const lists: Uint8Array[] = []
  let size = 0
  const put = (bytes: Uint8Array): number => {
    const at = size
    lists.push(bytes)
    size = aligned(size + bytes.length)
    return at
  }
  const json = Buffer.from(JSON.stringify(extract(value, put)))
  const start = aligned(HEAD + json.length)
  const packed = Buffer.alloc(start + size)
  packed.writeUInt32LE(json.length, 0)
  json.copy(packed, HEAD)
  let at = start
  for (const bytes of lists) {
    packed.set(bytes, at)
    at = aligned(at + bytes.length)
  }
  return packed
}

/** What `pack` was given. @throws {RangeError} or {SyntaxError} for other bytes. */
export function unpack(packed: Uint8Array): unknown {
  const buffer = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength)
  const length = buffer.readUInt32LE(0)
  if (HEAD + length > buffer.length) throw new RangeError(`${length} bytes of JSON in ${buffer.length} bytes`)
  const start = aligned(HEAD + length)
  return insert(JSON.parse(buffer.toString('utf8', HEAD, HEAD + length)), (at, size) =>
    buffer.subarray(start + at, start + at + size),
  )
}

/** Two packed values, one behind the other. */
export function joined(first: Buffer, second: Buffer): Buffer {
  const head = Buffer.alloc(HEAD)
  head.writeUInt32LE(aligned(first.length), 0)
  return Buffer.concat([head, first, Buffer.alloc(aligned(first.length) - first.length), second])
}

/** Both parts of what `joined` made. @throws {RangeError} for other bytes. */
export function parted(bytes: Uint8Array): readonly [first: Uint8Array, second: Uint8Array] {
  const length = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).readUInt32LE(0)
  return [bytes.subarray(HEAD, HEAD + length), bytes.subarray(HEAD + length)]
}

const HEAD = 8
/** Lists with so many numbers are not JSON; lists with so many other things are JSON as a whole. */
const LONG = 64

function aligned(size: number): number {
  return (size + 7) & ~7
}

function extract(value: unknown, put: (bytes: Uint8Array) => number): unknown {
  if (value instanceof Float64Array) return { $numbers: [put(bytesOf(value)), value.length] }
  if (value instanceof Uint8Array) return { $bytes: [put(value), value.length] }
  if (Array.isArray(value)) {
    if (value.length < LONG) return value.map(item => extract(item, put))
    const isNumbers = (value as unknown[]).every(item => typeof item === 'number')
    return isNumbers ? { $list: [put(bytesOf(Float64Array.from(value as number[]))), value.length] } : value
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name.startsWith('$') ? `$${name}` : name, extract(item, put)]),
  )
}

function insert(value: unknown, get: (at: number, size: number) => Buffer): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.length < LONG ? value.map(item => insert(item, get)) : value
  const { $numbers, $bytes, $list } = value as Partial<
    Record<'$numbers' | '$bytes' | '$list', readonly [number, number]>
  >
  if ($list !== undefined) return Array.from(insert({ $numbers: $list }, get) as Float64Array)
  if ($bytes !== undefined) return get(...$bytes)
  if ($numbers !== undefined) {
    const bytes = get($numbers[0], $numbers[1] * Float64Array.BYTES_PER_ELEMENT)
    const numbers = new Float64Array($numbers[1])
    bytesOf(numbers).set(bytes)
    return numbers
  }
  const all = value as Record<string, unknown>
  const entries = Object.entries(all)
  if (entries.some(([name]) => name.startsWith('$')))
    return Object.fromEntries(entries.map(([name, item]) => [name.replace(/^\$/, ''), insert(item, get)]))
  for (const [name, item] of entries) all[name] = insert(item, get)
  return all
}

function bytesOf(numbers: Float64Array): Uint8Array {
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength)
}
