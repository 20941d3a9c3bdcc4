import * as fs from 'node:fs'
import type { WriterOptions } from 'ticktape'
import { Baseline } from './support/baseline.js'
import { freshDirectory } from './support/journals.js'
import { Process } from './support/process.js'
import type { Answer, Comparison, Conditions, Panel, Plot, Question, Target } from './support/question.js'
import { atLeast, inTurns, ratio, shortly, type Way } from './support/rounds.js'
import { median } from './support/statistics.js'

/** One way of writing. */
interface Variant {
  readonly label: string
  readonly frames: number
  /** How many times to write, each time into a new journal. Default 1. */
  readonly times?: number
  readonly size: 64 | 128
  readonly batch: number
  readonly timestamps: boolean
  /** One page that exists before the first frame and becomes half full, so that no page is created or mapped meanwhile; or many pages. */
  readonly pages: 'prepared' | 'rolling'
  readonly where: 'memory' | 'disk'
  readonly options?: WriterOptions
  /** Whether bare stores and loads are measured too. */
  readonly byHand?: boolean
}

const MIB = 2 ** 20
const ROLLING = '64 bytes, each published, rolling pages in memory'
const PAGE = 16 * MIB

function pageSize({ pages, frames, size }: Variant): number {
  return pages === 'rolling' ? PAGE : Math.ceil((2 * frames * size + 4096) / MIB) * MIB
}

/** ns from the first `begin` until the reader, on another core, has checked the last frame. */
type Run = () => Promise<number>

/** M frames/s over all the times. */
function wayOf(name: string, { frames, times = 1 }: Variant, run: Run): Way {
  return {
    name,
    async measure() {
      let ns = 0
      for (let time = 0; time < times; time++) ns += await run()
      return ((frames * times) / ns) * 1000
    },
  }
}

/** Frames with timestamps one way, each published, over rolling pages: what the runtime is built on. */
export function engineWay(conditions: Conditions, frames: number, writer: Process, reader: Process): Way {
  const variant: Variant = {
    label: ROLLING,
    frames,
    size: 64,
    batch: 1,
    timestamps: true,
    pages: 'rolling',
    where: 'memory',
  }
  return { ...oursWay(conditions, variant, writer, reader), name: 'frames of the engine, with timestamps' }
}

/** C++ that writes the same frames in bursts as large as those of a gateway: what a runtime in C++ could do at most. */
export function cppBurstWay(conditions: Conditions, frames: number): Way {
  const variant: Variant = {
    label: ROLLING,
    frames,
    size: 64,
    batch: 256,
    timestamps: true,
    pages: 'rolling',
    where: 'memory',
  }
  return baselineWay(conditions, variant, 'C++, bursts of 256', 'barrier', ['--fetch-ahead'])
}

export function oursWay(conditions: Conditions, variant: Variant, writer: Process, reader: Process): Way {
  const { frames, size, batch, timestamps } = variant
  return wayOf('ticktape', variant, async () => {
    const directory = freshDirectory(conditions, variant.where)
    const options: WriterOptions = { ...variant.options, pageSize: pageSize(variant), timestamps }
    await writer.call('open', { directory, options, cpu: conditions.cpus[0], waitNext: true })
    await reader.call('open', { directory, cpu: conditions.cpus[1] })
    const reading = await reader.begin<{ end: number }>('read', { frames, size, run: { wait: 'spin' } })
    const { start } = await writer.call<{ start: number }>('write', { frames, size, batch })
    const { end } = await reading.result
    await reader.call('close')
    await writer.call('close')
    fs.rmSync(directory, { recursive: true })
    return end - start
  })
}

/** The same in C++. */
function baselineWay(
  conditions: Conditions,
  variant: Variant,
  name: string,
  announce: 'barrier' | 'ordered' | 'release',
  more: readonly string[] = [],
): Way {
  const { frames, size, batch } = variant
  const program = conditions.baseline as string
  return wayOf(name, variant, async () => {
    const directory = freshDirectory(conditions, variant.where)
    const words = [
      'write',
      directory,
      '--frames',
      frames,
      '--size',
      size,
      '--batch',
      batch,
      '--page',
      pageSize(variant),
      '--announce',
      announce,
      '--cpu',
      conditions.cpus[0],
      '--wait-next',
      ...more,
    ]
    const writer = new Baseline(program, variant.timestamps ? [...words, '--timestamps'] : words)
    await writer.ready()
    const reader = new Baseline(program, ['read', directory, '--frames', frames, '--cpu', conditions.cpus[1]])
    await reader.ready()
    writer.go()
    const { start } = await writer.result<{ start: number }>()
    const { end } = await reader.result<{ end: number }>()
    await reader.end()
    await writer.end()
    fs.rmSync(directory, { recursive: true })
    return end - start
  })
}

