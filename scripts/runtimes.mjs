// Other runtimes, installed from npm into the cache folder when a script first wants one.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.mjs'
import { cacheFolder } from './zig.mjs'

/**
 * Installs a package, without its scripts unless they are asked for, and whatever processor it says it is for.
 * Returns the path of its program.
 */
export function installRuntime(spec, program, { scripts = false } = {}) {
  const folder = join(cacheFolder, 'runtimes', spec.replaceAll(/[^\w.]+/g, '-'))
  const path = join(folder, 'node_modules', program)
  if (existsSync(path)) return path
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  const options = ['--force', '--no-audit', '--no-fund', '--silent', ...(scripts ? [] : ['--ignore-scripts'])]
  run('npm', ['install', ...options, spec], { cwd: folder })
  if (!existsSync(path)) throw new Error(`${spec} brought no ${program}`)
  return path
}
