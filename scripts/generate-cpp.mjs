/**
 * Writes the structs of frames that the library for C++ has for strategies, and those of its tests, as `ticktape codegen cpp` makes them.
 * `--check` writes nothing and fails when a file differs from what it would write.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { root } from './run.mjs'

const SOURCE = `
export { cppStructs } from './src/cli/codegen/cpp.ts'
import { Lifecycle, Progress } from './src/runtime/consumer/lifecycle.ts'
import { BookTop, Ticker, Trade } from './src/trading/messages/market-frames.ts'
import { Fill, Order, OrderReport } from './src/trading/messages/order-frames.ts'
import { InstrumentTerms } from './src/trading/messages/sequence-frames.ts'
import { Home, SnapshotEnd, SnapshotPart, TimerFired, TimerRequest } from './src/trading/sequence/frames.ts'
export const STRATEGY = [Ticker, Trade, BookTop, Order, OrderReport, Fill, InstrumentTerms, Home, TimerRequest, TimerFired, SnapshotPart, SnapshotEnd, Lifecycle, Progress]
export { CPP_FRAMES as TESTS } from './test/cpp/frames.ts'
`

/** What tests import by the package's name, without the addon. */
const definitions = {
  name: 'definitions',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^ticktape$/ }, () => ({ path: 'ticktape', namespace: 'definitions' }))
    onLoad({ filter: /./, namespace: 'definitions' }, () => ({
      contents: `export { frame } from './src/frames/definition.ts'; export * from './src/frames/field.ts'`,
      resolveDir: root,
    }))
  },
}

const { outputFiles } = await build({
  stdin: { contents: SOURCE, resolveDir: root, loader: 'ts' },
  plugins: [definitions],
  bundle: true,
  format: 'esm',
  platform: 'node',
  write: false,
  logLevel: 'error',
})
const { cppStructs, STRATEGY, TESTS } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`)

const maker = from =>
  `Made by scripts/generate-cpp.mjs of the definitions in ${from}. Do not edit: run npm run generate.`
const wanted = {
  'cpp/include/ticktape/strategy/frames.h': cppStructs(STRATEGY, 'ticktape::trading', maker('src')),
  'cpp/tests/frames.h': cppStructs(TESTS, 'frames', maker('test/cpp/frames.ts')),
}
for (const [file, text] of Object.entries(wanted)) {
  const path = join(root, file)
  if (!process.argv.includes('--check')) writeFileSync(path, text)
  else if (readFileSync(path, 'utf8') !== text) {
    console.error(`${path} does not match the definitions: run npm run generate`)
    process.exitCode = 1
  }
}
