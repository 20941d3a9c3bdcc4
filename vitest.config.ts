import { defineConfig } from 'vitest/config'

// Tests import 'ticktape', which is this package as it ships: dist, so build first (`npm test` does).
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
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
