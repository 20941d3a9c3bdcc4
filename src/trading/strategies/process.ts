import type { FromConsumer, ToConsumer } from '../../runtime/consumer/messages.js'
import { StallRecord } from '../../runtime/stalls/stall-record.js'
import { endWithParent } from '../../runtime/supervision/end-with-parent.js'
import { Heartbeats } from '../../state/heartbeats/heartbeats.js'
import { Pulse } from '../../state/heartbeats/pulse.js'
import type { Wait } from '../../wait/run-loop.js'
import { loadStrategy } from './load.js'
import { LogFile } from './log-file.js'
import { type EpochConfig, failureText, StrategyEpoch } from './strategy-epoch.js'

/** The configuration of the process of one strategy. The gateway passes it as JSON in the first argument. */
export interface StrategyProcessConfig extends EpochConfig {
  readonly file: string
  readonly inputIdentity: string
  /** The directory of what strategies log. */
  readonly log: string
  /** The table of heartbeats, and the process's cell there. */
  readonly heartbeats: string
  readonly cell: number
  readonly wait: Wait
  readonly progressMs: number
  /** The shortest pause of the process that is put on record, in ms; undefined for none. */
  readonly stallMs: number | undefined
}

/** The exit status of a process that SIGTERM ended. */
const TERMINATED = 143

/** Aborts when the gateway has ended, or the process got SIGTERM. */
const atOnce = new AbortController()
/** Aborts when the gateway asks the strategy to stop. */
const stopping = new AbortController()
/** Set by the gateway's stop message: frames before this position must still be handled. */
let stopAt: number | undefined

// First of all: a module that is loaded, or a handler, may never return.
endWithParent()
listen()
try {
  await main(JSON.parse(process.argv[2]) as StrategyProcessConfig)
} catch (error) {
  if (!atOnce.signal.aborted || error !== atOnce.signal.reason) fail(error)
}
// It was not stopped by the gateway: the exit status says that it has not handled all frames.
if (stopAt === undefined) process.exitCode ??= TERMINATED
// Timers and sockets that a strategy's module left open must not delay the gateway.
process.exit()

async function main(config: StrategyProcessConfig): Promise<void> {
  const { id, file } = config
  const strategy = await loadStrategy(file, id)
  const pulse = Heartbeats.find(config.heartbeats)?.pulse(config.cell) ?? Pulse.unseen()
  const log = new LogFile(config.log, id)
  // Also when the stop message has already arrived: the frames written before it must still be handled, and no other
  // process will do it.
  const epoch = await StrategyEpoch.open(strategy, config, { pulse, log: text => log.write(text) }, atOnce.signal)
  const { consumer } = epoch

  let ended: 'stopped' | 'failed' = 'failed'
  let broken: unknown
  // Also while there are no frames. A strategy that is hung does not get here.
  const attempt = (act: () => void): void => {
    if (broken !== undefined) return
    try {
      act()
    } catch (error) {
      broken = error
      stopping.abort()
    }
  }
  const timer = setInterval(() => attempt(() => epoch.keep()), config.progressMs)
  let stalls: StallRecord | undefined
  try {
    epoch.start(position => pulse.beat(position))
    consumer.tell()
    sendMessage({ kind: 'ready' })
    if (config.stallMs !== undefined)
      stalls = new StallRecord(config.stallMs, consumer.writer, attempt, () => consumer.reader.position)
    await consumer.follow(config.wait, stopping.signal)
    if (broken !== undefined) throw broken
    consumer.drain(stopAt ?? 0)
    ended = 'stopped'
  } finally {
    clearInterval(timer)
    stalls?.close()
    epoch.end(ended)
  }
}

/**
 * Listens for the gateway's stop message and for its end. Ctrl-C is ignored here: it also reaches the gateway, which
 * stops everything in order.
 */
function listen(): void {
  process.on('SIGINT', () => {})
  process.on('SIGTERM', stopAtOnce)
  process.on('disconnect', stopAtOnce)
  process.on('message', (message: ToConsumer) => {
    stopAt = message.position
    stopping.abort()
  })
  if (!process.connected) stopAtOnce()
}

function stopAtOnce(): void {
  atOnce.abort()
  stopping.abort()
}

function sendMessage(message: FromConsumer): void {
  // Sending to a gateway that has ended fails; its end is handled by 'disconnect'.
  if (process.connected) process.send?.(message, () => {})
}

function fail(error: unknown): void {
  process.exitCode = 1
  process.stderr.write(`${failureText(error)}\n`)
  sendMessage({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
}
