import { freshDirectory } from './support/journals.js'
import { Process } from './support/process.js'
import type { Answer, Question } from './support/question.js'
import { record, remove } from './support/recorded.js'
import { atMost, comparison, takeTurns } from './support/rounds.js'
import { median } from './support/statistics.js'

interface Counted {
  readonly writing: { readonly bytes: number; readonly collections: number }
  readonly reading: { readonly bytes: number; readonly collections: number }
}

const MIB = 2 ** 20

export const question: Question = {
  name: 'memory',
  title: 'What does it allocate, and how much memory stays resident?',
  method:
    'A separate, warmed-up process counts the bytes by which the JavaScript heap grows over many frames, with timestamps and rolling pages, and the garbage collections meanwhile (each new page costs some KiB once: the small figures come from that). ' +
    'Another process reads a recorded journal to its end; the figure is the largest increase of its resident memory.',

  async ask(conditions): Promise<Answer> {
    const { quick } = conditions
    const frames = quick ? 1_000_000 : 10_000_000
    const counter = Process.start('allocations', ['--expose-gc'])
    const reader = Process.start('reader')
    const sizes = (quick ? [64, 256] : [256, 1024, 4096]).map(mib => {
      const directory = freshDirectory(conditions, 'memory')
      const journal = { mib, directory, frames: Math.floor((mib * MIB) / 64) }
      record(directory, journal.frames)
      return journal
    })
    try {
      const counts = await takeTurns(conditions, [
        {
          name: 'ticktape',
          async measure() {
            const directory = freshDirectory(conditions, 'memory')
            const counted = await counter.call<Counted>('count', { directory, frames, pageSize: 16 * MIB })
            remove(directory)
            return counted
          },
        },
      ])
      const written = comparison(
        counts,
        'heap taken, writing',
        'bytes per frame',
        'less',
        c => c.writing.bytes / frames,
      )
      const read = comparison(counts, 'heap taken, reading', 'bytes per frame', 'less', c => c.reading.bytes / frames)
      const collections = comparison(
        counts,
        'garbage collections, writing and reading',
        'per M frames',
        'less',
        c => ((c.writing.collections + c.reading.collections) / frames) * 1e6,
      )

      const resident = await takeTurns(
        conditions,
        sizes.map(journal => ({
          name: `journal of ${journal.mib} MiB`,
          async measure() {
            await reader.call('open', { directory: journal.directory, cpu: conditions.cpus[1] })
            const { grewBy } = await reader.call<{ grewBy: number }>('read', {
              frames: journal.frames,
              size: 64,
              run: { wait: 'spin' },
            })
            await reader.call('close')
            return grewBy / MIB
          },
        })),
      )
      const most = comparison(resident, 'resident memory of a reader, growth', 'MiB', 'less', value => value)
      for (const { label, unit, contenders } of [written, read, collections, most]) {
        conditions.say(
          `  ${label}: ${contenders.map(c => `${c.name} ${median(c.values).toFixed(2)}`).join(', ')} ${unit}`,
        )
      }
      const limit =
        'Less than a byte per frame is the cost of a new page, spread over its frames: nothing is allocated per frame.'
      return {
        comparisons: [written, read, collections, most],
        targets: [
          atMost(
            'allocation per frame, writing (whole bytes)',
            0,
            Math.floor(median(written.contenders[0].values)),
            limit,
          ),
          atMost(
            'allocation per frame, reading (whole bytes)',
            0,
            Math.floor(median(read.contenders[0].values)),
            limit,
          ),
        ],
      }
    } finally {
      await counter.stop()
      await reader.stop()
      for (const { directory } of sizes) remove(directory)
    }
  },
}
