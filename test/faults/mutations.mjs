/** Ways to damage a journal. Each function gets the journal's directory and a random generator, and makes one change. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const NUMBERS = [0, 1, 2, 255, 256, 959, 960, 961, 4096, 65535, 65536, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]
const PAGE_WORDS = [8, 12, 16, 20, 24, 28, 32, 40, 56, 64, 72, 120, 128, 256, 260, 264, 384]
const CONTROL_WORDS = [0, 8, 12, 16, 120, 128, 256, 384]

export function mutate(directory, random) {
  random.pick(MUTATIONS)(directory, random)
}

function numberFor(random) {
  return random.chance(0.6) ? random.pick(NUMBERS) : random.below(2 ** 32)
}

function pick(directory, random, pattern) {
  const names = fs.readdirSync(directory).filter(name => pattern.test(name))
  return names.length === 0 ? undefined : path.join(directory, random.pick(names))
}

/** Changes bytes in the file itself: processes that have it mapped see the change. */
function patch(file, change) {
  if (file === undefined || !fs.lstatSync(file, { throwIfNoEntry: false })?.isFile()) return
  const bytes = fs.readFileSync(file)
  if (bytes.length === 0) return
  change(bytes)
  const fd = fs.openSync(file, 'r+')
  fs.writeSync(fd, bytes, 0, bytes.length, 0)
  fs.closeSync(fd)
}

function putWord(bytes, offset, value) {
  if (offset + 4 <= bytes.length) bytes.writeUInt32LE(value, offset)
}

/** CRC32C, so that a changed identity of a page has a matching checksum. */
function crc32c(bytes) {
  let crc = ~0
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}

function sign(bytes) {
  if (bytes.length >= 124) bytes.writeUInt32LE(crc32c(bytes.subarray(0, 120)), 120)
}

const anyFile = /./
const pages = /\.page$/

function word(pattern, offsets) {
  return (directory, random) =>
    patch(pick(directory, random, pattern), bytes => {
      putWord(bytes, random.pick(offsets), numberFor(random))
      if (random.chance(0.7)) sign(bytes)
    })
}

function frameHeader(directory, random) {
  patch(pick(directory, random, pages), bytes => {
    if (bytes.length < 8192) return
    const at = 4096 + 64 * random.below(Math.floor((bytes.length - 4096) / 64))
    const kind = random.below(5)
    if (kind === 0) bytes.writeUInt16LE(numberFor(random) & 0xffff, at)
    else if (kind === 1) bytes[at + 2] = numberFor(random) & 0xff
    else if (kind === 2) bytes[at + 3] = random.below(256)
    else if (kind === 3) bytes.writeUInt32LE(numberFor(random), at + 12)
    else bytes.writeUInt32LE(numberFor(random), at + 4 * random.below(16))
  })
}

function anyBytes(directory, random) {
  patch(pick(directory, random, anyFile), bytes => {
    const at = random.below(bytes.length)
    const length = random.pick([1, 1, 1, 4, 64, 4096])
    const kind = random.below(3)
    for (let i = at; i < Math.min(at + length, bytes.length); i++)
      bytes[i] = kind === 0 ? 0 : kind === 1 ? 255 : random.below(256)
  })
}

function readerSlot(directory, random) {
  patch(path.join(directory, 'control'), bytes => {
    const at = 4096 + 256 * random.below(random.chance(0.7) ? 2 : 240)
    putWord(bytes, at, random.pick([0, 1, 2, 3]))
    putWord(bytes, at + 4 * random.below(64), numberFor(random))
    if (at + 128 <= bytes.length && random.chance(0.3)) bytes.fill(random.below(256), at + 64, at + 128)
  })
}

const SCHEMAS = [
  '',
  '{',
  'null',
  '[]',
  '"x"',
  '{"format":1}',
  '{"format":2,"frames":[]}',
  '{"format":1,"frames":[]}',
  '{"format":1,"frames":{}}',
  '{"format":1,"frames":[null]}',
  '{"format":1,"frames":[{"name":"Tick","id":1,"slots":0,"fields":[]}]}',
  '{"format":1,"frames":[{"name":"Tick","id":1,"slots":255,"fields":[]}]}',
  '{"format":1,"frames":[{"name":"Tick","id":1,"slots":1,"fields":[{"name":"__proto__","kind":"f64","size":8,"offset":16}]}]}',
  '{"format":1,"frames":[{"name":"constructor","id":1,"slots":1,"fields":[{"name":"toObject","kind":"f64","size":8,"offset":16}]}]}',
  '{"format":1,"frames":[{"name":"Tick","id":1,"slots":1,"fields":[{"name":"a","kind":"f64","size":8,"offset":1e300}]}]}',
  '{"format":1,"frames":[{"name":"Tick","id":1,"slots":1,"fields":[{"name":"a","kind":"ascii","size":4294967295,"offset":16}]}]}',
  '{"format":1,"frames":[{"name":"Tick","id":1,"slots":1,"fields":[{"name":"a","kind":"enum","size":1,"offset":16,"values":[]}]}]}',
  '{"format":1,"frames":[{"name":"Tick","id":1,"slots":1,"fields":[{"name":"a","kind":"toString","size":1,"offset":16}]}]}',
  '{"format":1,"frames":[{"name":"Other","id":2,"slots":1,"fields":[]},{"name":"Other","id":2,"slots":1,"fields":[]}]}',
  '['.repeat(20_000),
  `{"format":1,"frames":[${'{},'.repeat(1000)}{}]}`,
]

