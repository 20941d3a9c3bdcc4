// A gateway with a feed in memory, and its strategies in processes of their own.
import { type ChildProcess, fork } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Feed, Gateway, type GatewayOptions } from 'ticktape/runtime'
import { SimulatedExchange } from 'ticktape/trading'
import { RESULT } from '../strategies/result.js'
import { pinTo, serve } from '../support/child.js'
import { DESK_RISK, EVENT_BATCH, eventsAt, INSTRUMENT } from '../support/desk.js'
import { median } from '../support/statistics.js'

interface Task {
  readonly home: string
  readonly strategy: string
  /** The name of its file. Default: that of the strategy, compiled. */
  readonly file?: string
  /** Whether it runs inside the gateway's process. */
  readonly inProcess?: boolean
  /** Market events of the feed. */
  readonly events: number
  /** Events a second; 0 as fast as possible. */
  readonly rate: number
  /** What strategies are told: how many events or orders. */
  readonly count: number
  readonly every: number
  readonly cpu: number | undefined
  readonly wait: 'spin' | 'event-loop'
}

/** A feed of so many events, `stepMs` apart. */
function feedOf(events: number, stepMs: number): Feed {
  return {
    async *events(skip: number) {
      const batch = eventsAt(0, stepMs)
      for (let n = skip; n < events; n += EVENT_BATCH) {
        const part = events - n < EVENT_BATCH ? batch.slice(0, events - n) : batch
        yield stepMs === 0 ? part : part.map((event, i) => ({ ...event, timeMs: (n + i) * stepMs }))
      }
    },
  }
}

/** The path of a strategy. Only TypeScript is compiled to build-bench. */
function strategyFile(name: string): string {
  const folder = name.endsWith('.js') ? join(import.meta.dirname, '..') : join(import.meta.dirname, '../../bench')
  return join(folder, 'strategies', name)
}

function optionsOf(home: string, file: string, events: number, rate: number, inProcess = false): GatewayOptions {
  return {
    home,
    strategies: [{ module: strategyFile(file), inProcess }],
    feed: feedOf(events, rate === 0 ? 0 : 1000 / rate),
    speed: rate === 0 ? 'max' : 'realtime',
    instruments: [INSTRUMENT],
    venue: new SimulatedExchange({ name: INSTRUMENT.venue }),
    risk: DESK_RISK,
    durability: 'process',
  }
}

/** What a strategy has left, as soon as it has; `ended` says when it never will. */
async function resultOf<T>(file: string, ended = (): boolean => false): Promise<T> {
  while (!existsSync(file)) {
    if (ended()) throw new Error(`a strategy ended and left no ${file}`)
    await sleep(5)
  }
  const text = readFileSync(file, 'utf8')
  rmSync(file)
  return JSON.parse(text) as T
}

/** MB of a process: its own memory, and its part of what it shares. */
function pssOf(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? Number.NaN) / 1000
}

/** s until so many Node processes run. */
async function startBare(count: number): Promise<number> {
  const start = performance.now()
  const children: ChildProcess[] = []
  const ready = Array.from({ length: count }, () => {
    const child = fork(join(import.meta.dirname, 'bare.js'))
    children.push(child)
    return new Promise(resolve => child.once('message', resolve))
  })
  await Promise.all(ready)
  const seconds = (performance.now() - start) / 1000
  const ends = children.map(child => new Promise(resolve => child.once('exit', resolve)))
  for (const child of children) child.disconnect()
  await Promise.all(ends)
  return seconds
}

interface CrowdTask {
  readonly home: string
  readonly strategies: number
  readonly events: number
  readonly rate: number
}

serve({
  /** Runs until the strategy has left its result. Returns it and what the gateway measured. */
  async run(task: Task) {
    const { home, strategy, file = `${strategy}.js`, inProcess, events, rate, cpu, wait } = task
    if (cpu !== undefined) pinTo(cpu)
    const result = join(home, '..', 'result')
    process.env[RESULT] = result
    process.env['TICKTAPE_BENCH_COUNT'] = String(task.count)
    process.env['TICKTAPE_BENCH_EVERY'] = String(task.every)
    const gateway = await Gateway.start({ ...optionsOf(home, file, events, rate, inProcess), wait })
    try {
      await gateway.fed
      const found = await resultOf<unknown>(`${result}.${strategy}`)
      const [status] = gateway.status.strategies
      return { result: found, progress: status.progress }
    } finally {
      await gateway.stop()
    }
  },

  /** Many strategies in event-loop mode. */
  async crowd({ home, strategies, events, rate }: CrowdTask) {
    const result = join(home, '..', 'result')
    process.env[RESULT] = result
    process.env['TICKTAPE_BENCH_COUNT'] = String(events)
    process.env['TICKTAPE_BENCH_STRATEGIES'] = String(strategies)
    const bareS = await startBare(strategies)
    let ready = 0
    let startS = Number.NaN
    let pss = Number.NaN
    const start = performance.now()
    const options = optionsOf(home, 'crowd.js', events, rate)
    const gateway = await Gateway.start({
      ...options,
      // The feed begins when all are ready, or some seconds after the start.
      onStrategy: (_, event) => {
        if (event.kind !== 'ready' || ++ready < strategies) return
        startS = (performance.now() - start) / 1000
        pss = gateway.status.strategies.reduce((sum, { pid }) => sum + pssOf(pid ?? 0), 0) / strategies
      },
    })
    try {
      await gateway.fed
      const restarted = (): boolean => gateway.status.strategies.some(({ restarts }) => restarts > 0)
      let begun = Number.POSITIVE_INFINITY
      let ended = 0
      let wrong = 0
      for (const { id } of gateway.status.strategies) {
        const own = await resultOf<{ begun: number; ended: number; wrong: number }>(`${result}.${id}`, restarted)
        begun = Math.min(begun, own.begun)
        ended = Math.max(ended, own.ended)
        wrong += own.wrong
      }
      // One more round of progress messages.
      await sleep(500)
      const ages = gateway.status.strategies.map(({ progress }) => (progress?.p99 ?? Number.NaN) / 1e6)
      return { delivered: (events / (ended - begun)) * 1000, wrong, p99: median(ages), startS, bareS, pss }
    } finally {
      await gateway.stop()
    }
  },
})
