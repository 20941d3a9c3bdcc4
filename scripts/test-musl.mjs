// Runs the addon for musl with musl, on a machine that has the C library of GNU: npm run test:musl
//
//   --install   installs the Debian package it needs
//
// npm has no Node for musl; it has Bun, which loads the same addon. So this shows that the addon loads and works with musl, and not that
// Node of Alpine does what Node does elsewhere.
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runProgram } from './platform-program.mjs'
import { root, run } from './run.mjs'
import { installRuntime } from './runtimes.mjs'
import { TARGETS } from './targets.mjs'
import { cacheFolder } from './zig.mjs'

const { values: options } = parseArgs({ options: { install: { type: 'boolean', default: false } } })

if (!existsSync('/lib/ld-musl-x86_64.so.1')) {
  if (!options.install) {
    console.error("This needs Debian's musl: apt-get install musl, or give --install")
    process.exit(1)
  }
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'musl'])
}
const addon = join(root, TARGETS.find(({ name }) => name === 'linux-x64-musl').file)
if (!existsSync(addon)) run('npm', ['run', '--silent', 'package:native', '--', '--only', 'linux-x64-musl'])

const bun = installRuntime('@oven/bun-linux-x64-musl', '@oven/bun-linux-x64-musl/bin/bun')
const folder = mkdtempSync(join(cacheFolder, 'musl-'))
try {
  makeLibraries()
  // No TICKTAPE_ADDON: that the one for musl is found is part of the test.
  const env = { LD_LIBRARY_PATH: folder, PREBUILDS_ONLY: '1', TICKTAPE_ADDON: '' }
  console.log(`== Bun ${run(bun, ['--version'], { env: { ...process.env, ...env } }).trim()}, musl`)
  const script = `
    await import(${JSON.stringify(join(root, 'dist/public/index.js'))})
    const maps = require('node:fs').readFileSync('/proc/self/maps', 'utf8')
    console.log(maps.includes('ticktape.musl.node') && !/libc\\.so\\.6|ticktape\\.glibc/.test(maps))`
  const loaded = run(bun, ['-e', script], { env: { ...process.env, ...env } }).trim()
  if (loaded !== 'true')
    throw new Error(`The addon that was loaded is not the one for musl, or not musl is the C library: ${loaded}`)
  const { failed } = runProgram([bun], env)
  process.exitCode = failed > 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}

/** The C++ library that Bun needs: Debian's, with what it misses in musl. */
function makeLibraries() {
  for (const library of ['libstdc++.so.6', 'libgcc_s.so.1']) {
    copyFileSync(run('gcc', [`-print-file-name=${library}`]).trim(), join(folder, library))
  }
  const source = join(root, 'test/platforms/musl/libstdcxx-needs.c')
  const name = 'ld-linux-x86-64.so.2'
  run('gcc', ['-shared', '-nostdlib', '-fPIC', '-O1', `-Wl,-soname,${name}`, source, '-o', join(folder, name)])
}