function schema(directory, random) {
  const file = path.join(directory, 'schema.json')
  const stat = fs.lstatSync(file, { throwIfNoEntry: false })
  if (stat?.isFile() !== true) return
  if (random.chance(0.5)) {
    fs.writeFileSync(file, random.pick(SCHEMAS))
    return
  }
  let text = fs.readFileSync(file, 'utf8')
  // Replaces one number or word with another.
  const tokens = [...text.matchAll(/\d+|"[a-z0-9]+"|[[\]{}:,]/gi)]
  if (tokens.length === 0) return
  const { 0: token, index } = random.pick(tokens)
  text =
    text.slice(0, index) +
    random.pick(['-1', '0', '1e9', 'null', '"x"', '[]', '', '65536', '3', '1.5']) +
    text.slice(index + token.length)
  fs.writeFileSync(file, text)
}

function lockText(directory, random) {
  const file = path.join(directory, 'writer.lock')
  if (!fs.lstatSync(file, { throwIfNoEntry: false })?.isFile()) return
  fs.writeFileSync(
    file,
    random.pick([
      '',
      '{}',
      'null',
      '{"pid":-1,"epoch":-5}',
      '{"epoch":9007199254740991}',
      '{"epoch":1e308,"host":{}}',
      'x'.repeat(100_000),
      '{"pid":1,"since":"\u001b[2J"}',
    ]),
  )
}

function resize(directory, random) {
  const file = pick(directory, random, anyFile)
  if (file === undefined || !fs.lstatSync(file).isFile()) return
  fs.truncateSync(
    file,
    random.pick([0, 1, 64, 100, 128, 4095, 4096, 4097, 5000, 8192, 65535, 65536, 65537, 131072, random.below(200_000)]),
  )
}

function remove(directory, random) {
  const file = pick(directory, random, anyFile)
  if (file !== undefined) fs.rmSync(file, { recursive: true, force: true })
}

function copyPage(directory, random) {
  const file = pick(directory, random, pages)
  if (file === undefined || !fs.lstatSync(file).isFile()) return
  const number = random.pick([0, 1, 2, 3, 4, 4_294_967_295, 4_294_967_296, 9_999_999_999])
  const target = path.join(directory, `${String(number).padStart(10, '0')}.page`)
  if (target === file) return
  const bytes = fs.readFileSync(file)
  fs.rmSync(target, { recursive: true, force: true })
  if (random.chance(0.7) && bytes.length >= 128) {
    bytes.writeUInt32LE(number % 2 ** 32, 20)
    bytes.writeBigUInt64LE(BigInt(number) * 960n, 24)
    sign(bytes)
  }
  if (random.chance(0.3)) fs.rmSync(file)
  fs.writeFileSync(target, bytes)
}

function replace(directory, random) {
  const file = pick(directory, random, anyFile)
  if (file === undefined) return
  fs.rmSync(file, { recursive: true, force: true })
  const kind = random.below(5)
  if (kind === 0) fs.mkdirSync(file)
  else if (kind === 1) fs.symlinkSync(random.pick(['/dev/zero', '/nowhere', file, directory, '/etc/hostname']), file)
  else if (kind === 2) fs.writeFileSync(file, '')
  else if (kind === 3) fs.writeFileSync(file, Buffer.alloc(65536))
  else spawnSync('mkfifo', [file])
}

function strangers(directory, random) {
  const name = random.pick([
    'notes.txt',
    '0000000003.page.tmp',
    'schema.json.tmp',
    'control.tmp',
    '0000000001.page.tmp',
    '.hidden',
  ])
  const file = path.join(directory, name)
  if (fs.existsSync(file)) return
  if (random.chance(0.3)) fs.mkdirSync(file)
  else fs.writeFileSync(file, Buffer.alloc(random.pick([0, 100, 65536])))
}

const header = word(pages, PAGE_WORDS)
const marks = word(
  pages,
  Array.from({ length: 8 }, (_, i) => 512 + 4 * i),
)
const control = word(/^control$/, CONTROL_WORDS)

/**
 * Those that reach deepest into the code are in the list several times. `replace` sometimes starts a process, so it is in the list once.
 */
const MUTATIONS = [
  header,
  header,
  header,
  marks,
  marks,
  control,
  control,
  frameHeader,
  frameHeader,
  frameHeader,
  frameHeader,
  anyBytes,
  anyBytes,
  anyBytes,
  readerSlot,
  readerSlot,
  schema,
  schema,
  lockText,
  resize,
  resize,
  remove,
  copyPage,
  copyPage,
  replace,
  strangers,
]