/** Bare stores and loads of the same words in JavaScript, without a library. */
function byHandWay(conditions: Conditions, variant: Variant, writer: Process, reader: Process): Way {
  const { frames: count } = variant
  return wayOf('by hand', variant, async () => {
    const file = freshDirectory(conditions, 'memory')
    await writer.call('create', { file, size: pageSize(variant), cpu: conditions.cpus[0] })
    await reader.call('open', { file, cpu: conditions.cpus[1] })
    const reading = await reader.begin<{ end: number }>('read', { count })
    const { start } = await writer.call<{ start: number }>('write', { count })
    const { end } = await reading.result
    await reader.call('close')
    await writer.call('close')
    fs.rmSync(file)
    return end - start
  })
}

/** The number of warm-up frames, which are not counted. */
const WARM_UP = 5_000_000

/** Measures one variant together with C++. */
async function compare(conditions: Conditions, variant: Variant): Promise<Comparison> {
  const writer = Process.start('writer')
  const reader = Process.start('reader')
  const handWriter = Process.start('by-hand')
  const handReader = Process.start('by-hand')
  try {
    const ours = oursWay(conditions, variant, writer, reader)
    const ways = [ours]
    if (conditions.baseline !== undefined) {
      ways.push(baselineWay(conditions, variant, 'C++', 'barrier'))
      if (variant.pages === 'prepared' && variant.batch === 1) {
        ways.push(baselineWay(conditions, variant, 'C++ without wake-ups', 'release'))
        ways.push(baselineWay(conditions, variant, 'C++ with a locked store', 'ordered'))
      }
      if (variant.label === ROLLING)
        ways.push(
          baselineWay(conditions, variant, 'C++ that creates pages as the library does', 'barrier', ['--written']),
        )
    }
    if (variant.byHand === true) ways.push(byHandWay(conditions, variant, handWriter, handReader))
    // V8 compiles during the first some millions of frames.
    const warm = variant.byHand === true ? [ways[0], ways[ways.length - 1]] : [ways[0]]
    for (let frames = 0; frames < WARM_UP; frames += variant.frames * (variant.times ?? 1))
      for (const way of warm) await way.measure()
    return await inTurns(conditions, variant.label, 'M frames/s', 'more', ways)
  } finally {
    for (const process of [writer, reader, handWriter, handReader]) await process.stop()
  }
}

const EACH = { size: 64, batch: 1, timestamps: false, pages: 'prepared', where: 'memory' } as const

function variants(quick: boolean): Variant[] {
  // Half a page of less than 64 MiB, as large as pages should be.
  const some = 480_000
  const times = quick ? 2 : 6
  const many = quick ? 2_000_000 : 8_000_000
  const all: (Variant & { quick?: boolean })[] = [
    { ...EACH, label: '64 bytes, each published', frames: some, times, byHand: true, quick: true },
    { ...EACH, label: '64 bytes, each published, with timestamps', frames: some, times, timestamps: true, quick: true },
    { ...EACH, label: '64 bytes, batches of 16', frames: some, times, batch: 16 },
    { ...EACH, label: '64 bytes, batches of 100', frames: some, times, batch: 100, quick: true },
    { ...EACH, label: '64 bytes, batches of 100, with timestamps', frames: some, times, batch: 100, timestamps: true },
    { ...EACH, label: '128 bytes, each published', frames: some / 2, times, size: 128 },
    { ...EACH, label: '128 bytes, batches of 16', frames: some / 2, times, size: 128, batch: 16 },
    { ...EACH, label: '128 bytes, batches of 100', frames: some / 2, times, size: 128, batch: 100 },
    { ...EACH, label: ROLLING, frames: many, pages: 'rolling', quick: true },
    { ...EACH, label: '64 bytes, batches of 100, rolling pages in memory', frames: many, batch: 100, pages: 'rolling' },
    {
      ...EACH,
      label: '128 bytes, each published, rolling pages in memory',
      frames: many / 2,
      size: 128,
      pages: 'rolling',
    },
    {
      ...EACH,
      label: '64 bytes, rolling pages on disk, never synced',
      frames: many,
      pages: 'rolling',
      where: 'disk',
      options: { durability: 'process' },
    },
    {
      ...EACH,
      label: '64 bytes, rolling pages on disk, synced, without CRC',
      frames: many,
      pages: 'rolling',
      where: 'disk',
      options: { durability: 'interval', checksums: false },
    },
    {
      ...EACH,
      label: '64 bytes, rolling pages on disk, synced, with CRC',
      frames: many,
      pages: 'rolling',
      where: 'disk',
      options: { durability: 'interval', checksums: true },
      quick: true,
    },
  ]
  return all.filter(variant => !quick || variant.quick === true)
}

