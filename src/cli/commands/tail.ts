import type { Command } from 'commander'
import type { FrameView } from '../../frames/view.js'
import { frameToJson } from '../../frames/view-text.js'
import { PositionGoneError } from '../../journal/errors.js'
import { readSchema } from '../../journal/files/schema-file.js'
import type { Start } from '../../journal/read/options.js'
import { Reader } from '../../journal/read/reader.js'
import { anyDurable, positionOfLast } from '../../journal/seek/last-frames.js'
import { Exit, printable, UsageError } from '../output/failure.js'
import { frameToLine } from '../output/frame-text.js'
import { wrapped } from '../output/help.js'
import { Output, toJson } from '../output/output.js'
import { parseStart, wholeNumber } from '../output/units.js'

interface TailOptions {
  readonly follow?: boolean
  readonly json?: boolean
  readonly from?: string
  readonly type?: string
  readonly limit?: number
  readonly durable?: boolean
}

/** Frames shown when nobody says where to begin. */
const DEFAULT_FRAMES = 10

export function registerTail(program: Command): void {
  program
    .command('tail')
    .description("print a journal's frames, decoded by its schema.json")
    .argument('<dir>', "the journal's directory")
    .option('-f, --follow', 'go on with frames as they are written, until Ctrl-C')
    .option('--json', 'one JSON object a line')
    .option(
      '--from <place>',
      "a position, a time (ISO 8601, or ns since 1970), 'start' or 'end'; default: the last frames",
    )
    .option('--type <name>', 'only frames of this name, or number')
    .option(
      '-n, --limit <frames>',
      `at most so many frames; without --from the last so many, from which --follow goes on (default: ${DEFAULT_FRAMES})`,
      wholeNumber(1),
    )
    .option(
      '--durable',
      "only frames that survive power loss: with durability 'process', the default in /dev/shm, there are none",
    )
    .addHelpText('after', wrapped(HELP))
    .action(async (directory: string, options: TailOptions) => {
      process.exitCode = await tail(directory, options)
    })
}

const HELP = `
A whole number below 10^15 is a position, a larger one a time in ns. Dates are UTC unless they say otherwise.
JSON: position, time (ns, a string), type, then the fields. 64-bit integers are strings, bytes hexadecimal.

Examples:
  $ ticktape tail /dev/shm/desk/market                       the last ten frames
  $ ticktape tail /dev/shm/desk/market -f --type Trade       the last trades, then more as they come
  $ ticktape tail orders --from start --json | jq .price     everything, for a program
  $ ticktape tail orders --from 2026-01-31T09:30 -n 100      a hundred from a moment on`

const NEVER_DURABLE =
  "nothing in it is durable, nor will be: it is written with durability 'process', which survives no power loss; leave out --durable"

async function tail(directory: string, options: TailOptions): Promise<number> {
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  const types = options.type === undefined ? undefined : typesNamed(directory, options.type, options.follow === true)
  const reader = Reader.open(directory, {
    from: startOf(directory, options, types),
    durable: options.durable,
    signal: stop.signal,
  })
  try {
    if (options.durable === true && !anyDurable(directory))
      process.stderr.write(`${printable(directory)}: ${NEVER_DURABLE}\n`)
    await print(reader, options, stop.signal)
  } finally {
    reader.close()
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  }
  return stop.signal.aborted ? Exit.INTERRUPTED : Exit.OK
}

async function print(reader: Reader, options: TailOptions, signal: AbortSignal): Promise<void> {
  const out = new Output()
  const format = options.json === true ? (frame: FrameView) => toJson(frameToJson(frame)) : frameToLine
  let left = mostFrames(options)
  const show = (frame: FrameView): void => {
    if (options.type !== undefined && frame.definition.name !== options.type && String(frame.type) !== options.type)
      return
    out.line(format(frame))
    left--
  }
  const following = reader.follow()
  while (left > 0 && !signal.aborted) {
    try {
      for (const frame of reader) {
        show(frame)
        if (out.full) await out.flush()
        if (left === 0 || signal.aborted) break
      }
      await out.flush()
      if (options.follow !== true || left === 0) return
      const next = await following.next()
      if (next.done === true) return
      show(next.value)
    } catch (error) {
      await out.flush()
      if (!(error instanceof PositionGoneError)) throw error
      // Retention was faster than whoever reads our output: go on with what there is, and say so.
      process.stderr.write(`${error.code}: ${error.message}\n`)
      reader.seek({ position: error.first })
    }
  }
  await out.flush()
}

/** As with any tail, the last so many frames are where --follow begins, not all that it shows. */
function mostFrames({ limit, from, follow }: TailOptions): number {
  if (from === undefined) return follow === true ? Number.POSITIVE_INFINITY : (limit ?? DEFAULT_FRAMES)
  return limit ?? Number.POSITIVE_INFINITY
}

function startOf(directory: string, options: TailOptions, types: ReadonlySet<number> | undefined): Start {
  const { from } = options
  if (from === 'start' || from === 'end') return from
  if (from !== undefined) return parseStart(from)
  return { position: positionOfLast(directory, options.limit ?? DEFAULT_FRAMES, types, options.durable) }
}

/** @throws {UsageError} when the journal has no frames of that name and none are waited for. */
function typesNamed(directory: string, name: string, mayCome: boolean): ReadonlySet<number> {
  const { definitions } = readSchema(directory)
  const known = definitions.find(definition => definition.name === name)
  if (known !== undefined) return new Set([known.id])
  if (/^\d+$/.test(name)) return new Set([Number(name)])
  if (mayCome) return new Set()
  const names = definitions.map(definition => definition.name).join(', ')
  throw new UsageError(
    `${directory} has no frames named '${name}'; its schema.json has: ${names === '' ? 'none' : names}`,
  )
}
