/**
 * Compiles test/types/consumer.ts as a user would, with strict options and with our declaration files checked too.
 *
 *   node scripts/types-check.mjs                 with the TypeScript of this repository
 *   node scripts/types-check.mjs 5.4 5.9 ...     with each of these, installed into a temporary folder
 *   node scripts/types-check.mjs --sources DIR   the .ts files of DIR instead of the consumer
 */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { root, run } from './run.mjs'

const COMPILER_OPTIONS = {
  noEmit: true,
  module: 'nodenext',
  target: 'es2022',
  lib: ['es2022'],
  types: ['node'],
  strict: true,
  skipLibCheck: false,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noImplicitOverride: true,
  noPropertyAccessFromIndexSignature: true,
  verbatimModuleSyntax: true,
  isolatedModules: true,
}

const folder = mkdtempSync(join(tmpdir(), 'ticktape-types-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const { values, positionals: versions } = parseArgs({
  options: { sources: { type: 'string' } },
  allowPositionals: true,
})
makeUser(join(folder, 'user'), values.sources ?? join(root, 'test/types'))
const compilers = versions.length === 0 ? [join(root, 'node_modules/typescript')] : install(versions)
const failed = compilers.filter(compiler => !compile(compiler))
process.exit(failed.length === 0 ? 0 : 1)

/** A package of its own that has ours, and types of Node.js, among its dependencies. */
function makeUser(user, sources) {
  mkdirSync(join(user, 'node_modules/@types'), { recursive: true })
  symlinkSync(root, join(user, 'node_modules/ticktape'))
  symlinkSync(join(root, 'node_modules/@types/node'), join(user, 'node_modules/@types/node'))
  writeFileSync(join(user, 'package.json'), '{ "private": true, "type": "module" }')
  const files = readdirSync(sources).filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  for (const name of files) copyFileSync(join(sources, name), join(user, name))
  writeFileSync(join(user, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER_OPTIONS, files }))
}

function install(wanted) {
  const home = join(folder, 'compilers')
  mkdirSync(home)
  writeFileSync(join(home, 'package.json'), '{ "private": true }')
  const names = wanted.map(version => `typescript-${version}`)
  const specifiers = wanted.map((version, i) => `${names[i]}@npm:typescript@${version}`)
  run('npm', ['install', '--no-audit', '--no-fund', '--silent', ...specifiers], { cwd: home })
  return names.map(name => join(home, 'node_modules', name))
}

function compile(compiler) {
  const tsc = join(compiler, 'bin/tsc')
  const version = run('node', [tsc, '--version']).trim().replace('Version', 'TypeScript')
  const { status, stdout } = spawnSync('node', [tsc, '--pretty', 'false', '-p', join(folder, 'user')], {
    encoding: 'utf8',
  })
  console.log(`${version}: ${status === 0 ? 'clean' : `refused\n${stdout}`}`)
  return status === 0
}