export const question: Question = {
  name: 'throughput',
  title: 'How many frames per second go from one process to another?',
  method:
    'Two processes on the two cores. The clock starts before the first `begin` and stops when the reader has seen the last frame and checked the sequence numbers and ' +
    'the sums of all fields. "Prepared" means one page, allocated and populated before the measurement, that becomes half full, several times; "rolling" means pages of 16 MiB, each created one page ahead ' +
    "while writing. The readers pause as `run({ wait: 'spin' })` does: some 50 ns before each check after four that found nothing, and some 1.2 µs before reading the frames that a check found, if the two checks directly before it found frames too. The C++ side does the same with the same files, cursor, check for sleepers and reader back-off; it never syncs, creates its pages with posix_fallocate and MADV_POPULATE_WRITE (the library writes zeros, as \"C++ that creates pages as the library does\"), and does not request the next frame's cache line. " +
    '"C++" publishes frames by the same protocol as the library: a release store, then a check for sleepers. "C++ without wake-ups" leaves the check out. "C++ with a locked store" publishes as a process must that cannot register for memory barriers.',

  async ask(conditions): Promise<Answer> {
    const comparisons: Comparison[] = []
    for (const variant of variants(conditions.quick)) comparisons.push(await compare(conditions, variant))
    const of = (label: string): Comparison => comparisons.find(c => c.label === label) as Comparison
    const each = of('64 bytes, each published')
    const batches = of('64 bytes, batches of 100')
    const rolling = of(ROLLING)
    const targets: Target[] = []
    if (conditions.baseline !== undefined) {
      targets.push(
        atLeast(
          'throughput, each frame published, prepared pages: ours / C++',
          0.4,
          ratio(each.contenders[0], each.contenders[1]),
          `a frame took ${perFrame(each, 0)} ns here, ${perFrame(each, 1)} in C++ and ${perFrame(each, 3)} by bare stores and loads in JavaScript, from one process to the other. V8 calls a builtin for each atomic operation, and checks at each access to a page that it is still mapped and long enough; the rest are the checks of begin, commit, the setters and getters and the loop over handlers ("What does one frame cost on one core?").`,
        ),
        atLeast(
          'steady state, pages never touched before, in memory: ours / C++',
          0.7,
          ratio(rolling.contenders[0], rolling.contenders[1]),
          `a frame took ${perFrame(rolling, 0)} ns here, ${perFrame(rolling, 1)} in C++ and ${perFrame(rolling, 2)} in C++ that creates its pages in the same way, against ${perFrame(each, 0)} and ${perFrame(each, 1)} in pages prepared before the measurement (a cache line took ${around(rolling.lineNs)} ns there and back, then ${around(each.lineNs)}). The thread that creates pages has no core of its own on a machine with two.`,
        ),
      )
    }
    targets.push(
      atLeast(
        'throughput, each published, 64 bytes, without timestamp (M frames/s)',
        20,
        median(each.contenders[0].values),
        `between ${extremes(each, 0)} M/s in the single rounds, while a cache line took between ${around(each.lineNs)} ns there and back.`,
      ),
      atLeast(
        'throughput, batches of 100 (M frames/s)',
        40,
        median(batches.contenders[0].values),
        `between ${extremes(batches, 0)} M/s in the single rounds, while a cache line took between ${around(batches.lineNs)} ns there and back.`,
      ),
    )
    const plot: Plot = {
      file: 'throughput.svg',
      title: 'Frames from one process to another',
      kind: 'bars',
      y: 'M frames/s',
      logarithmic: false,
      x: comparisons.map(({ label }) => label),
      panels: [{ title: '', ways: ['ticktape', 'C++'].map(name => ratesOf(name, comparisons)) }],
    }
    return { comparisons, targets, plots: [plot] }
  },
}

/** The median of each comparison for one of its ways. */
function ratesOf(name: string, comparisons: readonly Comparison[]): Panel['ways'][number] {
  const rate = ({ contenders }: Comparison): number =>
    median(contenders.find(contender => contender.name === name)?.values ?? [])
  return { name, values: comparisons.map(rate) }
}

function perFrame({ contenders }: Comparison, way: number): string {
  return shortly(1000 / median(contenders[way].values))
}

function extremes({ contenders }: Comparison, way: number): string {
  return around(contenders[way].values)
}

function around(values: readonly number[]): string {
  return values.length === 0
    ? 'an unknown number of'
    : `${shortly(Math.min(...values))} and ${shortly(Math.max(...values))}`
}
