// Looks at an addon that was built for another machine: that it is for that machine, asks for nothing newer than promised, shows only what
// Node looks for, and is stripped. Throws when it is not so.
import { readFileSync } from 'node:fs'
import { readMachO } from './mach-o.mjs'
import { run } from './run.mjs'
import { GLIBC, MACOS } from './targets.mjs'

const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1']
const MACHINES = { x64: 'Advanced Micro Devices X86-64', arm64: 'AArch64' }
/** All that a binary may ask to be loaded with it: the C library, under its names. */
const LIBRARIES = {
  glibc: /^(lib(c|m|dl|pthread|rt)\.so\.\d|ld-linux-(x86-64|aarch64)\.so\.\d)$/,
  musl: /^libc\.so$/,
}

/** @param paths folders of this machine, none of which may be named in the binary. */
export function checkBinary(file, target, paths) {
  const fail = what => {
    throw new Error(`The addon for ${target.name} ${what}`)
  }
  if (target.os === 'linux') checkElf(file, target, fail)
  else checkMachO(file, target, fail)
  const bytes = readFileSync(file)
  for (const path of paths) if (bytes.includes(path)) fail(`names ${path}, which is a folder of this machine`)
}

function checkElf(file, target, fail) {
  const readelf = (...options) => run('readelf', ['-W', ...options, file], { env: { ...process.env, LC_ALL: 'C' } })
  if (!readelf('-h').includes(MACHINES[target.arch])) fail('is for another processor')
  if (/\.(debug_info|symtab)\b/.test(readelf('-S'))) fail('is not stripped')
  for (const [, library] of readelf('-d').matchAll(/\(NEEDED\).*\[(.*)\]/g)) {
    if (!LIBRARIES[target.libc].test(library)) fail(`asks for ${library}`)
  }
  const symbols = dynamicSymbols(readelf('--dyn-syms'))
  const exported = symbols.filter(symbol => symbol.defined).map(symbol => symbol.name)
  if (exported.sort().join() !== EXPORTS.join()) fail(`shows ${exported.join(', ')}, not only ${EXPORTS.join(', ')}`)

  const versions = [...readelf('-V').matchAll(/Name: GLIBC_([\d.]+)/g)].map(([, version]) => version)
  if (target.libc === 'musl' && versions.length > 0) fail('asks for the C library of GNU')
  if (target.libc === 'glibc' && versions.length === 0) fail('says nothing of the C library it asks for')
  const newer = versions.find(version => compare(version, GLIBC) > 0)
  if (newer !== undefined) fail(`asks for version ${newer} of the C library, more than ${GLIBC}`)
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
  if (compare(binary.minimum, MACOS) > 0) fail(`asks for macOS ${binary.minimum}, more than ${MACOS}`)
  for (const library of binary.libraries) {
    if (library !== '/usr/lib/libSystem.B.dylib') fail(`asks for ${library}`)
  }
  const ours = binary.exports.filter(name => EXPORTS.includes(name.slice(1)))
  if (ours.length !== EXPORTS.length) fail('does not show what Node looks for')
  if (binary.debug) fail('is not stripped')
  // Processors of Apple run nothing without a signature; one that names nobody is enough.
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
