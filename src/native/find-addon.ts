import * as fs from 'node:fs'
import * as path from 'node:path'
import { packageRoot, thisFile } from './package-files.js'

/** Why there is no addon. `code` is 'ERR_UNSUPPORTED_PLATFORM', 'ERR_ADDON_NOT_FOUND' or 'ERR_ADDON_LOAD'. */
export class AddonError extends Error {
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'AddonError'
    this.code = code
  }
}

/**
 * The path of the addon: what TICKTAPE_ADDON says; else the one built in the clone (unless PREBUILDS_ONLY is set), else the one that
 * shipped for this platform; for a bundle, the folder prebuilds beside it.
 *
 * @throws {AddonError} 'ERR_ADDON_NOT_FOUND'.
 */
export function findAddon(): string {
  const told = process.env['TICKTAPE_ADDON']
  if (told) {
    const file = path.resolve(told)
    if (fs.existsSync(file)) return file
    throw notFound(
      `TICKTAPE_ADDON says ${told}, and there is no file ${file}. Set it to the path of the addon, or leave it unset.`,
    )
  }
  const shipped = path.join('prebuilds', `${process.platform}-${process.arch}`, addonName())
  const places = packageRoot === undefined ? [beside(shipped)] : ofPackage(packageRoot, shipped)
  const found = places.find(place => fs.existsSync(place))
  if (found !== undefined) return found
  throw packageRoot === undefined ? notFound(bundledAdvice(shipped)) : notFound(missingAdvice(packageRoot, shipped))
}

function beside(shipped: string): string {
  return path.join(path.dirname(thisFile), shipped)
}

function ofPackage(root: string, shipped: string): readonly string[] {
  const place = path.join(root, shipped)
  return process.env['PREBUILDS_ONLY'] ? [place] : [path.join(root, 'build/Release/ticktape.node'), place]
}

function bundledAdvice(shipped: string): string {
  return `ticktape is bundled into ${thisFile}, and its addon, a binary file that bundlers leave out, is not beside it. Do one of these: leave ticktape out of the bundle (esbuild: --external:ticktape); copy the folder node_modules/ticktape/prebuilds to ${path.dirname(thisFile)}; or set TICKTAPE_ADDON to the path of node_modules/ticktape/${shipped}. More in docs/bundlers.md.`
}

function missingAdvice(root: string, shipped: string): string {
  return `ticktape has no addon for this platform: there is no ${path.join(root, shipped)}. If ticktape ships one for it, install the package again. If not, build one: clone the repository and run npm install there (it needs a C++ compiler, make and Python 3). TICKTAPE_ADDON can say where another one is.`
}

function notFound(message: string): AddonError {
  return new AddonError('ERR_ADDON_NOT_FOUND', message)
}

/** A binary for one C library does not load where there is the other, so its name says which. */
function addonName(): string {
  if (process.platform !== 'linux') return 'ticktape.node'
  return runsOnMusl() ? 'ticktape.musl.node' : 'ticktape.glibc.node'
}

/**
 * Whether the C library of this process is another than that of GNU, which is musl then. What is mapped says so for certain; which
 * distribution it is, or what is installed, does not.
 */
function runsOnMusl(): boolean {
  try {
    const maps = fs.readFileSync('/proc/self/maps', 'latin1')
    return maps.includes('.so') && !/\/libc(\.so\.6|-2\.\d+\.so)\b/.test(maps)
  } catch {
    return false
  }
}
