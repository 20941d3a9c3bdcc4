import type { Command } from 'commander'
import { FakeBinance } from '../../exchanges/binance/fake/fake-binance.js'
import { FakeBybit } from '../../exchanges/bybit/fake/fake-bybit.js'
import type { FakeFaults } from '../../exchanges/fake/fake-faults.js'
import { FakeOkx } from '../../exchanges/okx/fake/fake-okx.js'
import { Exit, UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { wholeNumber } from '../output/units.js'
import { objectIn } from '../run/run-files.js'

interface FakeVenueOptions {
  readonly port: number
  readonly seed: number
  readonly rate: number
  readonly faults?: string
  readonly json?: boolean
}

export function registerFakeVenue(program: Command): void {
  program
    .command('fake-venue')
    .description('a venue on this machine that speaks the protocol of a real one: to try a desk without an account')
    .argument('<venue>', "'okx', 'binance' or 'bybit'")
    .option('--port <number>', 'where it listens, on 127.0.0.1 only; 0 for any free port', wholeNumber(0), 0)
    .option('--seed <number>', 'of its market and of its faults', wholeNumber(0), 1)
    .option('--rate <events>', 'market events a second', wholeNumber(1), 200)
    .option('--faults <file>', 'what it does wrong, as a JSON object; default: nothing')
    .option('--json', 'one JSON object a line: listening, end')
    .addHelpText('after', wrapped(HELP))
    .action(async (venue: string, options: FakeVenueOptions) => {
      process.exitCode = await run(venue, options)
    })
}

const HELP = `
It runs until Ctrl-C. Its market is artificial (BTC-USDT, ETH-USDT, SOL-USDT, BTC-USDT-SWAP), its orders are matched by the simulated exchange, and its
money is not real. It checks signatures, with credentials that are public: 'run' uses them by default, and never sends real ones to it.
Binance's has BTCUSDT, ETHUSDT and SOLUSDT for spot, and BTCUSDT and ETHUSDT for USD-M, and
BTCUSD_PERP and ETHUSD_PERP for COIN-M.
Bybit's has BTCUSDT, ETHUSDT and SOLUSDT, as linear contracts and as spot.

--faults takes probabilities from 0 to 1: loseRequest, loseAnswer, doubleAnswer, dropSocket, fillDuringCancel, unavailable; and delayMs.

Exit codes: 0 stopped, 2 could not run.

Examples:
  $ ticktape fake-venue okx --port 8080
  $ ticktape run my-strategy.js --venue okx --endpoint ws://127.0.0.1:8080 --duration 30`

interface Fake {
  readonly endpoint: string
  stop(): Promise<void>
}

/** The venues that can be faked. */
const FAKES: Readonly<Record<string, (options: FakeVenueStart) => Promise<Fake>>> = {
  okx: options => FakeOkx.start(options),
  binance: options => FakeBinance.start(options),
  bybit: options => FakeBybit.start(options),
}

interface FakeVenueStart extends Pick<FakeVenueOptions, 'port' | 'seed' | 'rate'> {
  readonly faults: FakeFaults
}

async function run(venue: string, { port, seed, rate, faults, json }: FakeVenueOptions): Promise<number> {
  const start = Object.hasOwn(FAKES, venue) ? FAKES[venue] : undefined
  if (start === undefined)
    throw new UsageError(`'${venue}' is no venue that can be faked; there are: ${Object.keys(FAKES).join(', ')}`)
  if (port > 65_535) throw new UsageError(`--port takes a number up to 65535, not ${port}`)
  if (seed >= 2 ** 32) throw new UsageError(`--seed takes a number below 2^32, not ${seed}`)
  const wrong = faults === undefined ? {} : (objectIn(faults, '--faults') as FakeFaults)
  const stopped = new Promise<void>(resolve => {
    process.once('SIGINT', resolve).once('SIGTERM', resolve)
  })
  const fake = await start({ port, seed, rate, faults: wrong })
  const { endpoint } = fake
  const say = (kind: string, text: string): void =>
    void process.stdout.write(json === true ? `${JSON.stringify({ kind, venue, endpoint })}\n` : `${text}\n`)
  say(
    'listening',
    `A fake ${venue} listens. Trade there with:\n  ticktape run FILE... --venue ${venue} --endpoint ${endpoint}`,
  )
  try {
    await stopped
  } finally {
    await fake.stop()
  }
  say('end', 'Stopped.')
  return Exit.OK
}
