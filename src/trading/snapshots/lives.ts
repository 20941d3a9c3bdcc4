import type { HomeDirectory } from '../sequence/home.js'
import { type Lives, livesOf, type StrategyLives } from '../sequence/lives.js'
import { deskIn, firstKnown } from './find.js'

/** What a snapshot has of the last starts of strategies before it. */
interface WithStarts {
  readonly starts: readonly {
    readonly id: string
    readonly strategy: number
    readonly epoch: number
    readonly seed: number
    readonly code: string
    readonly file: string
  }[]
  readonly config?: Lives['config']
}

/** As `livesOf`, with the epochs that had begun before the first page that is still there. */
export function allLives(home: HomeDirectory): Lives {
  const { strategies, config } = livesOf(home)
  const snapshot = firstKnown(home.sequence)?.snapshot
  if (snapshot === undefined) return { strategies, config }
  const earlier = deskIn(snapshot) as WithStarts
  const all = new Map<string, StrategyLives>(strategies)
  for (const { id, strategy, epoch, seed, code, file } of earlier.starts) {
    const known = strategies.get(id)
    all.set(id, {
      number: strategy,
      file: known?.file ?? file,
      epochs: new Map([[epoch, { seed, code }], ...(known?.epochs ?? [])]),
    })
  }
  const sorted = [...all].sort(([, a], [, b]) => a.number - b.number)
  return { strategies: new Map(sorted), config: config ?? earlier.config }
}
