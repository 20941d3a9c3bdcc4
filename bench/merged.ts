import { MergedReader, on } from 'ticktape'
import { replay } from './replay.js'
import { Small } from './support/frames.js'
import { freshDirectory } from './support/journals.js'
import type { Answer, Question } from './support/question.js'
import { record, remove } from './support/recorded.js'
import { inTurns, type Way } from './support/rounds.js'

const state = { frames: 0, errors: 0, lastTurn: 0 }
const next = new Float64Array(1024)
const handlers = on(Small, (f, source) => {
  const { seq } = f
  if (seq !== next[source]++) state.errors++
  if (seq < state.lastTurn) state.errors++
  state.lastTurn = seq
  state.frames++
})

/** Merges journals whose frames alternate in time. Returns ns per frame. */
function merge(directories: readonly string[], frames: number): number {
  const reader = MergedReader.open(directories)
  Object.assign(state, { frames: 0, errors: 0, lastTurn: 0 })
  next.fill(0)
  const start = performance.now()
  while (reader.poll(handlers, 4096) > 0) {
    // The handlers do the work.
  }
  const ms = performance.now() - start
  reader.close()
  if (state.frames !== frames || state.errors > 0)
    throw new Error(`the merge went wrong: ${state.frames} frames of ${frames}, ${state.errors} out of order`)
  return (ms * 1e6) / frames
}

export const question: Question = {
  name: 'merged',
  title: 'What does merging journals by time cost?',
  method:
    'One process reads 2, 10 and 100 journals in memory as one, with the same total number of frames; their times alternate, so every frame comes from another journal than the one before. Order and completeness are checked. For comparison, one journal is read alone.',

  async ask(conditions): Promise<Answer> {
    const frames = conditions.quick ? 300_000 : 1_000_000
    const made: string[] = []
    const journals = (count: number): string[] => {
      const directories = Array.from({ length: count }, () => freshDirectory(conditions, 'memory'))
      directories.forEach((directory, i) => {
        record(directory, frames / count, { pageSize: 2 ** 20, firstTime: BigInt(i), stepNs: BigInt(count) })
        made.push(directory)
      })
      return directories
    }
    try {
      const ways: Way[] = [2, 10, 100].map(count => {
        const directories = journals(count)
        return { name: `${count} journals`, measure: async () => merge(directories, frames) }
      })
      const [alone] = journals(1)
      ways.push({ name: 'one journal, plainly', measure: async () => 1000 / replay(alone, frames) })
      for (const way of ways) await way.measure()
      return { comparisons: [await inTurns(conditions, 'merged reader', 'ns per frame', 'less', ways)] }
    } finally {
      for (const directory of made) remove(directory)
    }
  },
}
