/**
 * The location of this package's files: the addon, and modules that run in a separate process or thread.
 *
 * A bundler copies the code into another file and leaves these files behind. Then a file at the expected path may belong to another package,
 * and must not be used.
 */
import * as fs from 'node:fs'
import * as path from 'node:path'
import { fileURLToPath } from 'node:url'

/** A CommonJS bundle has this instead of `import.meta.url`, which bundlers leave empty there. */
// oxlint-disable-next-line no-underscore-dangle -- It is the name in CommonJS.
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

/** The package's folder; undefined when the code was bundled into another file. */
export const packageRoot = findPackageRoot()

/**
 * The path of a compiled module of this package.
 *
 * @param module such as 'trading/strategies/process.js'.
 * @param what the name of the function that needs it, for the message.
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

/** This code is in dist/chunks of the package, unless another program's bundler has moved it. */
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
