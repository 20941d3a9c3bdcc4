import { dirname } from 'node:path'
import type { DeskCosts } from './roles/desk-loop.js'
import { oursWay } from './round-trip.js'
import { Baseline } from './support/baseline.js'
import { freshDirectory } from './support/journals.js'
import { Process } from './support/process.js'
import { type Share, sharesTable } from './support/profile.js'
import type { Answer, Comparison, Conditions, Question, Target } from './support/question.js'
import { remove } from './support/recorded.js'
import { atLeast, atMost, comparison, latencies, ratio, shortly, takeTurns, type Way } from './support/rounds.js'
import { median, P50, P99 } from './support/statistics.js'
import { cppBurstWay, engineWay } from './throughput.js'

interface Run {
  readonly result: { readonly percentiles?: number[]; readonly perSecond?: number; readonly ms?: number }
  readonly progress: { readonly p50: number; readonly p99: number } | undefined
}

/** Runs a gateway and one strategy in a new home. */
async function runIn(home: string, gateway: Process, task: object): Promise<Run> {
  return gateway.call<Run>('run', { home, cpu: undefined, wait: 'spin', every: 0, rate: 0, ...task })
}

async function run(conditions: Conditions, gateway: Process, task: object): Promise<Run> {
  const home = freshDirectory(conditions, 'memory')
  try {
    return await runIn(home, gateway, task)
  } finally {
    removeHome(home)
  }
}

/** Removes a home, and the file where its strategy leaves a result. */
export function removeHome(home: string): void {
  remove(home)
  remove(`${dirname(home)}/result`)
}

/** ns from so many orders to their final reports, at SHARES, in a new home that stays. */
export async function runOrders(home: string, gateway: Process, count: number): Promise<number[]> {
  const { result } = await runIn(home, gateway, { strategy: 'ping', events: 1, count })
  return result.percentiles ?? []
}

/** An order and its reports in C++, over the same journals, without risk and without an exchange. */
function cppOrders(conditions: Conditions, count: number): Way<number[]> {
  return {
    name: 'C++ without risk and exchange',
    async measure() {
      const [own, sequence] = [freshDirectory(conditions, 'memory'), freshDirectory(conditions, 'memory')]
      const start = (role: string, first: string, second: string, cpu: number): Baseline =>
        new Baseline(conditions.baseline as string, words(first, second, role, count, cpu))
      const strategy = start('strategy', own, sequence, conditions.cpus[0])
      const gateway = start('gateway', sequence, own, conditions.cpus[1])
      await strategy.ready()
      await gateway.ready()
      gateway.go()
      strategy.go()
      const { percentiles } = await strategy.result<{ percentiles: number[] }>()
      await strategy.end()
      gateway.go()
      await gateway.end()
      for (const directory of [own, sequence]) remove(directory)
      return percentiles
    },
  }
}

function words(own: string, other: string, role: string, count: number, cpu: number): (string | number)[] {
  return ['orders', own, other, '--role', role, '--frames', count, '--page', CPP_PAGE, '--cpu', cpu]
}

const CPP_PAGE = 16 * 2 ** 20
/** Bytes of the smallest object on the heap. */
const SMALLEST_OBJECT = 12

/** From `order()` to the final report; the engine and C++ do the same below. */
async function askTrips(conditions: Conditions, gateway: Process): Promise<Answer & { readonly engineNs: number }> {
  // A gateway of its own: code that has run strategies is compiled for both.
  const [ping, pong, inside] = [Process.start('echo'), Process.start('echo'), Process.start('gateway')]
  try {
    const count = conditions.quick ? 20_000 : 100_000
    const settings = { count: conditions.quick ? 50_000 : 200_000, timestamps: false }
    const ways: Way<number[]>[] = [
      {
        name: 'order to report',
        measure: async () =>
          (await run(conditions, gateway, { strategy: 'ping', events: 1, count })).result.percentiles ?? [],
      },
      oursWay(conditions, 'poll', settings, ping, pong, 'the engine, there and back'),
      {
        name: "order to report, inside the gateway's process",
        measure: async () =>
          (await run(conditions, inside, { strategy: 'ping', events: 1, count, inProcess: true })).result.percentiles ??
          [],
      },
    ]
    if (conditions.baseline !== undefined) ways.push(cppOrders(conditions, count))
    const turns = await takeTurns(conditions, ways)
    const half = comparison(turns, 'order to report, p50', 'ns', 'less', shares => shares[P50])
    const tail = comparison(turns, 'order to report, p99', 'ns', 'less', shares => shares[P99])
    const limit = limitOf(half)
    return {
      comparisons: [half, tail],
      latencies: [latencies(conditions, turns, 'order to report')],
      engineNs: median(half.contenders[1].values),
      targets: [
        atMost('order to report p50 / the engine', 5, ratio(half.contenders[0], half.contenders[1]), limit),
        atMost('order to report p99 / the engine', 10, ratio(tail.contenders[0], tail.contenders[1]), limit),
      ],
    }
  } finally {
    for (const process of [ping, pong, inside]) await process.stop()
  }
}

