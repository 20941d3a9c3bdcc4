// Reads what check-binary.mjs wants to know of a macOS binary: Debian has no program that says it.
// The format: <mach-o/loader.h> and <mach-o/nlist.h> of macOS.

const MAGIC_64 = 0xfeedfacf
const ARCHES = new Map([
  [0x01000007, 'x64'],
  [0x0100000c, 'arm64'],
])
const Command = {
  SYMTAB: 0x2,
  LOAD_DYLIB: 0xc,
  LOAD_WEAK_DYLIB: 0x80000018,
  CODE_SIGNATURE: 0x1d,
  VERSION_MIN_MACOSX: 0x24,
  BUILD_VERSION: 0x32,
}
const HEADER_SIZE = 32
const SYMBOL_SIZE = 16
// n_type of a symbol.
const STAB = 0xe0
const TYPE = 0x0e
const EXTERNAL = 0x01
const PRIVATE_EXTERNAL = 0x10

/** @returns {{ arch: string, minimum: string | undefined, libraries: string[], signed: boolean, exports: string[], debug: boolean }} */
export function readMachO(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const word = at => view.getUint32(at, true)
  if (word(0) !== MAGIC_64) throw new Error('It is not a 64-bit Mach-O file')
  const binary = {
    arch: ARCHES.get(word(4)) ?? 'another processor',
    minimum: undefined,
    libraries: [],
    signed: false,
    exports: [],
    debug: false,
  }
  let at = HEADER_SIZE
  for (let i = 0; i < word(16); i++) {
    const command = word(at)
    if (command === Command.LOAD_DYLIB || command === Command.LOAD_WEAK_DYLIB)
      binary.libraries.push(text(bytes, at + word(at + 8)))
    if (command === Command.CODE_SIGNATURE) binary.signed = true
    if (command === Command.BUILD_VERSION) binary.minimum = version(word(at + 12))
    if (command === Command.VERSION_MIN_MACOSX) binary.minimum = version(word(at + 8))
    if (command === Command.SYMTAB) readSymbols(bytes, view, at, binary)
    at += word(at + 4)
  }
  return binary
}

function readSymbols(bytes, view, at, binary) {
  const [symbols, count, strings] = [8, 12, 16].map(offset => view.getUint32(at + offset, true))
  for (let i = 0; i < count; i++) {
    const entry = symbols + i * SYMBOL_SIZE
    const type = view.getUint8(entry + 4)
    if ((type & STAB) !== 0) binary.debug = true
    else if ((type & EXTERNAL) !== 0 && (type & PRIVATE_EXTERNAL) === 0 && (type & TYPE) !== 0) {
      binary.exports.push(text(bytes, strings + view.getUint32(entry, true)))
    }
  }
}

function text(bytes, from) {
  return bytes.toString('latin1', from, bytes.indexOf(0, from))
}

/** Of a 32-bit word: 16 bits, 8 and 8. */
function version(word) {
  return `${word >>> 16}.${(word >>> 8) & 0xff}`
}
