import { RecordingError } from '../errors.js'
import type { CaptureWriter } from './capture-writer.js'
import type { MessageSource } from './message-source.js'

/** How often what was received is written, in ms: what a kill loses at most. */
const FLUSH_MS = 1000

/**
 * Records a source until it ends or the signal aborts. Closes the writer.
 *
 * @param onFirst is called with the time between the last message of an earlier recording and the first of this one, in ns.
 * @throws {RecordingError} when the source fails; {NoSpaceError}, {SystemCallError} when the files cannot be written. What was
 *   written stays sound.
 */
export async function record(
  source: MessageSource,
  writer: CaptureWriter,
  signal: AbortSignal,
  onFirst?: (missedNs: bigint) => void,
): Promise<void> {
  const before = writer.last
  const failed = new AbortController()
  let failure: unknown
  const attempt = (act: () => void): void => {
    if (failure !== undefined) return
    try {
      act()
    } catch (error) {
      // The source is stopped. Its own call of `take` must not throw into a socket's event.
      failure = error
      failed.abort()
    }
  }
  const timer = setInterval(() => attempt(() => writer.flush()), FLUSH_MS)
  const take = (message: string, receivedNs: bigint): void => {
    if (writer.messages === 0 && before !== undefined) onFirst?.(receivedNs - before)
    attempt(() => writer.write(message, receivedNs))
  }
  try {
    await source.receive(take, AbortSignal.any([signal, failed.signal]))
  } catch (error) {
    failure ??= new RecordingError(
      `the source of messages has failed: ${error instanceof Error ? error.message : String(error)}; what was received is recorded`,
      { cause: error },
    )
  } finally {
    clearInterval(timer)
    try {
      writer.close()
    } catch (error) {
      failure ??= error
    }
  }
  if (failure !== undefined) throw failure
}
