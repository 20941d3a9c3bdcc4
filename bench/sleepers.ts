import * as fs from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { freshDirectory } from './support/journals.js'
import { Process } from './support/process.js'
import type { Answer, Conditions, Question } from './support/question.js'
import { atLeast, atMost, comparison, takeTurns, type Way } from './support/rounds.js'
import { median, P50, P99 } from './support/statistics.js'

/** Frames per second at which readers that sleep between two frames cost the writer most. */
const RATE = 20_000
/** Frames at full speed: a page of 64 MiB holds a million. */
const BURST = 400_000
const PAGE_SIZE = 64 * 2 ** 20
/** ms until every reader must have handled every frame. */
const LATEST = 20_000

interface Figures {
  /** The writer's time for one publish, in ns: the mean, which holds every wake-up. */
  readonly costNs: number
  /** Frames a second that the slowest reader has handled. */
  readonly delivered: number
  /** ms from the commit until the handler runs: medians over the readers, and the reader with the highest p99. */
  readonly p50: number
  readonly p99: number
  readonly worstP99: number
}

interface Paced {
  readonly seconds: number
  readonly meanNs: number
}

/** @param rate frames a second; undefined: as fast as the writer can. */
function way(
  conditions: Conditions,
  writer: Process,
  sleepers: readonly Process[],
  frames: number,
  rate: number | undefined,
): Way<Figures> {
  return {
    name: sleepers.length === 1 ? '1 reader' : `${sleepers.length} readers`,
    async measure() {
      const directory = freshDirectory(conditions, 'memory')
      await writer.call('open', { directory, options: { pageSize: PAGE_SIZE }, waitNext: false })
      for (const sleeper of sleepers) await sleeper.call('follow', { directory, frames })
      await sleep(100)
      const start = performance.now()
      const { meanNs } = await writer.call<Paced>('pace', {
        first: 0,
        frames,
        everyNs: rate === undefined ? 0 : 1e9 / rate,
      })
      await allHandled(sleepers, frames)
      const seconds = (performance.now() - start) / 1000
      const ages: (readonly number[])[] = []
      for (const sleeper of sleepers) ages.push(await sleeper.call<number[]>('finish'))
      await writer.call('close')
      fs.rmSync(directory, { recursive: true })
      const p99s = ages.map(age => age[P99] / 1e6)
      const p50 = median(ages.map(age => age[P50] / 1e6))
      return { costNs: meanNs, delivered: frames / seconds, p50, p99: median(p99s), worstP99: Math.max(...p99s) }
    },
  }
}

/** Waits until each reader has handled each frame. @throws when some never do. */
async function allHandled(sleepers: readonly Process[], frames: number): Promise<void> {
  const latest = performance.now() + LATEST
  for (;;) {
    const handled = await Promise.all(sleepers.map(sleeper => sleeper.call<number>('handled')))
    if (handled.every(count => count === frames)) return
    if (performance.now() > latest)
      throw new Error(`of ${frames} frames the readers have handled ${handled.join(', ')}`)
    await sleep(20)
  }
}

export const question: Question = {
  name: 'sleepers',
  title: 'What do readers cost that sleep in the event loop, on few cores?',
  method: `One writer and the given number of reader processes (\`run\`, event loop) share all cores of this machine; nothing is bound. The writer publishes ${RATE.toLocaleString('en-US')} frames a second, each at its time, or as many as it can ("full speed"). Each reader checks each sequence number and computes the age of each frame. "Writer, each publish" is the mean time of a publish, the wake-ups of sleepers included; "delivered" counts until the last reader has handled the last frame.`,

  async ask(conditions): Promise<Answer> {
    const counts = conditions.quick ? [1, 20] : [1, 5, 20, 50]
    const frames = RATE * (conditions.quick ? 0.5 : 1)
    const writer = Process.start('writer')
    const sleepers = Array.from({ length: counts[counts.length - 1] }, () => Process.start('sleeper'))
    try {
      // V8 compiles while frames come, on the cores that are measured.
      for (let warm = 0; warm < (conditions.quick ? 1 : 3); warm++) {
        await way(conditions, writer, sleepers, RATE, RATE).measure()
      }
      const paced = await takeTurns(
        conditions,
        counts.map(count => way(conditions, writer, sleepers.slice(0, count), frames, RATE)),
      )
      const full = await takeTurns(
        conditions,
        [1, 20].map(count => way(conditions, writer, sleepers.slice(0, count), BURST, undefined)),
      )
      const cost = comparison(paced, 'writer, each publish', 'ns', 'less', f => f.costNs)
      const p50 = comparison(paced, 'age in the handler, p50', 'ms', 'less', f => f.p50)
      const p99 = comparison(paced, 'age in the handler, p99', 'ms', 'less', f => f.p99)
      const worst = comparison(paced, 'age in the handler, p99 of the slowest reader', 'ms', 'less', f => f.worstP99)
      const delivered = comparison(paced, 'delivered to each reader', 'frames/s', 'more', f => f.delivered)
      const atFullSpeed = comparison(full, 'delivered to each reader, full speed', 'frames/s', 'more', f => f.delivered)
      const twenty = counts.indexOf(20)
      return {
        comparisons: [cost, p50, p99, worst, delivered, atFullSpeed],
        targets: [
          atMost(
            'age p99, 20 sleeping readers at 20,000 frames/s (ms)',
            10,
            median(p99.contenders[twenty].values),
            'A turn of the event loop of each reader, with cold caches, every few ms.',
          ),
          atLeast(
            'frames/s to each of 20 sleeping readers at full speed',
            250_000,
            median(atFullSpeed.contenders[1].values),
            '21 processes share the cores; each frame is handled 20 times.',
          ),
        ],
      }
    } finally {
      for (const process of [writer, ...sleepers]) await process.stop()
    }
  },
}
