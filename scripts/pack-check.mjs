// Packs the package as it would be published, checks its content, installs it elsewhere without scripts, and uses it.
//
//   npm run pack:check                       with the addon for this machine alone, made by its own compiler
//   npm run pack:check -- --all-platforms    with the addons for all platforms, made again: `npm publish` runs this
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, run } from './run.mjs'
import { TARGETS } from './targets.mjs'

const ALLOWED = [
  /^(package\.json|(README|CHANGELOG|CONTRIBUTING|SECURITY|THIRD-PARTY-NOTICES)\.md|LICENSE)$/,
  /^cpp\/(CMakeLists\.txt|ticktape-config\.cmake\.in|include\/ticktape\/([a-z]+\/)?\w+\.h)$/,
  /^dist\/[\w/-]+\.(js|d\.ts)$/,
  /^docs\/screenshots\/[\w-]+\.png$/,
  /^dist\/dashboard\/[\w-]+\.(html|js|css|svg)$/,
  /^docs\/((decisions\/|venues\/)?[\w-]+\.md|plots\/[\w-]+\.svg)$/,
  /^ops\/((systemd|container)\/)?[\w@.-]+$/,
  /^examples\/([\w-]+\.(mjs|json|py)|README\.md|python\/[\w-]+\.(py|json)|cpp\/(momentum\.cpp|CMakeLists\.txt))$/,
  /^python\/(README\.md|pyproject\.toml|packaging\/\w+\.py|ticktape\/(strategy\/)?\w+\.py)$/,
  /^schemas\/desk\.schema\.json$/,
  /^prebuilds\/(linux|darwin)-(x64|arm64)\/ticktape(\.(glibc|musl))?\.node$/,
]
const REQUIRED = [
  'cpp/CMakeLists.txt',
  'cpp/include/ticktape/ticktape.h',
  'README.md',
  'LICENSE',
  'dist/public/index.js',
  'dist/public/index.d.ts',
  'dist/cli/main.js',
  'dist/dashboard/index.html',
  'dist/dashboard/app.js',
  'docs/guide.md',
  'examples/quickstart.mjs',
  'ops/grafana-dashboard.json',
  'ops/prometheus-rules.yml',
  'schemas/desk.schema.json',
  'THIRD-PARTY-NOTICES.md',
]

const folder = mkdtempSync(join(tmpdir(), 'ticktape-package-check-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

run('npm', ['run', '--silent', 'build'])
const allPlatforms = process.argv.includes('--all-platforms')
// Otherwise only for this machine: builds for other platforms take minutes.
run('npm', ['run', '--silent', 'package:native', ...(allPlatforms ? [] : ['--', '--gcc'])])
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
    assert(existsSync(join(root, sourceOf(path))), `${path} has no source any more: delete dist`)
  }
  if (allPlatforms)
    for (const { file } of TARGETS)
      assert(paths.includes(file), `${file} is missing: a published package has all platforms`)
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
  // The files in chunks have many sources; scripts/bundle.mjs removes those that are old.
  return path.startsWith('dist/') && !/^dist\/(chunks|dashboard)\//.test(path) && path.endsWith('.js')
}

function sourceOf(path) {
  return path.replace(/^dist\//, 'src/').replace(/\.js$/, '.ts')
}

/** Uses the package as a user would: in an empty folder, without install scripts, with only the packed files. */
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
