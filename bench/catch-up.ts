import { freshDirectory } from './support/journals.js'
import { Process } from './support/process.js'
import type { Answer, Question } from './support/question.js'
import { remove } from './support/recorded.js'
import { inTurns } from './support/rounds.js'

export const question: Question = {
  name: 'catch-up',
  title: 'How fast does a late reader catch up with an active writer?',
  method:
    'A writer has published many frames and continues with one every 2 µs from its own core. A reader then opens the journal at its start on the other core; the figure is the number of frames it reads divided by the time until it has read all that existed when it began. "Idle writer" is the same while nothing is written.',

  async ask(conditions): Promise<Answer> {
    const frames = conditions.quick ? 1_000_000 : 10_000_000
    const more = 100_000
    const writer = Process.start('writer')
    const reader = Process.start('reader')
    const measure = async (live: boolean): Promise<number> => {
      const directory = freshDirectory(conditions, 'memory')
      await writer.call('open', { directory, options: { timestamps: false }, cpu: conditions.cpus[0], waitNext: false })
      await writer.call('write', { frames, size: 64, batch: 1 })
      const writing = live ? writer.call('continue', { first: frames, frames: more, everyNs: 2000 }) : undefined
      await reader.call('open', { directory, cpu: conditions.cpus[1] })
      const reading = await reader.begin<{ start: number; end: number }>('read', {
        frames,
        size: 64,
        run: { wait: 'spin' },
      })
      const { start, end } = await reading.result
      await writing
      await reader.call('close')
      await writer.call('close')
      remove(directory)
      return (frames / (end - start)) * 1000
    }
    try {
      await measure(false)
      const ways = [
        { name: 'ticktape', measure: () => measure(true) },
        { name: 'idle writer', measure: () => measure(false) },
      ]
      return { comparisons: [await inTurns(conditions, `${frames / 1e6} M frames behind`, 'M frames/s', 'more', ways)] }
    } finally {
      await reader.stop()
      await writer.stop()
    }
  },
}
