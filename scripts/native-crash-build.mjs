// Builds an addon that tests can make die at named places (native/core/crash_point.h): build-crash/build/Release/ticktape.node.
// node-gyp always builds beside the binding.gyp it reads, so it gets a folder of its own with links to ours.
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { gypEnvironment } from './headers.mjs'
import { root, run } from './run.mjs'

const folder = join(root, 'build-crash')
mkdirSync(folder, { recursive: true })
for (const name of ['binding.gyp', 'native', 'node_modules', 'package.json']) {
  const link = join(folder, name)
  if (!existsSync(link)) symlinkSync(join('..', name), link)
}
run('node-gyp', ['configure', 'build', '--silent', '--crash_points=1'], { cwd: folder, env: gypEnvironment() })
