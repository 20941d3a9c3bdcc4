import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../../base/system-error.js'
import { packageRoot } from '../../native/package-files.js'

/** Where `npm run build` puts the dashboard, in the package. */
const FOLDER = 'dist/dashboard'

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  svg: 'image/svg+xml',
}

export interface StaticFile {
  readonly type: string
  readonly body: Buffer
}

/** The files of the dashboard by their paths. They are read once, at the start: no path of a request reaches the disk. */
export function staticFiles(): ReadonlyMap<string, StaticFile> {
  // A program that has bundled this code has no dashboard beside it: it serves /api/ and /ws.
  if (packageRoot === undefined) return new Map()
  const folder = join(packageRoot, FOLDER)
  const files = new Map<string, StaticFile>()
  let names: string[] = []
  try {
    names = readdirSync(folder)
  } catch (error) {
    // A clone in which only TypeScript was compiled: the server answers /api/ all the same.
    if (systemCode(error) !== 'ENOENT') throw error
  }
  for (const name of names) {
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1)]
    if (type !== undefined) files.set(`/${name}`, { type, body: readFileSync(join(folder, name)) })
  }
  const index = files.get('/index.html')
  if (index !== undefined) files.set('/', index)
  return files
}
