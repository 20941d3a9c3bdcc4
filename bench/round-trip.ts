import * as fs from 'node:fs'
import type { How } from './roles/echo.js'
import { Baseline } from './support/baseline.js'
import { freshDirectory } from './support/journals.js'
import { latencyPanel, SHARE_NAMES } from './support/latency-plot.js'
import { Process } from './support/process.js'
import type { Answer, Conditions, Question, Target } from './support/question.js'
import { atMost, comparison, latencies, ratio, shortly, takeTurns, type Way } from './support/rounds.js'
import { median, P50, P999 } from './support/statistics.js'

interface Settings {
  readonly count: number
  readonly timestamps: boolean
}

function pageSize({ count }: Settings): number {
  return Math.ceil((count * 64 + 4096) / 2 ** 20 + 1) * 2 ** 20
}

/** Latencies from the `begin` of a frame until the handler is called with the answer. */
export function oursWay(
  conditions: Conditions,
  how: How,
  settings: Settings,
  ping: Process,
  pong: Process,
  name: string = how,
): Way<number[]> {
  const { count, timestamps } = settings
  return {
    name,
    async measure() {
      const [there, back] = [freshDirectory(conditions, 'memory'), freshDirectory(conditions, 'memory')]
      await ping.call('write', { directory: there, pageSize: pageSize(settings), timestamps })
      await pong.call('write', { directory: back, pageSize: pageSize(settings), timestamps })
      await ping.call('read', { directory: back, cpu: conditions.cpus[0] })
      await pong.call('read', { directory: there, cpu: conditions.cpus[1] })
      const answering = await pong.begin<number>('pong', { count, how })
      const { errors, percentiles } = await ping.call<{ errors: number; percentiles: number[] }>('ping', { count, how })
      const wrong = errors + (await answering.result)
      if (wrong > 0) throw new Error(`${wrong} frames came out of order`)
      await ping.call('close')
      await pong.call('close')
      for (const directory of [there, back]) fs.rmSync(directory, { recursive: true })
      return percentiles
    },
  }
}

/** The same in C++. */
function baselineWay(
  conditions: Conditions,
  settings: Settings,
  name: string = 'C++',
  more: readonly string[] = [],
): Way<number[]> {
  return {
    name,
    async measure() {
      const [there, back] = [freshDirectory(conditions, 'memory'), freshDirectory(conditions, 'memory')]
      const start = (own: string, other: string, role: string, cpu: number): Baseline => {
        const words = [
          'pingpong',
          own,
          other,
          '--role',
          role,
          '--frames',
          settings.count,
          '--page',
          pageSize(settings),
          '--cpu',
          cpu,
          ...more,
        ]
        return new Baseline(conditions.baseline as string, settings.timestamps ? [...words, '--timestamps'] : words)
      }
      const ping = start(there, back, 'ping', conditions.cpus[0])
      const pong = start(back, there, 'pong', conditions.cpus[1])
      await ping.ready()
      await pong.ready()
      pong.go()
      ping.go()
      const { percentiles } = await ping.result<{ percentiles: number[] }>()
      await ping.end()
      await pong.ready()
      pong.go()
      await pong.end()
      for (const directory of [there, back]) fs.rmSync(directory, { recursive: true })
      return percentiles
    },
  }
}

/** Bare stores and loads of the same words in JavaScript, without a library. */
function byHandWay(conditions: Conditions, settings: Settings, ping: Process, pong: Process): Way<number[]> {
  const { count } = settings
  return {
    name: 'by hand',
    async measure() {
      const [there, back] = [freshDirectory(conditions, 'memory'), freshDirectory(conditions, 'memory')]
      await ping.call('create', { file: there, size: pageSize(settings), cpu: conditions.cpus[0] })
      await pong.call('create', { file: back, size: pageSize(settings), cpu: conditions.cpus[1] })
      await ping.call('open', { file: back, cpu: conditions.cpus[0] })
      await pong.call('open', { file: there, cpu: conditions.cpus[1] })
      const answering = await pong.begin('pong', { count })
      const percentiles = await ping.call<number[]>('ping', { count })
      await answering.result
      await ping.call('close')
      await pong.call('close')
      for (const file of [there, back]) fs.rmSync(file)
      return percentiles
    },
  }
}

/** What the picture shows of the ways that spin: ours beside the limits. */
const SPINNING = new Map([
  ['ticktape, poll', 'ticktape'],
  ['C++', 'C++'],
  ['by hand', 'typed arrays without a library'],
  ['ticktape, poll, with timestamps', 'ticktape'],
  ['C++ with timestamps', 'C++'],
])

