// Checks an addon that was built for another machine: that it is for that machine, needs nothing newer than promised, exports only the symbols
// that Node needs, and is stripped. Throws when a check fails.
import { readFileSync } from 'node:fs'
import { readMachO } from './mach-o.mjs'
import { run } from './run.mjs'
import { GLIBC, MACOS } from './targets.mjs'

const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1']
/** The largest alignment that glibc gives to the thread-local memory of a library loaded after the start. */
const TLS_ALIGNMENT = { x64: 64, arm64: 16 }
const MACHINES = { x64: 'Advanced Micro Devices X86-64', arm64: 'AArch64' }
/** The only libraries that a binary may need: the C library, under its names. */
const LIBRARIES = {
  glibc: /^(lib(c|m|dl|pthread|rt)\.so\.\d|ld-linux-(x86-64|aarch64)\.so\.\d)$/,
  musl: /^libc\.so$/,
}

/** @param paths folders of this machine, whose paths the binary must not contain. */
export function checkBinary(file, target, paths) {
  const fail = what => {
    throw new Error(`The addon for ${target.name} ${what}`)
  }
  if (target.os === 'linux') checkElf(file, target, fail)
  else checkMachO(file, target, fail)
  const bytes = readFileSync(file)
  for (const path of paths) if (bytes.includes(path)) fail(`contains ${path}, which is a folder of this machine`)
}

function checkElf(file, target, fail) {
  const readelf = (...options) => run('readelf', ['-W', ...options, file], { env: { ...process.env, LC_ALL: 'C' } })
  if (!readelf('-h').includes(MACHINES[target.arch])) fail('is for another processor')
  if (/\.(debug_info|symtab)\b/.test(readelf('-S'))) fail('is not stripped')
  for (const [, library] of readelf('-d').matchAll(/\(NEEDED\).*\[(.*)\]/g)) {
    if (!LIBRARIES[target.libc].test(library)) fail(`needs ${library}`)
  }
  // Type, offset, two addresses, two sizes, flags, alignment.
  const tls = readelf('-l').match(/^\s*TLS\s.*\b0x([0-9a-f]+)$/m)
  if (tls !== null && Number.parseInt(tls[1], 16) > TLS_ALIGNMENT[target.arch]) {
    fail(`wants thread-local memory aligned to 0x${tls[1]} bytes, which a C library may refuse`)
  }
  const symbols = dynamicSymbols(readelf('--dyn-syms'))
  const exported = symbols.filter(symbol => symbol.defined).map(symbol => symbol.name)
  if (exported.sort().join() !== EXPORTS.join()) fail(`exports ${exported.join(', ')}, not only ${EXPORTS.join(', ')}`)

  const versions = [...readelf('-V').matchAll(/Name: GLIBC_([\d.]+)/g)].map(([, version]) => version)
  if (target.libc === 'musl' && versions.length > 0) fail('needs glibc')
  if (target.libc === 'glibc' && versions.length === 0) fail('does not name the version of glibc it needs')
  const newer = versions.find(version => compare(version, GLIBC) > 0)
  if (newer !== undefined) fail(`needs glibc ${newer}, newer than ${GLIBC}`)
}

/** Lines of readelf: number, value, size, type, binding, visibility, section, name with its version. */
function dynamicSymbols(text) {
  return text.split('\n').flatMap(line => {
    const words = line.trim().split(/\s+/)
    if (!/^\d+:$/.test(words[0]) || words.length < 8) return []
    return [{ name: words[7].split('@')[0], defined: words[6] !== 'UND' }]
  })
}

function checkMachO(file, target, fail) {
  const binary = readMachO(readFileSync(file))
  if (binary.arch !== target.arch) fail(`is for ${binary.arch}`)
  if (binary.minimum === undefined) fail('does not say which macOS it is for')
  if (compare(binary.minimum, MACOS) > 0) fail(`needs macOS ${binary.minimum}, newer than ${MACOS}`)
  for (const library of binary.libraries) {
    if (library !== '/usr/lib/libSystem.B.dylib') fail(`needs ${library}`)
  }
  const ours = binary.exports.filter(name => EXPORTS.includes(name.slice(1)))
  if (ours.length !== EXPORTS.length) fail('does not export the symbols that Node needs')
  if (binary.debug) fail('is not stripped')
  // Apple's processors run only signed code; an ad-hoc signature is sufficient.
  if (target.arch === 'arm64' && !binary.signed) fail('is not signed')
}

/** Compares versions such as 2.17 and 2.2.5. */
function compare(a, b) {
  const [left, right] = [a, b].map(version => version.split('.').map(Number))
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
