import { TicktapeError } from '../../base/errors.js'
import type { WriterOptions } from '../../journal/write/options.js'
import { Consumer } from '../../runtime/consumer/consumer.js'
import type { FromConsumer, ToConsumer } from '../../runtime/consumer/messages.js'
import { GATEWAY_JOURNAL } from '../../runtime/sessions/session.js'
import type { Wait } from '../../wait/run-loop.js'
import { BookTop, Order, OrderReport, orderIdOf, Ticker, Trade } from '../messages/frames.js'
import { StrategyHost } from './host.js'
import { loadStrategy } from './load.js'

/** The process of one strategy, spawned by its gateway: its one argument is this, as JSON. */
export interface StrategyProcessConfig {
  readonly id: string
  readonly number: number
  readonly file: string
  /** The gateway's journal and the strategy's. */
  readonly input: string
  /** Of the gateway's journal, which the gateway has open: a session made anew at the same path has another. */
  readonly inputIdentity: string
  readonly output: string
  readonly writer: WriterOptions
  readonly wait: Wait
  readonly progressMs: number
}

/** The exit status of a process that SIGTERM ended. */
const TERMINATED = 143

/** Aborts when there is nobody any more to work for. */
const alone = new AbortController()
/** Aborts when it is to stop. */
const leave = new AbortController()
/** Told by the gateway: frames before this position are still to be handled. */
let stopAt: number | undefined

listen()
try {
  await main(JSON.parse(process.argv[2]) as StrategyProcessConfig)
} catch (error) {
  if (!alone.signal.aborted || error !== alone.signal.reason) fail(error)
}
// Stopped by somebody else: the gateway must not take it for one that has handled all.
if (stopAt === undefined) process.exitCode ??= TERMINATED
// Whatever a strategy's module has left open must not hold up the gateway.
process.exit()

async function main(config: StrategyProcessConfig): Promise<void> {
  const { id, number, input, output, writer } = config
  const strategy = await loadStrategy(config.file, id)
  // Also when it was told to stop by now: what was written until then is still to be handled, by this process or by none.
  const consumer = await Consumer.open(
    { name: id, input, inputIdentity: config.inputIdentity, output, writer, from: strategy.from ?? 'start' },
    alone.signal,
  )
  const host = new StrategyHost(strategy, number, GATEWAY_JOURNAL, {
    send(fill, cause) {
      const position = consumer.write(Order, at => fill(orderIdOf(number, at)), { cause, source: number })
      return orderIdOf(number, position)
    },
    log: message => process.stderr.write(`[${id}] ${message}\n`),
  })
  consumer
    .on(Ticker, frame => host.ticker(frame))
    .on(BookTop, frame => host.book(frame))
    .on(Trade, frame => host.trade(frame))
    .on(OrderReport, frame => host.report(frame))

  let ended: 'stopped' | 'failed' = 'failed'
  let broken: unknown
  const timer = setInterval(() => {
    try {
      consumer.writeProgress()
      tell({ kind: 'progress', ...consumer.progress })
    } catch (error) {
      clearInterval(timer)
      broken ??= error
      leave.abort()
    }
  }, config.progressMs)
  try {
    host.start()
    tell({ kind: 'ready' })
    await consumer.follow(config.wait, leave.signal)
    if (broken !== undefined) throw broken
    consumer.drain(stopAt ?? 0)
    ended = 'stopped'
  } finally {
    clearInterval(timer)
    if (broken === undefined) tell({ kind: 'progress', ...consumer.progress })
    consumer.end(ended, () => {
      if (ended === 'stopped') host.stop()
    })
  }
}

/** Ends when the gateway says so, and when it is gone. Ctrl-C reaches the gateway too, which stops all in order. */
function listen(): void {
  process.on('SIGINT', () => {})
  process.on('SIGTERM', giveUp)
  process.on('disconnect', giveUp)
  process.on('message', (message: ToConsumer) => {
    stopAt = message.position
    leave.abort()
  })
  if (!process.connected) giveUp()
}

function giveUp(): void {
  alone.abort()
  leave.abort()
}

function tell(message: FromConsumer): void {
  // A gateway that has gone hears nothing; that it has gone is told by 'disconnect'.
  if (process.connected) process.send?.(message, () => {})
}

function fail(error: unknown): void {
  process.exitCode = 1
  // What the library says of itself is whole; of a strategy's own errors one wants to see where.
  const text =
    error instanceof TicktapeError
      ? `${error.code}: ${error.message}`
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error)
  process.stderr.write(`${text}\n`)
  tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
}
