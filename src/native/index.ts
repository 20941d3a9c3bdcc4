/**
 * Loads the addon: the one built here, else the prebuilt one for this platform.
 *
 * Loading happens at import, once per thread: the addon keeps its state per environment, so worker threads load it too.
 */
import { createRequire } from 'node:module'
import { endianness } from 'node:os'
import type { Addon } from './addon.js'
import { AddonError, findAddon } from './find-addon.js'

export { AddonError } from './find-addon.js'

export const native: Addon = load()

function load(): Addon {
  refuseUnsupported()
  const path = findAddon()
  let addon: Partial<Addon>
  try {
    addon = createRequire(path)(path) as Partial<Addon>
  } catch (cause) {
    throw loadError(path, `cannot be loaded: ${messageOf(cause)}`, cause)
  }
  if (typeof addon.mapFile === 'function' && typeof addon.walkFrames === 'function') return addon as Addon
  throw loadError(path, 'is something else')
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

function unsupported(message: string): AddonError {
  return new AddonError('ERR_UNSUPPORTED_PLATFORM', message)
}

function loadError(path: string, what: string, cause?: unknown): AddonError {
  const advice = process.env['TICKTAPE_ADDON']
    ? 'It is the one that TICKTAPE_ADDON names; set it to the addon of this version of ticktape, or leave it unset.'
    : 'Rebuild it from a clone of the repository with npm install, or install the package again.'
  return new AddonError('ERR_ADDON_LOAD', `The addon ${path} ${what}. ${advice}`, cause)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
