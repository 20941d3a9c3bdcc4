import * as fs from 'node:fs'
import * as path from 'node:path'

/**
 * The files that a module imports by relative paths, and those that they import: absolute paths, sorted, without the module itself. Found
 * in the text: static imports, exports from another module, `import('./x.js')` and `require('./x.js')` with a path that is written out.
 * One in a comment counts too. Packages, absolute paths and aliases of a loader do not.
 */
export function localImports(file: string): readonly string[] {
  const first = path.resolve(file)
  const found = new Set([first])
  // A set may grow while it is walked.
  for (const one of found) {
    if (!isScript(one)) continue
    for (const specifier of specifiersIn(fs.readFileSync(one, 'utf8')))
      for (const target of targetsOf(specifier, one)) found.add(target)
  }
  found.delete(first)
  return [...found].sort()
}

const SCRIPT = /\.[cm]?[jt]sx?$/
const TYPESCRIPT = /\.[cm]?tsx?$/

function isScript(file: string): boolean {
  return SCRIPT.test(file)
}

/** A relative path, behind one of the words that import; a comment may lie between. */
const IMPORT =
  /\b(?:from|import|require(?:\.resolve)?)\s*(?:\(\s*)?(?:\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\/\s*)*(['"`])(\.{1,2}(?:\/[^'"`\n$]*)?)\1/g

function specifiersIn(text: string): string[] {
  // What is written out in the project of a package is that package's.
  return [...text.matchAll(IMPORT)].map(([, , specifier]) => specifier).filter(one => !one.includes('node_modules/'))
}

/** Endings that a loader may add, or take for another one: TypeScript imports './x.js' and means x.ts. */
const ENDINGS = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json']

/** The files that a specifier may mean: it depends on the loader. */
function targetsOf(specifier: string, from: string): string[] {
  const [plain] = specifier.split(/[?#]/)
  const target = path.resolve(path.dirname(from), plain)
  if (isFile(target) && !TYPESCRIPT.test(from)) return [target]
  const bases = [target, target.replace(SCRIPT, ''), path.join(target, 'index')]
  const all = new Set([target, ...bases.flatMap(base => ENDINGS.map(ending => base + ending))])
  return [...all].filter(isFile)
}

function isFile(file: string): boolean {
  // A path through a file throws, unlike one that is not there.
  return fs.existsSync(file) && fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true
}
