import { on, Reader } from 'ticktape'
import { Baseline } from './support/baseline.js'
import { Small } from './support/frames.js'
import { freshDirectory } from './support/journals.js'
import type { Answer, Question } from './support/question.js'
import { record, remove } from './support/recorded.js'
import { atLeast, inTurns, shortly, type Way } from './support/rounds.js'
import { median } from './support/statistics.js'

const state = { expected: 0, errors: 0, sum: 0 }
const handlers = on(Small, f => {
  const { seq } = f
  if (seq !== state.expected) state.errors++
  state.expected = seq + 1
  state.sum += f.bid + f.ask + f.volume - 3 * seq
})

/** Reads a recorded journal from its start to its end in this process. Returns M frames/s. */
export function replay(directory: string, frames: number): number {
  const reader = Reader.open(directory)
  Object.assign(state, { expected: 0, errors: 0, sum: 0 })
  const start = performance.now()
  while (reader.poll(handlers, 4096) > 0) {
    // The handlers do the work.
  }
  const ms = performance.now() - start
  reader.close()
  if (state.expected !== frames || state.errors > 0 || state.sum !== 3 * frames)
    throw new Error(`the replay went wrong at frame ${state.expected}`)
  return frames / ms / 1000
}

export const question: Question = {
  name: 'replay',
  title: 'How fast is a recorded journal replayed?',
  method:
    'One process reads a journal in memory from its first frame to its last through typed views, reads all fields and checks all sequence numbers. C++ reads the same files.',

  async ask(conditions): Promise<Answer> {
    const frames = conditions.quick ? 2_000_000 : 10_000_000
    const directory = freshDirectory(conditions, 'memory')
    record(directory, frames)
    try {
      const ways: Way[] = [{ name: 'ticktape', measure: async () => replay(directory, frames) }]
      if (conditions.baseline !== undefined) {
        ways.push({
          name: 'C++',
          async measure() {
            const reader = new Baseline(conditions.baseline as string, [
              'read',
              directory,
              '--frames',
              frames,
              '--cpu',
              conditions.cpus[1],
            ])
            await reader.ready()
            const { start, end } = await reader.result<{ start: number; end: number }>()
            await reader.end()
            return (frames / (end - start)) * 1000
          },
        })
      }
      await ways[0].measure()
      const rate = await inTurns(conditions, `replay of ${frames / 1e6} M frames`, 'M frames/s', 'more', ways)
      return {
        comparisons: [rate],
        targets: [
          atLeast(
            'replay of recorded frames through typed views (M frames/s)',
            50,
            median(rate.contenders[0].values),
            `from ${shortly(Math.min(...rate.contenders[0].values))} to ${shortly(Math.max(...rate.contenders[0].values))} in the single rounds; a core loads a cache line for each frame, and maps pages meanwhile. The table has C++ on the same files.`,
          ),
        ],
      }
    } finally {
      remove(directory)
    }
  },
}
