import * as fs from 'node:fs'
import * as path from 'node:path'
import { packageRoot, thisFile } from './package-files.js'

/** The addon cannot be loaded. `code` is 'ERR_UNSUPPORTED_PLATFORM', 'ERR_ADDON_NOT_FOUND' or 'ERR_ADDON_LOAD'. */
export class AddonError extends Error {
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'AddonError'
    this.code = code
  }
}

/**
 * The path of the addon: the one that TICKTAPE_ADDON names; else the one built in the clone (unless PREBUILDS_ONLY is set), else the one
 * shipped for this platform. For a bundle it is searched for in the folder prebuilds beside the bundle.
 *
 * @throws {AddonError} 'ERR_ADDON_NOT_FOUND'.
 */
export function findAddon(): string {
  const named = process.env['TICKTAPE_ADDON']
  if (named) {
    const file = path.resolve(named)
    if (fs.existsSync(file)) return file
    throw notFound(
      `TICKTAPE_ADDON says ${named}, and there is no file ${file}. Set it to the path of the addon, or leave it unset.`,
    )
  }
  const shipped = path.join('prebuilds', `${process.platform}-${process.arch}`, addonName())
  const candidates = packageRoot === undefined ? [besideBundle(shipped)] : inPackage(packageRoot, shipped)
  const found = candidates.find(file => fs.existsSync(file))
  if (found !== undefined) return found
  throw packageRoot === undefined ? notFound(bundledAdvice(shipped)) : notFound(missingAdvice(packageRoot, shipped))
}

function besideBundle(shipped: string): string {
  return path.join(path.dirname(thisFile), shipped)
}

function inPackage(root: string, shipped: string): readonly string[] {
  const prebuilt = path.join(root, shipped)
  return process.env['PREBUILDS_ONLY'] ? [prebuilt] : [path.join(root, 'build/Release/ticktape.node'), prebuilt]
}

function bundledAdvice(shipped: string): string {
  return `ticktape is bundled into ${thisFile}, and its addon, a binary file that bundlers leave out, is not beside it. Do one of these: leave ticktape out of the bundle (esbuild: --external:ticktape); copy the folder node_modules/ticktape/prebuilds to ${path.dirname(thisFile)}; or set TICKTAPE_ADDON to the path of node_modules/ticktape/${shipped}. More in docs/bundlers.md.`
}

function missingAdvice(root: string, shipped: string): string {
  return `ticktape has no addon for this platform: there is no ${path.join(root, shipped)}. If ticktape ships one for it, install the package again. If not, build one: clone the repository and run npm install there (it needs a C++ compiler, make and Python 3). TICKTAPE_ADDON can name another file.`
}

function notFound(message: string): AddonError {
  return new AddonError('ERR_ADDON_NOT_FOUND', message)
}

/** A binary for one C library does not load with another, so its name says which it needs. */
function addonName(): string {
  if (process.platform !== 'linux') return 'ticktape.node'
  return runsOnMusl() ? 'ticktape.musl.node' : 'ticktape.glibc.node'
}

/**
 * Whether the C library of this process is musl, that is, not glibc. The process's mappings show this reliably; the distribution and the
 * installed packages do not.
 */
function runsOnMusl(): boolean {
  try {
    const maps = fs.readFileSync('/proc/self/maps', 'latin1')
    return maps.includes('.so') && !/\/libc(\.so\.6|-2\.\d+\.so)\b/.test(maps)
  } catch {
    return false
  }
}
