// Builds an addon in which tests can kill the process or make a call fail at named points (native/core/crash_point.h):
// build-crash/build/Release/ticktape.node, unless it is newer than all of its sources. node-gyp always builds next to the binding.gyp that
// it reads, so it gets a separate folder with links to ours. If several tests need it at the same time, one builds and the others wait.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gypEnvironment } from './headers.mjs'
import { root, run } from './run.mjs'

const folder = join(root, 'build-crash')
const addon = join(folder, 'build/Release/ticktape.node')
const lock = join(folder, 'building')
const STALE_MS = 300_000

mkdirSync(folder, { recursive: true })
while (!take()) await sleep(100)
process.on('exit', () => rmSync(lock, { recursive: true, force: true }))
if (!existsSync(addon) || newestSource() > statSync(addon).mtimeMs) build()

function build() {
  for (const name of ['binding.gyp', 'native', 'node_modules', 'package.json']) {
    const link = join(folder, name)
    if (!existsSync(link)) symlinkSync(join('..', name), link)
  }
  writeFileSync(join(folder, 'all.cpp'), allSources())
  run('node-gyp', ['configure', 'build', '--silent', '--crash_points=1'], { cwd: folder, env: gypEnvironment() })
  // make does not rebuild the addon when a change does not affect it. Without this line make would therefore run each time.
  utimesSync(addon, new Date(), new Date())
}

/** One source that includes all others: most of the time of a compiler goes into the same headers, again for each file. */
function allSources() {
  const files = readFileSync(join(root, 'native/sources.gypi'), 'utf8').matchAll(/"(native\/\w+\/\w+\.cpp)"/g)
  return Array.from(files, ([, file]) => `#include "${file}"\n`).join('')
}

function take() {
  try {
    mkdirSync(lock)
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs
    if (since !== undefined && Date.now() - since > STALE_MS) rmSync(lock, { recursive: true, force: true })
    return false
  }
}

function newestSource() {
  // The addon shares headers with the library for C++.
  const sources = ['native', 'cpp/include']
    .flatMap(part => readdirSync(join(root, part), { recursive: true, withFileTypes: true }))
    .filter(entry => entry.isFile() && !entry.parentPath.includes('/native/test'))
    .map(entry => join(entry.parentPath, entry.name))
  return Math.max(...[...sources, join(root, 'binding.gyp')].map(file => statSync(file).mtimeMs))
}