/** What each way took at its median. */
function limitOf({ contenders, unit }: Comparison): string {
  return `${contenders.map(({ name, values }) => `${name}: ${shortly(median(values))} ${unit}`).join('; ')}. What the runtime does meanwhile is in the rows on one thread, and in the tables of where the time goes.`
}

/** Market events to one strategy at full speed. */
async function askFlow(conditions: Conditions, gateway: Process): Promise<Answer> {
  const [writer, reader] = [Process.start('writer'), Process.start('reader')]
  try {
    const events = conditions.quick ? 500_000 : 3_000_000
    const flow = (name: string, every: number): Way => ({
      name,
      measure: async () => {
        const { result } = await run(conditions, gateway, { strategy: 'reader', events, count: events, every })
        return events / (result.ms ?? Number.NaN) / 1000
      },
    })
    const ways = [
      flow('market events to one strategy', 0),
      engineWay(conditions, events, writer, reader),
      flow('every fiftieth leads to an order', 50),
    ]
    if (conditions.baseline !== undefined) ways.push(cppBurstWay(conditions, events))
    const flowing = comparison(
      await takeTurns(conditions, ways),
      'market events to one strategy',
      'M/s',
      'more',
      v => v,
    )
    const [all, frames, fiftieth] = flowing.contenders
    const limit = limitOf(flowing)
    return {
      comparisons: [flowing],
      targets: [
        atLeast('market events to a strategy / frames of the engine', 0.35, ratio(all, frames), limit),
        atLeast('the same with every fiftieth an order', 0.3, ratio(fiftieth, frames), limit),
      ],
    }
  } finally {
    for (const process of [writer, reader]) await process.stop()
  }
}

/** Events at a pace, and orders in numbers. */
async function askLoad(conditions: Conditions, gateway: Process, engineNs: number): Promise<Answer> {
  const rate = 100_000
  const count = conditions.quick ? rate : 3 * rate
  const paced = await takeTurns(conditions, [
    {
      name: `at ${rate.toLocaleString('en-US')} events a second`,
      measure: async () => {
        const { progress } = await run(conditions, gateway, { strategy: 'reader', events: count, count, rate })
        return [progress?.p50 ?? Number.NaN, progress?.p99 ?? Number.NaN]
      },
    },
  ])
  const age = comparison(paced, 'age of an event in its handler, p50', 'ns', 'less', ([p50]) => p50)
  const oldAge = comparison(paced, 'age of an event in its handler, p99', 'ns', 'less', ([, p99]) => p99)
  const orders = conditions.quick ? 600_000 : 2_000_000
  const burst = await takeTurns(conditions, [
    {
      name: 'risk, exchange and journal',
      measure: async () => {
        const { result } = await run(conditions, gateway, {
          strategy: 'burst',
          events: 1,
          count: orders,
        })
        return (result.perSecond ?? Number.NaN) / 1000
      },
    },
  ])
  const throughput = comparison(burst, 'orders through one gateway', 'thousand/s', 'more', value => value)
  const limit = 'The scheduler gives the two cores to other processes too.'
  return {
    comparisons: [age, oldAge, throughput],
    targets: [
      atMost(
        'age of an event at 100,000/s, p50, less half a round trip of the engine (ns)',
        300,
        median(age.contenders[0].values) - engineNs / 2,
        limit,
      ),
      atMost('age of an event at 100,000/s, p99 (ns)', 5000, median(oldAge.contenders[0].values), limit),
      atLeast(
        'orders through one gateway (thousand/s)',
        300,
        median(throughput.contenders[0].values),
        'What the gateway does for an order is in the rows on one thread, and in the table of where the time goes. Its frames also take memory that was never touched before: the system clears and maps it, on the same two cores.',
      ),
    ],
  }
}

/** Whole objects for one market event. */
function objects({ contenders }: Comparison): number {
  return Math.floor(median(contenders[0].values) / SMALLEST_OBJECT)
}

