import * as fs from 'node:fs'
import { join } from 'node:path'
import type { MapCosts, StateCosts } from './roles/state.js'
import { Process } from './support/process.js'
import type { Answer, Comparison, Conditions, Question } from './support/question.js'
import { atLeast, atMost, comparison, inTurns, shortly, type Turns, takeTurns, type Way } from './support/rounds.js'
import { buildStateBaseline, runStateBaseline } from './support/state-baseline.js'
import { median } from './support/statistics.js'

interface CppCosts {
  readonly bookUpdate: number
  readonly bookPrice: number
  readonly bookRead: number
  readonly acquire: number
  readonly latestWrite: number
  readonly latestRead: number
}

/** The results of one round. */
interface Costs {
  readonly ours?: StateCosts
  readonly cpp?: CppCosts
  readonly map?: MapCosts
}

interface Figure {
  readonly label: string
  readonly ours: (costs: StateCosts) => number
  readonly cpp?: (costs: CppCosts) => number
  readonly map?: (costs: MapCosts) => number
  /** ns. */
  readonly most?: number
}

const FIGURES: readonly Figure[] = [
  {
    label: 'top of book: update of all four',
    ours: c => c.bookUpdate,
    cpp: c => c.bookUpdate,
    map: c => c.write,
    most: 40,
  },
  {
    label: 'top of book: price of one side, by compare-and-swap',
    ours: c => c.bookPrice,
    cpp: c => c.bookPrice,
    map: c => c.write,
    most: 40,
  },
  { label: 'top of book: read', ours: c => c.bookRead, cpp: c => c.bookRead, map: c => c.read },
  { label: 'in flight: acquire', ours: c => c.acquire, cpp: c => c.acquire, map: c => c.acquire, most: 40 },
  {
    label: 'latest value: write in the file (begin, four fields, commit)',
    ours: c => c.latestBegin,
    cpp: c => c.latestWrite,
    map: c => c.write,
    most: 50,
  },
  {
    label: 'latest value: set from an object',
    ours: c => c.latestSet,
    cpp: c => c.latestWrite,
    map: c => c.write,
    most: 50,
  },
  {
    label: 'latest value: read four fields',
    ours: c => c.latestRead,
    cpp: c => c.latestRead,
    map: c => c.read,
    most: 50,
  },
  { label: 'latest value: get as an object', ours: c => c.latestGet, cpp: c => c.latestRead, map: c => c.read },
  { label: 'counter: add', ours: c => c.counterAdd },
  { label: '64 bits stored at once: plain, from a scratch word', ours: c => c.wordPlain },
  { label: '64 bits stored at once: Atomics on a BigUint64Array', ours: c => c.wordAtomic },
  { label: 'circuit breaker: check', ours: c => c.breakerCheck },
]

/** One figure of all contenders that have it, from rounds in which each was measured once. */
function figureOf(turns: Turns<Costs>, figure: Figure): Comparison {
  const all = comparison(turns, figure.label, 'ns', 'less', ({ ours, cpp, map }) =>
    ours !== undefined
      ? figure.ours(ours)
      : cpp !== undefined
        ? (figure.cpp?.(cpp) ?? Number.NaN)
        : map !== undefined
          ? (figure.map?.(map) ?? Number.NaN)
          : Number.NaN,
  )
  return { ...all, contenders: all.contenders.filter(({ values }) => !values.some(value => Number.isNaN(value))) }
}

async function ringRate(
  conditions: Conditions,
  producer: Process,
  consumer: Process,
  path: string,
  frames: number,
  batch: number,
): Promise<number> {
  const [producerCpu, consumerCpu] = conditions.cpus
  const { result } = await consumer.begin<{ rate: number; errors: number }>('consume', {
    path,
    frames,
    cpu: consumerCpu,
  })
  await producer.call('produce', { path, frames, batch, cpu: producerCpu })
  const { rate, errors } = await result
  fs.rmSync(path)
  if (errors > 0) throw new Error(`${errors} frames were out of order`)
  return rate
}

export const question: Question = {
  name: 'state',
  title: 'What do the shared structures cost, and how fast is a ring?',
  method:
    'One process alone does each operation a million times over a table of 256 or 512 entries in /dev/shm, through the public API (the median of 25 slices); C++ does the same to the same layout, and a Map behind a lock in a SharedArrayBuffer represents what Node itself offers ' +
    '(in one thread: other threads and processes cannot share that Map, so with them the cost would be higher). The ring: a producer and a consumer process, 64-byte frames with four fields and a sequence number that is checked, 4,096 slots.',

  async ask(conditions): Promise<Answer> {
    const count = conditions.quick ? 300_000 : 1_000_000
    const frames = conditions.quick ? 3_000_000 : 20_000_000
    const folder = join(conditions.memory, 'state')
    fs.mkdirSync(folder)
    const cpp = buildStateBaseline()
    const [child, producer, consumer] = [Process.start('state'), Process.start('state'), Process.start('state')]
    const [cpu] = conditions.cpus
    try {
      const measure = (): Promise<StateCosts> => child.call<StateCosts>('operations', { folder, count, cpu })
      await measure()
      const ways: Way<Costs>[] = [{ name: 'ticktape', measure: async () => ({ ours: await measure() }) }]
      if (cpp !== undefined)
        ways.push({
          name: 'C++',
          measure: async () => ({ cpp: runStateBaseline(cpp, ['ops', folder, '--cpu', cpu]) as CppCosts }),
        })
      ways.push({
        name: 'Map with a lock',
        measure: async () => ({ map: await child.call<MapCosts>('map', { count }) }),
      })
      const turns = await takeTurns(conditions, ways)
      const comparisons = FIGURES.map(figure => figureOf(turns, figure))
      for (const { label, contenders } of comparisons)
        conditions.say(`  ${label}: ${contenders.map(c => `${c.name} ${median(c.values).toFixed(1)}`).join(', ')} ns`)

      const path = join(folder, 'ring')
      await ringRate(conditions, producer, consumer, path, frames / 4, 1)
      const rates: Way[] = [
        { name: 'ticktape', measure: () => ringRate(conditions, producer, consumer, path, frames, 1) },
        { name: 'ticktape, batches of 16', measure: () => ringRate(conditions, producer, consumer, path, frames, 16) },
      ]
      if (cpp !== undefined) {
        rates.push({
          name: 'C++',
          measure: async () =>
            (
              runStateBaseline(cpp, ['ring', folder, '--frames', frames, '--cpus', conditions.cpus.join(',')]) as {
                rate: number
              }
            ).rate,
        })
      }
      const ring = await inTurns(conditions, 'ring, one way, each frame published', 'M frames/s', 'more', rates)
      const limit = 'One process on one core of a shared machine; what C++ takes for the same bytes is beside it.'
      const targets = FIGURES.flatMap(({ label, most }, i) =>
        most === undefined ? [] : [atMost(`${label} (ns)`, most, median(comparisons[i].contenders[0].values), limit)],
      )
      targets.push(
        atLeast(
          'ring, one way (M frames/s)',
          25,
          median(ring.contenders[0].values),
          `${cpp === undefined ? '' : `C++ did ${shortly(median(ring.contenders[2].values))} over the same cores. `}The cache lines with the positions move from core to core, and a line took ${shortly(median(ring.lineNs))} ns there and back.`,
        ),
      )
      return { comparisons: [...comparisons, ring], targets }
    } finally {
      for (const each of [child, producer, consumer]) await each.stop()
      fs.rmSync(folder, { recursive: true })
    }
  },
}
