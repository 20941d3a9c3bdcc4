// Puts the compiled modules of build-ts/ into few files in dist/, so that they load fast: docs/decisions/0046-bundled.md. Each
// module keeps its path, as a file of a few lines that passes on what is in dist/chunks/.
import * as fs from 'node:fs'
import * as path from 'node:path'
import { rolldown } from 'rolldown'
import { root } from './run.mjs'

const FROM = path.join(root, 'build-ts')
const TO = path.join(root, 'dist')

/**
 * The files, and the folders whose modules they hold. A process loads a file as a whole, so what is seldom needed together is not in
 * one: modules in no group stay files of their own.
 */
const GROUPS = [
  // By itself, so that a test can put something in its place before the rest is loaded.
  ['native', ['native']],
  // Errors of the runtime too: `ticktape` exports all of them.
  [
    'core',
    ['base', 'frames', 'wait', 'journal', 'state', 'runtime', 'trading/errors.js', 'trading/operator/errors.js'],
  ],
  [
    'strategy',
    [
      'exact',
      'instruments',
      'messages',
      'positions',
      'venues',
      'orders',
      'pairs',
      'risk',
      'market',
      'sequence',
      'snapshots',
      'strategies',
    ].map(folder => `trading/${folder}`),
  ],
  ['desk', ['trading']],
  ['desk-file', ['desk-file', ...exchangesOfDeskFile()]],
  ['serve', ['serve']],
]

/** What is started as a process or a thread acts when it is loaded: it is in no group. */
const programs = new Set(
  fs
    .readdirSync(path.join(root, 'src'), { recursive: true })
    .filter(file => file.endsWith('.ts'))
    .flatMap(file => [
      ...fs.readFileSync(path.join(root, 'src', file), 'utf8').matchAll(/packageModule\(\s*'([^']+)'/g),
    ])
    .map(([, module]) => path.join(FROM, module)),
)

const modules = fs
  .readdirSync(FROM, { recursive: true })
  .filter(file => file.endsWith('.js') && fs.existsSync(path.join(root, 'src', file.replace(/\.js$/, '.ts'))))

const build = await rolldown({
  input: Object.fromEntries(modules.map(file => [file.slice(0, -'.js'.length), path.join(FROM, file)])),
  external: id => !id.startsWith('.') && !path.isAbsolute(id),
  platform: 'node',
  // Nothing is left out: tests import modules that no other module uses.
  treeshake: false,
  plugins: [
    {
      name: 'source-maps',
      load: id => ({ code: fs.readFileSync(id, 'utf8'), map: JSON.parse(fs.readFileSync(`${id}.map`, 'utf8')) }),
    },
  ],
})
const { output } = await build.write({
  dir: TO,
  format: 'esm',
  sourcemap: true,
  entryFileNames: '[name].js',
  chunkFileNames: 'chunks/[name].js',
  codeSplitting: {
    groups: GROUPS.map(([name, folders], rank) => ({
      name,
      test: id => !programs.has(id) && folders.some(folder => `${id}/`.startsWith(`${path.join(FROM, folder)}/`)),
      priority: GROUPS.length - rank,
    })),
  },
})
await build.close()
removeOthers(new Set(output.map(({ fileName }) => path.normalize(fileName))))

/** Removes files of modules that are no longer there. */
function removeOthers(made) {
  for (const file of fs.readdirSync(TO, { recursive: true })) {
    const source = path.join(root, 'src', file.replace(/\.d\.ts$/, '.ts'))
    // The dashboard is put there by scripts/dashboard.mjs.
    if (file.startsWith(`dashboard${path.sep}`)) continue
    const isStale = /\.js(\.map)?$/.test(file) ? !made.has(file) : file.endsWith('.d.ts') && !fs.existsSync(source)
    if (isStale) fs.rmSync(path.join(TO, file))
  }
}

/** What a desk.json needs of the exchanges: their options and feeds. The connections behind them are loaded when they are used. */
function exchangesOfDeskFile() {
  const common = 'adapter/live-feed connection/back-off connection/endpoint decimals errors fields venue-instruments'
  const names = [...common.split(' '), 'ccxt/ccxt-endpoint', 'ccxt/client-ids']
  for (const name of ['binance', 'bybit', 'okx']) names.push(`${name}/endpoints`, `${name}/instruments`)
  for (const name of ['binance', 'bybit', 'ccxt', 'okx']) names.push(`${name}/${name}-feed`, `${name}/options`)
  return names.map(name => `exchanges/${name}.js`)
}
