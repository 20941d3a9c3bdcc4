import { on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import { PairReport, type PairState } from '../../trading/messages/pair-frames.js'
import { HomeDirectory } from '../../trading/sequence/home.js'

/** How many pairs ended how. */
export interface PairCounts {
  readonly done: number
  readonly unbalanced: number
  readonly denied: number
  /** They had not ended when the desk stopped. */
  readonly open: number
  /** Pairs of which one leg had more, and the gateway closed it. */
  readonly closed: number
}

/** Counts the pairs of a home by their last reports. */
export function countPairs(home: string): PairCounts {
  const last = new Map<bigint, { readonly state: PairState; readonly closings: number }>()
  const handlers = on(PairReport, ({ pairId, state, closings }) => {
    last.set(pairId, { state, closings })
  })
  const reader = Reader.open(HomeDirectory.openExisting(home).sequence)
  try {
    while (reader.poll(handlers, 4096) > 0);
  } finally {
    reader.close()
  }
  const all = [...last.values()]
  const count = (state: PairState): number => all.filter(pair => pair.state === state).length
  const [done, unbalanced, denied] = [count('done'), count('unbalanced'), count('denied')]
  const closed = all.filter(pair => pair.state === 'done' && pair.closings > 0).length
  return { done, unbalanced, denied, open: all.length - done - unbalanced - denied, closed }
}
