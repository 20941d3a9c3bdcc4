import type { TicktapeError } from '../../base/errors.js'
import type { Feed } from '../market/feed.js'
import type { MarketJournal } from './market-journal.js'

/** Why a recorder that starts again says that something is missing. */
const NOT_RUNNING = 'the recorder did not run'

/**
 * Records a live feed into a journal until the feed ends or the signal aborts. Closes the journal.
 *
 * @param onGap is called with what is missing, and for how many ms.
 * @throws what the feed throws, and what the journal's writer throws. What was written stays.
 */
export async function recordMarket(
  feed: Feed,
  journal: MarketJournal,
  signal: AbortSignal,
  onGap: (what: string, ms: number) => void = () => {},
): Promise<void> {
  const gap = (reason: string, missingMs?: number): void => {
    const ms = journal.gap(reason, missingMs)
    if (ms !== undefined) onGap(reason, ms)
  }
  const before = feed.onProblem
  feed.onProblem = (problem: TicktapeError) => {
    before?.(problem)
    // Other instruments may have had frames since the gap began: then the feed says how long it is.
    const { missingMs } = problem as { readonly missingMs?: number }
    gap(problem.message, missingMs)
  }
  let isFirst = journal.position > 0
  let known: Feed['instruments']
  try {
    for await (const batch of feed.events(0, { signal })) {
      if (feed.instruments !== known) {
        known = feed.instruments
        for (const spec of known ?? []) journal.addInstrument(spec)
      }
      if (isFirst && batch.length > 0) {
        gap(NOT_RUNNING)
        isFirst = false
      }
      for (const event of batch) journal.write(event)
    }
    await journal.flush()
  } finally {
    feed.onProblem = before
    journal.close()
  }
}
