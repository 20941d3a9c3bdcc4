import { setTimeout as sleep } from 'node:timers/promises'
import { TicktapeError } from '../../base/errors.js'
import { Handlers } from '../../frames/handlers.js'
import { JournalReplacedError, PositionGoneError } from '../../journal/errors.js'
import { Reader } from '../../journal/read/reader.js'
import { Writer } from '../../journal/write/writer.js'
import { findLast } from '../../runtime/consumer/find-last.js'
import { identityOf } from '../../runtime/consumer/identity.js'
import type { FromConsumer, ToConsumer } from '../../runtime/consumer/messages.js'
import { retryWhileLocked } from '../../runtime/opening/retry-while-locked.js'
import { endWithParent } from '../../runtime/supervision/end-with-parent.js'
import { ClientOrderIds } from '../messages/order-id.js'
import { Home, VenueMessage, VenueReport } from '../sequence/frames.js'
import { IdentityKeeper } from '../sequence/identity-keeper.js'
import { Time } from '../sequence/time.js'
import type { AdapterConfig } from '../venues/adapter-config.js'
import { loadVenue } from '../venues/load-venue.js'
import { VenueAdapter } from './adapter.js'

/** The longest time between two calls of a simulated venue, in ms. */
const LONGEST_NAP_MS = 5
/** How long a venue may take to say goodbye, in ms. */
const CLOSE_MS = 2_000
/** Aborts when the gateway has ended or asks the adapter to stop. */
const stopping = new AbortController()
/** Set by the gateway's stop message: requests before this position must still be sent. */
let stopAt = 0

endWithParent()
process.on('SIGINT', () => {})
process.on('SIGTERM', () => stopping.abort())
process.on('disconnect', () => stopping.abort())
process.on('message', (message: ToConsumer) => {
  stopAt = message.position
  stopping.abort()
})
if (!process.connected) stopping.abort()

try {
  await main(JSON.parse(process.argv[2]) as AdapterConfig)
} catch (error) {
  process.exitCode = 1
  const text = error instanceof TicktapeError ? `${error.code}: ${error.message}` : String((error as Error).stack)
  process.stderr.write(`${text}\n`)
  sendMessage({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
}
// Sockets and timers that the venue left open must not delay the gateway.
process.exit()

async function main(config: AdapterConfig): Promise<void> {
  const venue = await loadVenue(config.file, config.options)
  const writer = await retryWhileLocked(() =>
    Writer.open(config.output, { ...config.writer, frames: [VenueReport, VenueMessage, Home] }),
  )
  // Its name, which no strategy can have, keeps the pages that it has not read.
  const reader = await retryWhileLocked(() => Reader.open(config.input, { from: { name: `venue:${config.number}` } }))
  try {
    if (identityOf(config.input) !== config.inputIdentity)
      throw new JournalReplacedError(
        `${config.input} was replaced by another; this process belongs to the earlier one`,
        {
          path: config.input,
        },
      )
    const adapter = new VenueAdapter(
      venue,
      config.number,
      writer,
      new Time(BigInt(config.origin)),
      new ClientOrderIds(BigInt(config.home)),
      BigInt(config.origin),
      () => reader.lag > 0,
    )
    continueAfterLast(reader, adapter, config)
    const identity = new IdentityKeeper(writer)
    const timer = everyDue(adapter, identity)
    sendMessage({ kind: 'ready' })
    try {
      await reader.run(adapter.handlers, { wait: config.wait, signal: stopping.signal })
      while (reader.position < stopAt && reader.poll(adapter.handlers, 1) > 0);
      adapter.flush()
    } finally {
      timer.stop()
      await Promise.race([venue.close(), sleep(CLOSE_MS, undefined, { ref: false })])
    }
  } finally {
    reader.close()
    writer.close()
  }
}

/**
 * Moves the reader to the first request that this adapter may not have acted on. What is before it is either in the journal
 * ('sending', 'not-sent'), or was a cancel or a question: these are sent again, which does no harm.
 */
function continueAfterLast(reader: Reader, adapter: VenueAdapter, { input, output }: AdapterConfig): void {
  const last = findLast(output, frame => frame.cause)
  if (last !== undefined) goBehind(reader, last)
  adapter.readInstruments(input, reader.position)
}

/** Moves the reader behind the frame at a position. Where that is gone, all that was asked since was taken long ago. */
function goBehind(reader: Reader, position: number): void {
  try {
    reader.seek({ position })
  } catch (error) {
    if (error instanceof PositionGoneError) return
    throw error
  }
  reader.poll(
    new Handlers().otherwise(() => {}),
    1,
  )
}

/** Lets a simulated venue do what is due by its own time. */
function everyDue(adapter: VenueAdapter, identity: IdentityKeeper): { stop(): void } {
  let timer: NodeJS.Timeout | undefined
  const advance = (): void => {
    const dueIn = adapter.advance()
    identity.keep()
    timer = setTimeout(advance, Math.min(Math.max(1, dueIn), LONGEST_NAP_MS))
  }
  advance()
  return { stop: () => clearTimeout(timer) }
}

function sendMessage(message: FromConsumer): void {
  if (process.connected) process.send?.(message, () => {})
}
