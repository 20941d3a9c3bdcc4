import { InvalidOptionError } from '../../base/errors.js'
import { formatContents, formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import type { Wait } from '../../wait/run-loop.js'

/** Where to begin: at the first existing frame, after the last frame, at a position, or at the first frame at or after a time. */
export type Start =
  | 'start'
  | 'end'
  | { readonly position: number }
  /** ns since 1970, or a Date. */
  | { readonly time: bigint | Date }

/** Begins where the last reader of that name stopped. A new name begins at `start`, by default at the journal's first frame. */
export interface NamedStart {
  readonly name: string
  readonly start?: Start
}

export interface ReaderOptions {
  /** Where to begin. Default 'start'. */
  readonly from?: Start | NamedStart
  /** Ends iteration with `for await` and `run`. */
  readonly signal?: AbortSignal
  /** Read only durable frames, which a sync has written to the disk. In a journal with durability 'process' there are none. Default false. */
  readonly durable?: boolean
}

export interface RunOptions {
  /** Default 'event-loop'. */
  readonly wait?: Wait
  readonly signal?: AbortSignal
  /** The maximum number of frames handled between two checks of the signal. Default 256. */
  readonly limit?: number
}

export function isNamed(from: Start | NamedStart): from is NamedStart {
  return typeof from === 'object' && from !== null && 'name' in from
}

export function checkReaderOptions(directory: string, options: ReaderOptions): void {
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0')) {
    throw new InvalidOptionError(
      `Reader.open takes the journal's directory as a non-empty string, not ${formatValue(directory)}`,
    )
  }
  checkOptions('Reader.open', options, { from: () => undefined, signal: kinds.signal, durable: kinds.boolean })
  const { from = 'start' } = options
  if (isNamed(from)) {
    checkOptions("Reader.open's 'from'", from, { name: kinds.string, start: () => undefined })
    checkStart('Reader.open', from.start === undefined ? 'start' : from.start)
  } else {
    checkStart('Reader.open', from)
  }
}

export function checkStart(what: string, from: unknown): asserts from is Start {
  if (from === 'start' || from === 'end') return
  if (typeof from === 'object' && from !== null && Object.keys(from).length === 1) {
    const { position, time } = from as { position?: unknown; time?: unknown }
    if (Number.isSafeInteger(position) && (position as number) >= 0) return
    if (typeof time === 'bigint' || (time instanceof Date && !Number.isNaN(time.getTime()))) return
  }
  throw new InvalidOptionError(
    `${what} begins at 'start', 'end', { position } (a whole number from 0 on) or { time } (ns since 1970 as a bigint, or a Date), not ${formatContents(from)}`,
  )
}
