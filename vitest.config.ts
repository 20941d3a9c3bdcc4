import { configDefaults, defineConfig } from 'vitest/config'

/**
 * Tests that start whole desks, process by process, or speak to a fake exchange. They are half of the time of all tests: `npm test` leaves
 * them to `npm run test:processes`, and continuous integration runs both.
 */
const PROCESSES = [
  'test/cli/{demo,run-captures}.test.ts',
  'test/exchanges/{binance,bybit,okx}/{coin-m,commands,credentials,desk,disconnect,feed,kills,venue}.test.ts',
  'test/exchanges/ccxt/{desk,feed,venue}.test.ts',
  'test/exchanges/day.test.ts',
  'test/exchanges/okx/day-desk.test.ts',
  'test/docs/{examples,runtime-examples}.test.ts',
  'test/trading/gateway/{breaker-figures,changes-under-load,commands,failures,foreign-strategy,kills}.test.ts',
  'test/trading/gateway/{lost-frames,misbehaving,modules,orphans,restored-copies,supervision}.test.ts',
  'test/trading/gateway/{in-process,in-process-kills}.test.ts',
  'test/trading/gateway/{home-replaced,reducing,running-changes,unreliable-venue,surprises}.test.ts',
  'test/ops/{metrics,sampler,stalls,top,watch}.test.ts',
  'test/serve/{dashboard,desk}.test.ts',
  'test/trading/pairs/{gateway,kills,paced-gateway}.test.ts',
  'test/trading/strategies/{context,requests,state}.test.ts',
  'test/trading/{exactly-once,snapshots/gateway}.test.ts',
  'test/trading/replay/{command,old-home,strategy,verdicts}.test.ts',
  'test/trading/venues/conformance.test.ts',
  'test/cpp/desk.test.ts',
  'test/python/desk.test.ts',
]
/** 'processes' or 'others'; all tests without it, so that any file can be run by its name. */
const part = process.env['TICKTAPE_TESTS']

// Tests import 'ticktape', which is this package as it ships: dist, so build first (`npm test` does).
export default defineConfig({
  test: {
    include: part === 'processes' ? PROCESSES : ['test/**/*.test.ts'],
    exclude: part === 'others' ? [...configDefaults.exclude, ...PROCESSES] : configDefaults.exclude,
    globalSetup: ['test/support/global-setup.ts'],
    // Loaded by Node as it is, not rewritten by vite; except to measure coverage, which needs that.
    server: { deps: { external: process.argv.includes('--coverage') ? [] : [/\/dist\//] } },
    // Processes, not threads: a fault in the addon then fails one file, not the run.
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    coverage: { provider: 'v8', include: ['dist/**/*.js'] },
  },
})
