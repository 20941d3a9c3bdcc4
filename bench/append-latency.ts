import * as fs from 'node:fs'
import type { WriterOptions } from 'ticktape'
import { freshDirectory } from './support/journals.js'
import { latencyPanel, SHARE_NAMES } from './support/latency-plot.js'
import { Process } from './support/process.js'
import type { Answer, Conditions, Question } from './support/question.js'
import { atMost, comparison, latencies, shortly, takeTurns, type Way } from './support/rounds.js'
import { median, P9999 } from './support/statistics.js'

interface Appends {
  /** ns of each `begin` to `commit` alone. */
  readonly service: number[]
  /** ns from the scheduled time of the frame: the time a frame waited for a slow one before it is included. */
  readonly scheduled: number[]
  readonly pages: number
}

function way(
  conditions: Conditions,
  writer: Process,
  name: string,
  where: 'memory' | 'disk',
  options: WriterOptions,
  frames: number,
  everyNs: number,
): Way<Appends> {
  return {
    name,
    async measure() {
      const directory = freshDirectory(conditions, where)
      await writer.call('open', { directory, options, cpu: conditions.cpus[0], waitNext: true })
      const appends = await writer.call<Appends>('append', { frames, everyNs })
      await writer.call('close')
      fs.rmSync(directory, { recursive: true })
      return appends
    },
  }
}

export const question: Question = {
  name: 'append-latency',
  title: 'How long does an append take while pages roll?',
  method:
    'One process appends 64-byte frames with timestamps on a schedule while its pages are replaced by pages created in advance and, on disk, a background thread writes the CRC of each frame and syncs the frames. ' +
    '"Service" is `begin` to `commit` with one reading of the clock; "scheduled" counts from the scheduled time of the frame, so that a slow append also counts for all frames that waited for it (coordinated omission).',

  async ask(conditions): Promise<Answer> {
    const { quick } = conditions
    const frames = quick ? 300_000 : 2_000_000
    const everyNs = quick ? 1000 : 2000
    const pageSize = quick ? 4 * 2 ** 20 : 16 * 2 ** 20
    const writer = Process.start('writer')
    try {
      const ways = [
        way(conditions, writer, 'in memory', 'memory', { pageSize }, frames, everyNs),
        way(
          conditions,
          writer,
          'on disk, synced every 50 ms',
          'disk',
          { pageSize, durability: 'interval' },
          frames,
          everyNs,
        ),
      ]
      await ways[0].measure()
      const turns = await takeTurns(conditions, ways)
      const service = latencies(
        conditions,
        { ...turns, values: turns.values.map(rounds => rounds.map(round => round.service)) },
        'Service',
      )
      const scheduled = latencies(
        conditions,
        { ...turns, values: turns.values.map(rounds => rounds.map(round => round.scheduled)) },
        'Scheduled',
      )
      const worst = comparison(
        turns,
        'append while pages roll, service, p99.99',
        'ns',
        'less',
        round => round.service[P9999],
      )
      return {
        comparisons: [
          worst,
          comparison(
            turns,
            'append while pages roll, from the schedule, p99.99',
            'ns',
            'less',
            round => round.scheduled[P9999],
          ),
        ],
        latencies: [service, scheduled],
        targets: worst.contenders.map(({ name, values }) =>
          atMost(`append p99.99 while pages roll, ${name} (µs)`, 20, median(values) / 1000, timeOfOthers(values)),
        ),
        notes: [
          `One frame every ${everyNs} ns, ${frames.toLocaleString('en-US')} frames per round, over ${turns.values[0][0].pages} pages.`,
        ],
        plots: [
          {
            file: 'append-latency.svg',
            title: 'Append while pages roll',
            kind: 'lines',
            x: SHARE_NAMES,
            y: 'ns',
            logarithmic: true,
            panels: [service, scheduled].map(table => latencyPanel(table)),
          },
        ],
      }
    } finally {
      await writer.stop()
    }
  },
}

/** The reason for a missed target. */
function timeOfOthers(values: readonly number[]): string {
  return `from ${shortly(Math.min(...values) / 1000)} to ${shortly(Math.max(...values) / 1000)} µs in the single rounds. Appends take no lock and make no system call while the next page is ready; this is time that the scheduler or the host gave to others, such as the thread that makes pages.`
}
