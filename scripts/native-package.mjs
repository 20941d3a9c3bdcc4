// Builds the addons that ship, into prebuilds/: one for each platform of targets.mjs, from Linux, with zig (zig.mjs fetches it).
//
//   npm run package:native                                 all of them, each checked (check-binary.mjs)
//   npm run package:native -- --only linux-arm64-musl      one; may be given several times
//   npm run package:native -- --twice                      each is built twice, from two folders, and both must have the same bytes
//   npm run package:native -- --gcc                        the one for this machine, with its own compiler: what pack:check and CI use
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { checkBinary } from './check-binary.mjs'
import { gypEnvironment } from './headers.mjs'
import { root, run } from './run.mjs'
import { TARGETS } from './targets.mjs'
import { checkCompilerLicences } from './third-party-notices.mjs'
import { cacheFolder, fetchZig } from './zig.mjs'

const { values: options } = parseArgs({
  options: {
    gcc: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true },
    twice: { type: 'boolean', default: false },
  },
})

mkdirSync(cacheFolder, { recursive: true })
const folder = mkdtempSync(join(cacheFolder, 'package-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

if (options.gcc) buildHere()
else {
  checkCompilerLicences(dirname(fetchZig().zig))
  for (const target of chosen()) build(target)
}

function chosen() {
  if (options.only === undefined) return TARGETS
  return options.only.map(name => {
    const target = TARGETS.find(one => one.name === name)
    if (target !== undefined) return target
    throw new Error(`There is no target ${name}; there are ${TARGETS.map(one => one.name).join(', ')}`)
  })
}

function build(target) {
  const began = Date.now()
  const file = compile(target, copySources('a'))
  if (options.twice) {
    const again = compile(target, copySources('another-place'))
    if (hashOf(file) !== hashOf(again)) throw new Error(`${target.name}: two builds differ`)
  }
  checkBinary(file, target, [folder, root, cacheFolder])
  const shipped = join(root, target.file)
  mkdirSync(dirname(shipped), { recursive: true })
  cpSync(file, `${shipped}.tmp`)
  renameSync(`${shipped}.tmp`, shipped)
  const size = Math.round(readFileSync(shipped).length / 1024)
  const seconds = Math.round((Date.now() - began) / 1000)
  console.log(
    `${target.file}: ${size} KiB, sha256 ${hashOf(shipped)}, ${seconds} s${options.twice ? ', two equal builds' : ''}`,
  )
}

/** Compiles all sources into one binary. Returns its path. */
function compile(target, source) {
  const { zig, env } = fetchZig()
  const { variables } = JSON.parse(readFileSync(join(source, 'native/sources.gypi'), 'utf8'))
  const output = join(source, 'ticktape.node')
  // zig caches objects by their sources. To compare two builds, both must be built without the cache.
  const objects = options.twice ? { ZIG_LOCAL_CACHE_DIR: mkdtempSync(join(folder, 'objects-')) } : {}
  const elf = target.os === 'linux'
  const flags = [
    '-target',
    target.zig,
    '-std=c++17',
    '-O3',
    '-fPIC',
    '-shared',
    '-s',
    '-fvisibility=hidden',
    '-fno-exceptions',
    '-fno-rtti',
    '-fno-sanitize=undefined',
    '-Wall',
    '-Wextra',
    '-Werror',
    ...variables.addon_defines.map(define => `-D${define}`),
    '-isystem',
    'node_modules/node-api-headers/include',
    '-isystem',
    'node_modules/node-addon-api',
    // The binary must not contain paths of this machine: ours are relative, and the compiler's are replaced.
    `-ffile-prefix-map=${dirname(zig)}=zig`,
    ...(elf
      ? ['-pthread', '-Wl,--version-script=native/exports.map', '-Wl,--gc-sections', '-Wl,-z,relro', '-Wl,-z,now']
      : ['-undefined', 'dynamic_lookup']),
  ]
  const sources = [...variables.core_sources, ...variables.binding_sources]
  const args = ['c++', ...flags, ...sources, '-o', relative(source, output)]
  run(zig, args, { cwd: source, env: { ...env, ...objects } })
  return output
}

/** Copies the sources into a separate folder, so that nothing depends on the path of the repository. */
function copySources(name) {
  const copy = join(folder, name)
  if (existsSync(copy)) return copy
  mkdirSync(copy)
  for (const part of ['package.json', 'binding.gyp', 'native', 'cpp']) {
    cpSync(join(root, part), join(copy, part), { recursive: true })
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

/** Builds with node-gyp and the compiler of this machine. In a copy, because prebuildify empties build/, which running tests may use. */
function buildHere() {
  const copy = copySources('here')
  const args = ['--napi', '--strip', '--tag-libc', '--cwd', copy, '--out', root]
  run('prebuildify', args, { env: { ...gypEnvironment(), TMPDIR: copy } })
  const made = join(root, 'prebuilds', `${process.platform}-${process.arch}`)
  if (!existsSync(made)) throw new Error('prebuildify built nothing')
}

function hashOf(file) {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}
