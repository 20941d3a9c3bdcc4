import type { Handlers } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import { type KnownBefore, knownBefore } from '../../trading/inspect/known-before.js'
import type { HomeDirectory } from '../../trading/sequence/home.js'
import { nap } from '../../wait/nap.js'
import { Exit, printable } from '../output/failure.js'
import type { Output } from '../output/output.js'
import { Progress } from '../output/progress.js'
import { grouped } from '../output/units.js'

/** Frames between two checks of signals and the output. */
const BATCH = 8192
/** ms between two checks for new frames. A person reads the output: this is soon enough, and costs nothing. */
const NAP_MS = 50

export interface SequenceReading {
  readonly home: HomeDirectory
  readonly handlers: Handlers
  readonly out: Output
  /** Go on with frames as they are written, until Ctrl-C. */
  readonly follow: boolean
  /** Called first when the sequence's first pages were retired. */
  readonly begin: (known: KnownBefore) => void
  /** Called once, when all that is there was read. */
  readonly onEnd: () => void
}

/** Reads the sequence of a home, from its first frame or its first snapshot, whether a gateway runs or not. Returns the exit code. */
export async function readSequence({ home, handlers, out, follow, begin, onEnd }: SequenceReading): Promise<number> {
  const known = knownBefore(home.sequence)
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  const reader = Reader.open(home.sequence, { from: known === undefined ? 'start' : { position: known.position } })
  try {
    if (known !== undefined) begin(known)
    await readToEnd(reader, handlers, stop.signal, known)
    if (!stop.signal.aborted) onEnd()
    await out.flush()
    while (follow && !stop.signal.aborted) {
      if (reader.poll(handlers, BATCH) === 0) await nap(NAP_MS, stop.signal)
      await out.flush()
    }
    return stop.signal.aborted ? Exit.INTERRUPTED : Exit.OK
  } finally {
    reader.close()
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
}

/** Up to where the sequence ends now: a gateway that writes fast must not be followed without an end. */
async function readToEnd(
  reader: Reader,
  handlers: Handlers,
  signal: AbortSignal,
  known: KnownBefore | undefined,
): Promise<void> {
  const begin = reader.position
  const before =
    known === undefined ? 'was removed, and is not counted' : 'was retired; a snapshot says what was known there'
  if (begin > 0)
    process.stderr.write(
      `${printable(reader.path)} is read from position ${grouped(begin)}: what was before it ${before}\n`,
    )
  const end = begin + reader.lag
  const progress = new Progress('reading')
  try {
    while (reader.position < end && !signal.aborted && reader.poll(handlers, BATCH) > 0) {
      progress.update(reader.position - begin, end - begin)
      await new Promise(resolve => setImmediate(resolve))
    }
  } finally {
    progress.end()
  }
}
