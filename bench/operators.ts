import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { removeHome, runOrders } from './gateway.js'
import { freshDirectory } from './support/journals.js'
import { Observers } from './support/observers.js'
import { Process } from './support/process.js'
import type { Answer, Conditions, Question } from './support/question.js'
import { remove } from './support/recorded.js'
import { atMost, comparison, inTurns, latencies, ratio, takeTurns, type Way } from './support/rounds.js'
import { P50 } from './support/statistics.js'

const MIB = 2 ** 20
/** ns between two frames of the writer that is looked at. */
const EVERY_NS = 400

/** The time of a writer for a frame, with and without somebody who looks. */
function writing(conditions: Conditions, writer: Process, isWatched: boolean): Way {
  const seconds = conditions.quick ? 2.5 : 5
  return {
    name: isWatched ? 'with metrics, a scrape and top' : 'nobody looks',
    async measure() {
      const directory = freshDirectory(conditions, 'memory')
      await writer.call('open', {
        directory,
        options: { pageSize: 16 * MIB, durability: 'process', retain: { bytes: 64 * MIB } },
        cpu: conditions.cpus[0],
        waitNext: true,
      })
      const observers = isWatched ? await Observers.start(directory) : undefined
      const frames = Math.round((seconds * 1e9) / EVERY_NS)
      const { meanNs } = await writer.call<{ meanNs: number }>('pace', { first: 0, frames, everyNs: EVERY_NS })
      await observers?.stop()
      await writer.call('close')
      remove(directory)
      return meanNs
    },
  }
}

/** From an order to its final report, with and without somebody who looks. */
function trading(conditions: Conditions, gateway: Process, isWatched: boolean): Way<number[]> {
  return {
    name: isWatched ? 'with metrics, a scrape and top' : 'nobody looks',
    async measure() {
      const home = freshDirectory(conditions, 'memory')
      try {
        const running = runOrders(home, gateway, conditions.quick ? 300_000 : 800_000)
        if (!isWatched) return await running
        while (!existsSync(`${home}/gateway/control`)) await sleep(5)
        const observers = await Observers.start(home)
        try {
          return await running
        } finally {
          await observers.stop()
        }
      } finally {
        removeHome(home)
      }
    },
  }
}

export const question: Question = {
  name: 'operators',
  title: 'What does it cost to be looked at?',
  method:
    'A writer that appends a frame with a timestamp every 400 ns, with and without `ticktape metrics`, which is scraped every second, and `ticktape top` with a sample every second, on the same journal; the figure is the time of an append, with a reading of the clock. ' +
    'The same for the time from an order to its final report, of a gateway and a strategy that both spin. The observers are bound to no core.',

  async ask(conditions): Promise<Answer> {
    const [writer, gateway] = [Process.start('writer'), Process.start('gateway')]
    try {
      const append = await inTurns(conditions, 'append', 'ns', 'less', [
        writing(conditions, writer, true),
        writing(conditions, writer, false),
      ])
      const turns = await takeTurns(conditions, [
        trading(conditions, gateway, true),
        trading(conditions, gateway, false),
      ])
      const order = comparison(turns, 'order to report, p50', 'ns', 'less', shares => shares[P50])
      return {
        comparisons: [append, order],
        latencies: [latencies(conditions, turns, 'order to report')],
        targets: [
          atMost(
            "writer's cost per frame, looked at / alone",
            1.05,
            ratio(append.contenders[0], append.contenders[1]),
            'The observers read the lines that the writer writes, once a second; their processes use the same caches and memory.',
          ),
          atMost(
            'order to report p50, looked at / alone',
            1.05,
            ratio(order.contenders[0], order.contenders[1]),
            'Gateway and strategy spin on both cores, so what the observers do is done in their time.',
          ),
        ],
      }
    } finally {
      await writer.stop()
      await gateway.stop()
    }
  },
}
