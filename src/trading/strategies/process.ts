import { TicktapeError } from '../../base/errors.js'
import type { Start } from '../../journal/read/options.js'
import type { WriterOptions } from '../../journal/write/options.js'
import { Consumer } from '../../runtime/consumer/consumer.js'
import type { FromConsumer, ToConsumer } from '../../runtime/consumer/messages.js'
import { StallRecord } from '../../runtime/stalls/stall-record.js'
import { endWithParent } from '../../runtime/supervision/end-with-parent.js'
import { Heartbeats } from '../../state/heartbeats/heartbeats.js'
import { Pulse } from '../../state/heartbeats/pulse.js'
import type { Wait } from '../../wait/run-loop.js'
import { STRATEGY_JOURNAL_FRAMES } from '../sequence/frames.js'
import { SEQUENCE } from '../sequence/home.js'
import { IdentityKeeper } from '../sequence/identity-keeper.js'
import { firstKnown } from '../snapshots/find.js'
import type { EpochStart } from './epoch-start.js'
import { StrategyHost } from './host.js'
import { loadStrategy } from './load.js'
import { LogFile } from './log-file.js'
import { passFrames, startHost } from './pass-frames.js'
import { StateKeeper } from './state-keeper.js'

/** The configuration of the process of one strategy. The gateway passes it as JSON in the first argument. */
export interface StrategyProcessConfig extends Pick<EpochStart, 'strategy' | 'epoch' | 'seed' | 'accounts'> {
  readonly id: string
  readonly file: string
  /** The sequence and the strategy's journal. */
  readonly input: string
  /**
   * The identity of the gateway's journal, which the gateway has open. A new home at the same path has another one.
   */
  readonly inputIdentity: string
  readonly output: string
  /** The directory of what strategies log. */
  readonly log: string
  /** The table of heartbeats, and the process's cell there. */
  readonly heartbeats: string
  readonly cell: number
  readonly writer: WriterOptions
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
  const { id, input, output } = config
  const strategy = await loadStrategy(config.file, id)
  const pulse = Heartbeats.find(config.heartbeats)?.pulse(config.cell) ?? Pulse.unseen()
  // Also when the stop message has already arrived: the frames written before it must still be handled, and no other
  // process will do it.
  const consumer = await Consumer.open(
    {
      name: id,
      input,
      inputIdentity: config.inputIdentity,
      output,
      writer: { ...config.writer, frames: STRATEGY_JOURNAL_FRAMES },
      from: firstStart(strategy.from, input),
      run: config.epoch,
      pulse,
    },
    atOnce.signal,
  )
  const log = new LogFile(config.log, id)
  const host = new StrategyHost(
    strategy,
    { ...config, replay: false, sequence: SEQUENCE },
    {
      begin: definition => consumer.begin(definition),
      commit: options => consumer.commit(options),
      log: message => log.write(message),
    },
  )
  passFrames(consumer, host)

  let ended: 'stopped' | 'failed' = 'failed'
  let broken: unknown
  const states = new StateKeeper(host, consumer)
  const identity = new IdentityKeeper(consumer.writer)
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
  const timer = setInterval(
    () =>
      attempt(() => {
        consumer.tell()
        identity.keep()
        states.save()
      }),
    config.progressMs,
  )
  let stalls: StallRecord | undefined
  try {
    startHost(consumer, host, position => pulse.beat(position))
    states.begin()
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
    consumer.tell()
    consumer.end(ended, () => {
      if (ended !== 'stopped') return
      host.stop()
      states.saveLast()
    })
  }
}

/** Where a strategy begins that has never run. Without the first pages, where it is known what was before. */
function firstStart(from: 'start' | 'end' | undefined, sequence: string): Start {
  if (from === 'end') return 'end'
  const first = firstKnown(sequence)?.position ?? 0
  return first === 0 ? 'start' : { position: first }
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
  // The message of a library error is sufficient; for a strategy's own error the stack is printed too.
  const text =
    error instanceof TicktapeError
      ? `${error.code}: ${error.message}`
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error)
  process.stderr.write(`${text}\n`)
  sendMessage({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
}