/** Gateway and strategy in turns on one thread: their own work, and what they allocate. */
async function askOneThread(conditions: Conditions): Promise<Answer> {
  const { quick, cpus } = conditions
  const runAlone = async <T>(task: string, count: number, more: object, nodeOptions: string[] = []): Promise<T> => {
    const child = Process.start('desk-loop', ['--expose-gc', ...nodeOptions])
    const home = freshDirectory(conditions, 'memory')
    try {
      return await child.call<T>(task, { home, count, cpu: cpus[0], ...more })
    } finally {
      await child.stop()
      remove(home)
    }
  }
  const noCollections = ['--max-semi-space-size=128', '--min-semi-space-size=128']
  const way = (task: string, count: number, more: object): Way<DeskCosts> => ({
    name: task,
    measure: () => runAlone<DeskCosts>(task, count, more, noCollections),
  })
  const turns = await takeTurns(conditions, [
    way('events', quick ? 300_000 : 1_000_000, { every: 0 }),
    way('orders', quick ? 30_000 : 100_000, {}),
  ])
  const names = ['one market event', 'one order, cancelled at once']
  const row = (label: string, unit: string, figure: (costs: DeskCosts) => number): Comparison => {
    const rows = comparison(turns, label, unit, 'less', figure)
    return { ...rows, contenders: rows.contenders.map(({ values }, i) => ({ name: names[i], values })) }
  }
  const comparisons = [
    row('work of the gateway, on one thread', 'ns', costs => costs.gatewayNs),
    row('work of the strategy, on one thread', 'ns', costs => costs.strategyNs),
    row('heap taken by the gateway', 'bytes', costs => costs.gatewayBytes),
    row('heap taken by the strategy', 'bytes', costs => costs.strategyBytes),
  ]
  const [, , ofGateway, ofStrategy] = comparisons
  const limit =
    'What a burst, a page and a batch of the feed cost once, spread over their events, is less than an object.'
  const targets: Target[] = [
    atMost('objects allocated per market event, gateway', 0, objects(ofGateway), limit),
    atMost('objects allocated per market event, strategy', 0, objects(ofStrategy), limit),
  ]
  const eventShares = await runAlone<Share[]>('profile', quick ? 1_000_000 : 3_000_000, { every: 1_000_000 })
  const orderShares = await runAlone<Share[]>('profile', quick ? 100_000 : 300_000, { every: 0 })
  const notes = [
    "Where the processor time of gateway and strategy goes on that thread, by the folder of the functions, as V8's profiler samples it:",
    sharesTable('one market event', eventShares),
    sharesTable('one order, cancelled at once', orderShares),
  ]
  return { comparisons, targets, notes }
}

export const question: Question = {
  name: 'gateway',
  title: 'What does the trading runtime add to the journals below it?',
  method:
    'A gateway process with a feed of typed events prepared in memory, all checks of risk that cost time switched on, and the simulated exchange; one strategy process; both spin. "Order to report": the strategy sends an order that is cancelled at once when the last one is final, and measures from `order()` to `onOrder` of the final report; the same with the strategy inside the gateway\'s process. ' +
    'Events: from the first to the last call of `onBook`, every event checked. In the same rounds the engine does what it does below: a round trip of two frames, and 64-byte frames with timestamps one way. C++ writes frames as large, in stores as large, over the same journals, and decides nothing: an order, then in one store what was taken, its copy, an intent and two reports; events in bursts of 256. ' +
    '"On one thread": one process does the work of the gateway and of the strategy in turns, so that no cache line moves; medians of bursts. The heap is what `used_heap_size` grew by, without collections.',

  async ask(conditions): Promise<Answer> {
    const gateway = Process.start('gateway')
    try {
      const trips = await askTrips(conditions, gateway)
      const parts: Answer[] = [
        trips,
        await askFlow(conditions, gateway),
        await askLoad(conditions, gateway, trips.engineNs),
        await askOneThread(conditions),
      ]
      const comparisons = parts.flatMap(part => part.comparisons ?? [])
      for (const { label, unit, contenders } of comparisons)
        conditions.say(
          `  ${label}: ${contenders.map(c => `${c.name} ${shortly(median(c.values))}`).join(', ')} ${unit}`,
        )
      return {
        comparisons,
        latencies: trips.latencies,
        targets: parts.flatMap(part => part.targets ?? []),
        notes: parts.flatMap(part => part.notes ?? []),
      }
    } finally {
      await gateway.stop()
    }
  },
}
