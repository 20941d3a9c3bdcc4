import { setImmediate as turn } from 'node:timers/promises'
import { Handlers } from '../../frames/handlers.js'
import type { FrameView } from '../../frames/view.js'
import { frameToJson } from '../../frames/view-text.js'
import { inspect } from '../../journal/inspect/inspect.js'
import { Reader } from '../../journal/read/reader.js'
import { GapReport } from '../../trading/market/gap-report.js'
import { Pace, type Speed } from '../../trading/market/pace.js'
import { nap } from '../../wait/nap.js'
import { frameToLine } from '../output/frame-text.js'
import { Output, toJson } from '../output/output.js'
import { Progress } from '../output/progress.js'
import { table } from '../output/table.js'
import { formatTime, grouped } from '../output/units.js'

export interface JournalReplayOptions {
  readonly speed?: Speed
  /** ms. */
  readonly maxGap?: number
  readonly print?: boolean
  readonly json?: boolean
}

/** Frames between two looks at the clock and the signal. */
const BATCH = 4096

/** Reads a journal from its first frame to the last there is: counts the frames, or prints them as they are due. */
export async function replayJournal(
  directory: string,
  options: JournalReplayOptions,
  signal: AbortSignal,
): Promise<void> {
  const speed = options.speed ?? 'max'
  const reader = Reader.open(directory)
  try {
    if (options.print === true || speed !== 'max') await print(reader, speed, options, signal)
    else await count(reader, options.json === true, signal)
  } finally {
    reader.close()
  }
}

async function print(
  reader: Reader,
  speed: Speed,
  { maxGap, json }: JournalReplayOptions,
  signal: AbortSignal,
): Promise<void> {
  const out = new Output()
  const gaps = new GapReport(gap => process.stderr.write(`${gap.code}: ${gap.message}\n`))
  const pace = new Pace(speed, maxGap, gap => gaps.see(gap))
  for (const frame of reader) {
    const dueIn = speed === 'max' ? 0 : pace.dueIn(Number(frame.time) / 1e6)
    // Timers are no finer than a millisecond.
    if (dueIn >= 1) {
      await out.flush()
      await nap(dueIn, signal)
      signal.throwIfAborted()
    }
    out.line(json === true ? toJson(frameToJson(frame)) : frameToLine(frame))
    if (!out.full) continue
    await out.flush()
    signal.throwIfAborted()
  }
  await out.flush()
  gaps.end()
}

interface Kind {
  readonly name: string
  frames: number
}

async function count(reader: Reader, json: boolean, signal: AbortSignal): Promise<void> {
  const kinds = new Map<number, Kind>()
  let [frames, ms] = [0, 0]
  const handlers = new Handlers().otherwise((frame: FrameView) => {
    const kind = kinds.get(frame.type)
    if (kind === undefined) kinds.set(frame.type, { name: frame.definition.name, frames: 1 })
    else kind.frames++
  })
  const progress = new Progress('replay')
  const total = reader.lag
  for (let got = 1; got > 0; frames += got) {
    const begun = performance.now()
    got = reader.poll(handlers, BATCH)
    ms += performance.now() - begun
    progress.update(total - reader.lag, total)
    await turn()
    signal.throwIfAborted()
  }
  progress.end()
  const { firstTime = 0n, lastTime = 0n } = inspect(reader.path)
  const out = new Output()
  const seconds = Number(lastTime - firstTime) / 1e9
  const rate = ms === 0 ? 0 : Math.round((frames / ms) * 1000)
  if (json) {
    out.json({
      path: reader.path,
      frames,
      kinds: [...kinds].map(([type, kind]) => ({ type, ...kind })),
      firstTime,
      lastTime,
      framesPerSecond: rate,
    })
  } else {
    for (const line of table(
      [['frames', 'kind'], ...[...kinds.values()].map(kind => [grouped(kind.frames), kind.name])],
      'rl',
    ))
      out.line(line)
    const span = frames === 0 ? '' : `, ${formatTime(firstTime)} to ${formatTime(lastTime)} (${seconds.toFixed(1)} s)`
    out.line(`${grouped(frames)} frames${span}, read at ${grouped(rate)} a second`)
  }
  await out.flush()
}
