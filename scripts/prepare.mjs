// Runs at `npm install` in a clone: compiles TypeScript, the addon, and mmap-io (an independent reference in the tests). npm does not
// run it when a user installs the package.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { headerPrefix } from './headers.mjs'
import { root, run } from './run.mjs'

if (existsSync(join(root, 'node_modules/typescript'))) {
  run('npm', ['run', '--silent', 'build'])
  buildMmapIo()
} else {
  console.log('ticktape is not built: without its devDependencies there is no compiler.')
}

// mmap-io is installed separately and without its install script: the script would download a binary or headers, and
// newer npm blocks install scripts anyway. Node 24 and later need C++20, which its build file does not set.
function buildMmapIo() {
  const folder = join(root, 'test/mmap-io/node_modules/mmap-io')
  if (existsSync(join(folder, 'build/Release/mmap_io.node'))) return
  run('npm', ['ci', '--silent', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: join(root, 'test/mmap-io') })
  const prefix = headerPrefix()
  const env = Number(process.versions.modules) >= 137 ? { ...process.env, CXXFLAGS: '-std=gnu++20' } : process.env
  run(
    join(root, 'test/mmap-io/node_modules/.bin/node-pre-gyp'),
    ['rebuild', '--build-from-source', ...(prefix ? [`--nodedir=${prefix}`] : [])],
    { cwd: folder, env },
  )
}
