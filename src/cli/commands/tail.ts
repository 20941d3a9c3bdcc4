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
import { unpacked } from '../output/unpacked.js'

interface TailOptions {
  readonly follow?: boolean
  readonly json?: boolean
  readonly from?: string
  readonly type?: string
  readonly limit?: number
  readonly durable?: boolean
}

/** The number of frames shown without --from and --limit. */
const DEFAULT_FRAMES = 10

export function registerTail(program: Command): void {
  program
    .command('tail')
    .description("print a journal's frames, decoded by its schema.json")
    .argument('<dir>', 'the directory of a journal, or of an archive')
    .option('-f, --follow', 'continue with frames as they are written, until Ctrl-C')
    .option('--json', 'one JSON object a line')
    .option(
      '--from <start>',
      "a position, a time (ISO 8601, or ns since 1970), 'start' or 'end'; default: the last frames",
    )
    .option('--type <name>', 'only frames of this name, or number')
    .option(
      '-n, --limit <frames>',
      `at most this many frames; without --from the last ones, after which --follow continues (default: ${DEFAULT_FRAMES})`,
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
A whole number below 10^15 is a position, a larger one a time in ns. Dates are UTC unless they have a time zone.
JSON: position, time (ns, a string), type, then the fields. 64-bit integers are strings, bytes hexadecimal.

Exit codes: 0 done, 1 a frame or a page is damaged, 2 could not read: no journal, wrong options; 130 ended by Ctrl-C.

Examples:
  $ ticktape tail /dev/shm/desk/market                       the last ten frames
  $ ticktape tail /dev/shm/desk/market -f --type Trade       the last trades, then each new one
  $ ticktape tail orders --from start --json | jq .price     everything, for a program
  $ ticktape tail orders --from 2026-01-31T09:30 -n 100      the first hundred from this time on`

const NEVER_DURABLE =
  "no frame is durable, and none will be: the journal is written with durability 'process', which does not survive power loss; leave out --durable"

async function tail(given: string, options: TailOptions): Promise<number> {
  const stop = new AbortController()
  const interrupt = (): void => stop.abort()
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  const journal = await unpacked(given, { signal: stop.signal, follow: options.follow })
  if (journal === undefined) return Exit.INTERRUPTED
  try {
    return await tailJournal(journal.path, options, stop, interrupt)
  } finally {
    journal.remove()
  }
}

async function tailJournal(
  directory: string,
  options: TailOptions,
  stop: AbortController,
  interrupt: () => void,
): Promise<number> {
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
      // Retention was faster than the reader of our output: report it, and continue with the frames that exist.
      process.stderr.write(`${error.code}: ${error.message}\n`)
      reader.seek({ position: error.first })
    }
  }
  await out.flush()
}

/** As with any tail, --limit without --from says where --follow begins, not how many frames it shows. */
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

/** @throws {UsageError} when the schema has no definition of that name, unless it may still be added. */
function typesNamed(directory: string, name: string, mayBeAdded: boolean): ReadonlySet<number> {
  const { definitions } = readSchema(directory)
  const known = definitions.find(definition => definition.name === name)
  if (known !== undefined) return new Set([known.id])
  if (/^\d+$/.test(name)) return new Set([Number(name)])
  if (mayBeAdded) return new Set()
  const names = definitions.map(definition => definition.name).join(', ')
  throw new UsageError(
    `${directory} has no frames named '${name}'; its schema.json has: ${names === '' ? 'none' : names}`,
  )
}
