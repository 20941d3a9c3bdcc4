import { packageModule } from '../../native/package-files.js'
import { Gateway, type GatewayStatus } from '../../trading/gateway/gateway.js'
import { printError } from '../output/failure.js'
import type { FeedOptions } from '../run/feed-options.js'
import { demoFeed } from './feed.js'
import { TwoVenueFeed, venuesOf } from './two-venues.js'

/**
 * The one argument of the demo's gateway process, as JSON. The process stops in order when the demo sends it a message, and when the demo
 * has ended.
 */
export interface DemoGatewayConfig extends FeedOptions {
  readonly home: string
  readonly pageSize: number
  readonly limit: number
}

export type FromDemoGateway =
  | { readonly kind: 'status'; readonly status: GatewayStatus }
  | { readonly kind: 'problem'; readonly message: string }

const STATUS_MS = 100
const STRATEGIES = packageModule('cli/demo/strategies.js', 'The demo')

try {
  await main(JSON.parse(process.argv[2]) as DemoGatewayConfig)
} catch (error) {
  process.exitCode = printError(error, false)
}
if (process.connected) process.disconnect()

async function main(config: DemoGatewayConfig): Promise<void> {
  const stop = stopRequested()
  const market = demoFeed(config, config.limit)
  const gateway = await Gateway.start({
    home: config.home,
    strategies: [STRATEGIES],
    feed: new TwoVenueFeed(market),
    venues: await venuesOf(market),
    // Both strategies together, at each venue.
    risk: { maxPosition: 1, maxOrdersPerSecond: 10_000, priceBand: 0.05 },
    speed: config.speed,
    maxGapMs: config.maxGap,
    wait: config.wait,
    pageSize: config.pageSize,
    strategyPageSize: config.pageSize,
    durability: 'process',
    backOffMs: 50,
    progressMs: 100,
    onProblem: problem => sendMessage({ kind: 'problem', message: problem.message }),
  })
  const report = (): void => sendMessage({ kind: 'status', status: gateway.status })
  const timer = setInterval(report, STATUS_MS)
  try {
    await Promise.race([stop, gateway.fed])
    await stop
  } finally {
    clearInterval(timer)
    report()
    if (!(await gateway.stop())) process.exitCode = 1
  }
}

function stopRequested(): Promise<void> {
  // Ctrl-C on a terminal reaches every process; only the demo's own process acts on it.
  process.on('SIGINT', () => {})
  return new Promise(resolve => {
    process.on('message', () => resolve())
    process.on('disconnect', () => resolve())
    if (!process.connected) resolve()
  })
}

function sendMessage(message: FromDemoGateway): void {
  if (process.connected) process.send?.(message, () => {})
}
