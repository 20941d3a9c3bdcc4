import { on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import { Pair, PairReport, type PairState } from '../../trading/messages/pair-frames.js'
import { HomeDirectory } from '../../trading/sequence/home.js'

/** How many pairs ended how. */
export interface PairCounts {
  /** Pairs that a strategy has asked for. */
  readonly asked: number
  readonly done: number
  /** An excess was left when the market had left the band, and the strategy was told so. */
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
  const asked = new Set<bigint>()
  const handlers = on(Pair, ({ pairId }) => {
    asked.add(pairId)
  }).on(PairReport, ({ pairId, state, closings }) => {
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
  return { asked: asked.size, done, unbalanced, denied, open: all.length - done - unbalanced - denied, closed }
}
