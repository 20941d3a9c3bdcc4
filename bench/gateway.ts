import { dirname } from 'node:path'
import { oursWay } from './round-trip.js'
import { freshDirectory } from './support/journals.js'
import { Process } from './support/process.js'
import type { Answer, Conditions, Question } from './support/question.js'
import { remove } from './support/recorded.js'
import { atLeast, atMost, comparison, latencies, ratio, takeTurns, type Way } from './support/rounds.js'
import { median, P50, P99 } from './support/statistics.js'
import { engineWay } from './throughput.js'

interface Run {
  readonly result: { readonly percentiles?: number[]; readonly perSecond?: number; readonly ms?: number }
  readonly fedMs: number
  readonly orders: number
  readonly progress: { readonly p50: number; readonly p99: number; readonly p999: number } | undefined
}

/** Runs a gateway and one strategy in a home of their own. */
async function run(conditions: Conditions, gateway: Process, task: object): Promise<Run> {
  const home = freshDirectory(conditions, 'memory')
  try {
    return await gateway.call<Run>('run', { home, cpu: undefined, wait: 'spin', every: 0, rate: 0, ...task })
  } finally {
    remove(home)
    remove(`${dirname(home)}/result`)
  }
}

export const question: Question = {
  name: 'gateway',
  title: 'What does the trading runtime add to the journals below it?',
  method:
    'A gateway process with a feed of typed events prepared in memory, all checks of risk that cost time switched on, and the simulated exchange; one strategy process; both spin. "Order to report": the strategy sends an order that is cancelled at once when the last one is final, and measures from `order()` to `onOrder` of the final report. ' +
    'Events: from the first to the last call of `onBook`, every event checked. In the same rounds the engine does what it does below: a round trip of two frames, and 64-byte frames with timestamps one way.',

  async ask(conditions): Promise<Answer> {
    const { quick } = conditions
    const gateway = Process.start('gateway')
    const [ping, pong] = [Process.start('echo'), Process.start('echo')]
    const [writer, reader] = [Process.start('writer'), Process.start('reader')]
    const orders = quick ? 20_000 : 100_000
    const events = quick ? 500_000 : 3_000_000
    try {
      const settings = { count: quick ? 50_000 : 200_000, timestamps: false }
      const engine = oursWay(conditions, 'poll', settings, ping, pong, 'the engine, there and back')
      const runtime: Way<number[]> = {
        name: 'order to report',
        measure: async () => {
          const { result } = await run(conditions, gateway, { strategy: 'ping', events: 1, count: orders })
          return result.percentiles ?? []
        },
      }
      const trips = await takeTurns(conditions, [runtime, engine])
      const tripLatencies = latencies(conditions, trips, 'order to report')
      const half = comparison(trips, 'order to report, p50', 'ns', 'less', shares => shares[P50])
      const tail = comparison(trips, 'order to report, p99', 'ns', 'less', shares => shares[P99])

      const flow = (name: string, every: number): Way => ({
        name,
        measure: async () => {
          const { result } = await run(conditions, gateway, { strategy: 'reader', events, count: events, every })
          return events / (result.ms ?? Number.NaN) / 1000
        },
      })
      const flows = await takeTurns(conditions, [
        flow('market events to one strategy', 0),
        engineWay(conditions, events, writer, reader),
        flow('every fiftieth leads to an order', 50),
      ])
      const flowing = comparison(flows, 'market events to one strategy', 'M/s', 'more', value => value)

      const paced = await takeTurns(conditions, [
        {
          name: 'at 100,000 events a second',
          measure: async () => {
            const count = quick ? 100_000 : 300_000
            const { progress } = await run(conditions, gateway, {
              strategy: 'reader',
              events: count,
              count,
              rate: 100_000,
            })
            return [progress?.p50 ?? Number.NaN, progress?.p99 ?? Number.NaN, progress?.p999 ?? Number.NaN]
          },
        },
      ])
      const age = comparison(paced, 'age of an event in its handler, p50', 'ns', 'less', ([p50]) => p50)
      const oldAge = comparison(paced, 'age of an event in its handler, p99', 'ns', 'less', ([, p99]) => p99)

      const burst = await takeTurns(conditions, [
        {
          name: 'risk, exchange and journal',
          measure: async () => {
            const count = quick ? 50_000 : 300_000
            const { result } = await run(conditions, gateway, { strategy: 'burst', events: count / 64 + 64, count })
            return (result.perSecond ?? Number.NaN) / 1000
          },
        },
      ])
      const throughput = comparison(burst, 'orders through one gateway', 'thousand/s', 'more', value => value)
      for (const { label, unit, contenders } of [flowing, age, oldAge, throughput])
        conditions.say(
          `  ${label}: ${contenders.map(c => `${c.name} ${median(c.values).toFixed(2)}`).join(', ')} ${unit}`,
        )

      const [ours, below] = half.contenders
      const [ours99, below99] = tail.contenders
      const [all, frames, fiftieth] = flowing.contenders
      return {
        comparisons: [half, tail, flowing, age, oldAge, throughput],
        latencies: [tripLatencies],
        targets: [
          atMost('order to report p50 / the engine', 5, ratio(ours, below), 'See the profile in the notes.'),
          atMost('order to report p99 / the engine', 10, ratio(ours99, below99), 'See the profile in the notes.'),
          atLeast('market events to a strategy / frames of the engine', 0.35, ratio(all, frames), ''),
          atLeast('the same with every fiftieth an order', 0.3, ratio(fiftieth, frames), ''),
          atLeast('orders through one gateway (thousand/s)', 300, median(throughput.contenders[0].values), ''),
        ],
      }
    } finally {
      await gateway.stop()
      await ping.stop()
      await pong.stop()
      await writer.stop()
      await reader.stop()
    }
  },
}
