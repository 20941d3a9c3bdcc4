// Packs the package as it would be published, looks at what is in it, installs it elsewhere without scripts, and uses it.
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, run } from './run.mjs'

const ALLOWED = [
  /^(package\.json|(README|CHANGELOG|CONTRIBUTING|SECURITY)\.md|LICENSE)$/,
  /^dist\/[\w/-]+\.(js|d\.ts)$/,
  /^docs\/((decisions\/)?[\w-]+\.md|plots\/[\w-]+\.svg)$/,
  /^examples\/[\w-]+\.mjs$/,
  /^prebuilds\/(linux|darwin)-(x64|arm64)\/ticktape(\.(glibc|musl))?\.node$/,
]
const REQUIRED = [
  'README.md',
  'LICENSE',
  'dist/public/index.js',
  'dist/public/index.d.ts',
  'dist/cli/main.js',
  'docs/guide.md',
  'examples/quickstart.mjs',
]

const folder = mkdtempSync(join(tmpdir(), 'ticktape-package-check-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

run('npm', ['run', '--silent', 'build'])
// With the compiler that is here: those for other platforms take minutes, and are looked at as they are made.
run('npm', ['run', '--silent', 'package:native', '--', '--gcc'])
check(pack())

function check(tarball) {
  run('publint', ['run', tarball, '--strict'])
  run('attw', [tarball, '--profile', 'esm-only', '--no-definitely-typed'])
  use(tarball)
}

function pack() {
  const [{ filename, files }] = JSON.parse(
    run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]),
  )
  const paths = files.map(file => file.path)
  for (const path of paths)
    assert(
      ALLOWED.some(pattern => pattern.test(path)),
      `${path} does not belong in the package`,
    )
  for (const path of paths.filter(isCompiled)) {
    assert(existsSync(join(root, sourceOf(path))), `${path} is a leftover of a source that is gone: delete dist`)
  }
  const binary = new RegExp(`^prebuilds/${process.platform}-${process.arch}/`)
  for (const path of REQUIRED) assert(paths.includes(path), `${path} is missing from the package`)
  assert(
    paths.some(path => binary.test(path)),
    'The package has no addon for this platform',
  )
  console.log(
    `${filename}: ${files.length} files, ${Math.round(files.reduce((sum, file) => sum + file.size, 0) / 1024)} KiB`,
  )
  return join(folder, filename)
}

function isCompiled(path) {
  return path.startsWith('dist/') && path.endsWith('.js')
}

function sourceOf(path) {
  return path.replace(/^dist\//, 'src/').replace(/\.js$/, '.ts')
}

/** As a user: an empty folder, no install scripts, only what shipped. */
function use(tarball) {
  const user = join(folder, 'user')
  const env = { ...process.env, PREBUILDS_ONLY: '1', TICKTAPE_ADDON: '' }
  mkdirSync(user)
  writeFileSync(join(user, 'package.json'), '{ "private": true, "type": "module" }')
  run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', tarball], { cwd: user })
  for (const script of ['preinstall', 'install', 'postinstall']) {
    const found = run('npm', ['pkg', 'get', `scripts.${script}`], { cwd: join(user, 'node_modules/ticktape') }).trim()
    assert.equal(found, '{}', `The package has a script ${script}`)
  }
  copyFileSync(join(root, 'scripts/pack-user.mjs'), join(user, 'user.mjs'))
  run('node', ['user.mjs', join(folder, 'journal')], { cwd: user, env })
  const help = run('npx', ['--no-install', 'ticktape', '--help'], { cwd: user, env })
  assert.match(help, /tail/)
}
