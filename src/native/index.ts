/**
 * Loads the addon: the one built here, else the prebuilt one for this platform.
 *
 * Loading happens at import, once per thread: the addon keeps its state per environment, so worker threads load it too.
 */
import { createRequire } from 'node:module'
import { endianness } from 'node:os'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Addon } from './addon.js'

/** Why there is no addon. `code` is 'ERR_UNSUPPORTED_PLATFORM', 'ERR_ADDON_NOT_FOUND' or 'ERR_ADDON_LOAD'. */
export class AddonError extends Error {
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'AddonError'
    this.code = code
  }
}

export const native: Addon = load()

function load(): Addon {
  refuseUnsupported()
  const path = find()
  try {
    return createRequire(import.meta.url)(path) as Addon
  } catch (cause) {
    throw new AddonError(
      'ERR_ADDON_LOAD',
      `The addon ${path} cannot be loaded: ${messageOf(cause)}. Rebuild it from a clone of the repository with npm install, or install the package again.`,
      cause,
    )
  }
}

function refuseUnsupported(): void {
  const { platform, versions } = process
  if (platform !== 'linux' && platform !== 'darwin') {
    throw unsupported(`ticktape runs on Linux and macOS, not on ${platform}. On Windows, use it inside WSL 2.`)
  }
  if ('electron' in versions) {
    throw unsupported(
      "ticktape does not run in Electron: its V8 refuses memory mapped outside the engine's own cage. Run it in a Node.js child process.",
    )
  }
  if (endianness() !== 'LE') {
    throw unsupported('ticktape runs on little-endian processors only: journals are mapped, not translated.')
  }
}

/** TICKTAPE_ADDON names another build: one with sanitizers, or with crash points for tests. */
function find(): string {
  const override = process.env['TICKTAPE_ADDON']
  if (override) return resolve(override)
  const packageRoot = fileURLToPath(new URL('../..', import.meta.url))
  const require = createRequire(import.meta.url)
  const { path } = require('node-gyp-build') as { path: (folder: string) => string }
  try {
    return path(packageRoot)
  } catch (cause) {
    const where = `${process.platform}-${process.arch}`
    throw new AddonError(
      'ERR_ADDON_NOT_FOUND',
      `ticktape has no prebuilt addon for ${where} in ${packageRoot}. Build one: clone the repository and run npm install there (it needs a C++ compiler, make and Python 3), or install the package again if files are missing.`,
      cause,
    )
  }
}

function unsupported(message: string): AddonError {
  return new AddonError('ERR_UNSUPPORTED_PLATFORM', message)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
