// Builds the addon into build/Release with node-gyp, unless it is newer than all of its sources.
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { gypEnvironment } from './headers.mjs'
import { root, run } from './run.mjs'

const sources = [
  join(root, 'binding.gyp'),
  ...filesUnder(join(root, 'native')).filter(file => !file.includes('/native/test/')),
]
const binaries = compiled()

if (!binaries.length || newest(sources) > oldest(binaries)) {
  run('node-gyp', ['configure', 'build', '--silent'], { env: gypEnvironment() })
  // make does not rebuild the addon when a change does not affect it. Without this line make would therefore run each time.
  for (const file of compiled()) utimesSync(file, new Date(), new Date())
}

function compiled() {
  return filesUnder(join(root, 'build/Release')).filter(file => file.endsWith('.node') && !file.includes('obj.target'))
}

function filesUnder(folder) {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
}

function newest(files) {
  return Math.max(...files.map(modified))
}

function oldest(files) {
  return Math.min(...files.map(modified))
}

function modified(file) {
  return statSync(file).mtimeMs
}
