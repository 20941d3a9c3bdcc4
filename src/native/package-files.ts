/**
 * Where this package's own files are: the addon, and modules that run in a process or a thread of their own.
 *
 * A bundler puts the code into a file of its own and leaves those behind. Then nothing may be taken for ours that only lies where
 * ours would.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { fileURLToPath } from 'node:url'

/** What a CommonJS bundle has instead of `import.meta.url`, which bundlers leave empty there. */
// oxlint-disable-next-line no-underscore-dangle -- CommonJS calls it so.
declare const __filename: string | undefined

/** A part of the library needs files of the package, and the library was bundled into another file. `code` is 'ERR_BUNDLED'. */
export class BundledError extends Error {
  readonly code = 'ERR_BUNDLED'
  /** The file that the library was bundled into. */
  readonly path: string

  constructor(what: string, bundle: string) {
    super(
      `${what} needs files of the package ticktape, which is bundled into ${bundle}; leave ticktape out of the bundle (esbuild: --external:ticktape) and install it beside it, see docs/bundlers.md`,
    )
    this.name = 'BundledError'
    this.path = bundle
  }
}

/** The file that this code is in. */
export const thisFile = fileOf(import.meta.url)

/** The package's folder; undefined when the code was bundled into a file of somebody else's. */
export const packageRoot = findPackageRoot()

/**
 * The path of a compiled module of this package.
 *
 * @param module as 'trading/strategy-process.js'.
 * @param what needs it, for the message.
 * @throws {BundledError}
 */
export function packageModule(module: string, what: string): string {
  if (packageRoot === undefined) throw new BundledError(what, thisFile)
  return path.join(packageRoot, 'dist', module)
}

function fileOf(url: string | undefined): string {
  if (url) return fileURLToPath(url)
  if (typeof __filename === 'string') return __filename
  return path.resolve(process.argv[1] ?? 'bundle')
}

/** The code is in dist/native of the package, or it was moved. */
function findPackageRoot(): string | undefined {
  const folder = path.resolve(path.dirname(thisFile), '../..')
  try {
    const { name } = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
      readonly name?: unknown
    }
    return name === 'ticktape' && fs.existsSync(path.join(folder, 'dist/native/package-files.js')) ? folder : undefined
  } catch {
    return undefined
  }
}