export const question: Question = {
  name: 'round-trip',
  title: 'How long does a round trip of two frames take?',
  method:
    'Two processes, two journals with prepared pages, one 64-byte frame each way at a time, from `begin` of the question to the handler of the answer; each time includes one reading of the clock. ' +
    '"poll" is a loop around `reader.poll`, "by hand" are the same stores and loads on mapped files without a library, "native spin" waits in the addon with the processor\'s pause between checks, the others are `reader.run({ wait })`. There is no schedule, so nothing is omitted: the next question is sent when the answer has arrived. ' +
    'The first tenth is left out. C++ does the same; "C++ that fetches ahead" also requests the next frame\'s cache line right after each publish, as the library does.',

  async ask(conditions): Promise<Answer> {
    const { quick } = conditions
    const settings = { count: quick ? 100_000 : 500_000, timestamps: false }
    const ping = Process.start('echo')
    const pong = Process.start('echo')
    const handPing = Process.start('by-hand')
    const handPong = Process.start('by-hand')
    try {
      const spinning: Way<number[]>[] = [oursWay(conditions, 'poll', settings, ping, pong, 'ticktape, poll')]
      await spinning[0].measure()
      if (conditions.baseline !== undefined) spinning.push(baselineWay(conditions, settings))
      const byHand = byHandWay(conditions, settings, handPing, handPong)
      await byHand.measure()
      spinning.push(byHand)
      if (conditions.baseline !== undefined)
        spinning.push(baselineWay(conditions, settings, 'C++ that fetches ahead', ['--fetch-ahead']))
      const limit = await takeTurns(conditions, spinning)

      const stamped = { ...settings, timestamps: true }
      const stampedWays = [oursWay(conditions, 'poll', stamped, ping, pong, 'ticktape, poll, with timestamps')]
      if (conditions.baseline !== undefined)
        stampedWays.push({ ...baselineWay(conditions, stamped), name: 'C++ with timestamps' })
      const withTime = quick ? undefined : await takeTurns(conditions, stampedWays)

      const fewer = { count: quick ? 20_000 : 100_000, timestamps: false }
      const hows: How[] = ['native spin', 'spin', 'yield', 'park', 'event-loop']
      const waits = await takeTurns(
        conditions,
        hows.map(how => oursWay(conditions, how, fewer, ping, pong)),
      )

      const all = [
        latencies(conditions, limit, 'Spinning'),
        ...(withTime === undefined ? [] : [latencies(conditions, withTime, 'With timestamps')]),
        latencies(conditions, waits, 'By way of waiting'),
      ]
      const p50 = comparison(limit, 'round trip, p50', 'ns', 'less', round => round[P50])
      const p999 = comparison(limit, 'round trip, p99.9', 'ns', 'less', round => round[P999])
      const targets: Target[] = []
      if (conditions.baseline !== undefined) {
        targets.push(
          atMost(
            'round trip, spinning: our p50 / the C++ p50',
            1.25,
            ratio(p50.contenders[0], p50.contenders[1]),
            `${shortly(median(p50.contenders[0].values))} ns here, ${shortly(median(p50.contenders[1].values))} in C++ and ${shortly(median(p50.contenders[2].values))} by bare stores and loads in JavaScript, while a cache line took ${limit.lineNs.length === 0 ? 'an unknown number of' : shortly(median(limit.lineNs))} ns there and back. The difference to the bare stores is two appends and two polls with all their checks ("What does one frame cost on one core?"); C++ that fetches ahead as the library does took ${shortly(median(p50.contenders[3].values))}.`,
          ),
          atMost(
            'round trip, spinning: our p99.9 / the C++ p99.9',
            2,
            ratio(p999.contenders[0], p999.contenders[1]),
            `in the single rounds it was between ${shortly(Math.min(...p999.contenders[0].values))} to ${shortly(Math.max(...p999.contenders[0].values))} ns here, from ${shortly(Math.min(...p999.contenders[1].values))} to ${shortly(Math.max(...p999.contenders[1].values))} in C++: the tail is time that the scheduler and the host gave to other processes.`,
          ),
        )
      }
      return {
        comparisons: [p50, p999],
        latencies: all,
        targets,
        plots: [
          {
            file: 'round-trip.svg',
            title: 'Round trip between two processes',
            kind: 'lines',
            x: SHARE_NAMES,
            y: 'ns',
            logarithmic: true,
            panels: all.slice(0, -1).map(table => latencyPanel(table, SPINNING)),
          },
          {
            file: 'waits.svg',
            title: 'Round trip, by the way of waiting',
            kind: 'lines',
            x: SHARE_NAMES,
            y: 'ns',
            logarithmic: true,
            panels: all.slice(-1).map(table => latencyPanel(table)),
          },
        ],
      }
    } finally {
      for (const process of [ping, pong, handPing, handPong]) await process.stop()
    }
  },
}
