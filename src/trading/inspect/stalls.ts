import { on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import { Stall } from '../../runtime/stalls/frames.js'

/** A pause of a process that is on record in its journal. */
export interface RecordedStall {
  readonly kind: 'gc' | 'loop'
  readonly collection: string
  /** ns since 1970. */
  readonly began: bigint
  /** ns. */
  readonly lasted: number
}

/** A pause is written as soon as it is over. On a machine that is busy this may take longer: so long after it is looked for, ns. */
const WRITTEN_WITHIN = 1_000_000_000n
const BATCH = 1024

/** The pauses on record in a journal that overlap a time, from and to in ns since 1970. */
export function stallsDuring(journal: string, from: bigint, to: bigint): RecordedStall[] {
  const found: RecordedStall[] = []
  let isOver = false
  const handlers = on(Stall, ({ kind, collection, began, lasted, time }) => {
    if (time > to + WRITTEN_WITHIN) isOver = true
    else if (began < to && began + lasted > from) found.push({ kind, collection, began, lasted: Number(lasted) })
  }).otherwise(frame => {
    if (frame.time > to + WRITTEN_WITHIN) isOver = true
  })
  const reader = Reader.open(journal, { from: { time: from } })
  try {
    while (!isOver && reader.poll(handlers, BATCH) > 0);
  } finally {
    reader.close()
  }
  return found
}

/** 'a major garbage collection', 'the event loop did not turn'. */
export function stallInWords({ kind, collection }: { readonly kind: string; readonly collection: string }): string {
  if (kind === 'loop') return 'the event loop did not turn'
  return `garbage collection${collection === 'none' ? '' : ` (${collection})`}`
}
