import { CorruptJournalError } from '../../frames/errors.js'
import { PositionError, PositionGoneError } from '../../journal/errors.js'
import { slotsOfRun } from '../../journal/replicate/run.js'
import { type JournalKind, RunReader } from '../../journal/replicate/run-reader.js'
import { SourceChangedError, StreamError } from '../errors.js'
import { type Envelope, endOf } from './message.js'
import type { Stream, StreamMessage } from './stream.js'

/** Where a stream ends, and whose runs it has. */
export interface SourcePlace {
  /** Names the source. */
  readonly source: string
  /** Names the process that published the last message. */
  readonly publisher: string
  /** The sequence number of the last message. */
  readonly sequence: number
  /** Where the last run begins and ends, in positions of the journal. */
  readonly begin: number
  readonly end: number
}

/**
 * Finds where in a journal a publisher continues: after the stream's last run, which must be in the journal, byte for byte. Undefined when
 * the stream is empty. A stream that never had a run continues where it was begun.
 *
 * @throws {SourceChangedError} when the journal is not the one whose runs the stream has, or has lost frames; {StreamError}.
 */
export async function findSource(
  stream: Stream,
  directory: string,
  kind: JournalKind,
): Promise<SourcePlace | undefined> {
  const last = await stream.last()
  if (last === undefined) return undefined
  checkKind(stream.name, directory, kind, last)
  const run = last.kind === 'run' ? last : await stream.lastRun()
  if (run === undefined) {
    // The oldest messages go first: while the first one is there, and the position is still its own, there was no run.
    const first = await stream.message(1)
    if (first !== undefined && first.after === last.after) return place(last, last.after)
    throw new StreamError(
      `stream ${stream.name} has no run left, so nothing shows whether ${directory} is its journal: its limits have removed them all. Delete it, publish again, and begin new replicas`,
      { path: directory },
    )
  }
  if (endOf(run) !== endOf(last))
    throw changed(stream.name, directory, `its messages ${run.sequence} and ${last.sequence} do not follow each other`)
  compare(stream.name, directory, run)
  return place(last, run.run?.position ?? run.after)
}

function place(last: Envelope, begin: number): SourcePlace {
  const { source, publisher, sequence } = last
  return { source, publisher, sequence, begin, end: endOf(last) }
}

function checkKind(stream: string, directory: string, { pageSize, journalId }: JournalKind, last: Envelope): void {
  if (last.pageSize !== pageSize)
    throw changed(
      stream,
      directory,
      `its pages have ${pageSize} bytes, and those of the published journal ${last.pageSize}`,
    )
  if (last.journalId !== journalId)
    throw changed(
      stream,
      directory,
      `its journal id is ${journalId}, and that of the published journal ${last.journalId}`,
    )
}

/** Compares a run of the stream with the journal. */
function compare(stream: string, directory: string, { run, data }: StreamMessage): void {
  if (run === undefined) return
  const { position, slots, pageCreated } = run
  let reader: RunReader
  try {
    reader = RunReader.open(directory, { from: { position } })
  } catch (error) {
    if (error instanceof PositionGoneError)
      throw changed(
        stream,
        directory,
        `it has no frames before position ${error.first} any more, and the stream ends at ${position + slots}`,
        error,
      )
    if (error instanceof PositionError || error instanceof CorruptJournalError)
      throw changed(
        stream,
        directory,
        `the stream ends at position ${position + slots}, and no frame begins at ${position} of the journal`,
        error,
      )
    throw error
  }
  try {
    const own = reader.next(data.length)
    if (own === undefined || own.bytes.length < data.length)
      throw changed(
        stream,
        directory,
        `it ends at position ${position + (own === undefined ? 0 : slotsOfRun(own))}, and the stream at ${position + slots}`,
      )
    if (own.position !== position || own.pageCreated !== pageCreated)
      throw changed(stream, directory, `its page with position ${position} was created again`)
    if (Buffer.compare(own.bytes, data) !== 0)
      throw changed(stream, directory, `it has other frames from position ${position} to ${position + slots}`)
  } finally {
    reader.close()
  }
}

function changed(stream: string, directory: string, how: string, cause?: unknown): SourceChangedError {
  return new SourceChangedError(
    `${directory} is not as stream ${stream} has it: ${how}. It was made again, repaired, or lost frames that were published. Publish it to a new stream with --stream, and begin new replicas`,
    { path: directory, cause },
  )
}
