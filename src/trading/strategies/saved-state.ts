import { formatValue } from '../../base/format-value.js'
import { on } from '../../frames/handlers.js'
import { PositionGoneError } from '../../journal/errors.js'
import { Reader } from '../../journal/read/reader.js'
import { positionsOf } from '../../journal/seek/last-frames.js'
import type { Writer } from '../../journal/write/writer.js'
import { Lifecycle } from '../../runtime/consumer/lifecycle.js'
import { StrategyStateError } from '../errors.js'
import { StrategyState } from '../sequence/frames.js'
import type { SenderData } from './sender.js'

/** What a host keeps beside the strategy's own state, as plain data. */
export type HostData = SenderData & { readonly random: number }

/** What a strategy's journal says of its state. */
export interface SavedState {
  readonly epoch: number
  /** It is the state after all frames of the sequence before this position. */
  readonly next: number
  /** Position of its first part. */
  readonly begin: number
  readonly host: HostData
  /** What `save` gave. */
  readonly value: unknown
}

const PART_BYTES = 2000

/** Writes a state. A reader takes it only when its last part is there. */
export function writeState(writer: Writer, epoch: number, next: number, final: boolean, text: string): void {
  const bytes = Buffer.from(text)
  const parts = Math.max(1, Math.ceil(bytes.length / PART_BYTES))
  let begin = 0
  for (let part = 0; part < parts; part++) {
    const own = bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES)
    const frame = writer.begin(StrategyState)
    frame.epoch = epoch
    frame.part = part
    frame.size = own.length
    frame.last = part === parts - 1
    frame.final = final
    frame.next = next
    frame.begin = begin
    frame.bytes = own
    const position = writer.commit()
    if (part === 0) begin = position
  }
}

/**
 * The last state in a strategy's journal that a start at a position of the sequence can continue from. There is none when a version
 * of the strategy without state has handled frames since: it acted in its own way.
 *
 * @param before only what the journal has before this position.
 */
export function findState(
  journal: string,
  position: number,
  before = Number.POSITIVE_INFINITY,
): SavedState | undefined {
  for (const end of positionsOf(journal, StrategyState.id)) {
    if (end >= before) continue
    const found = stateEndingAt(journal, end, before)
    if (found === undefined || found.next > position) continue
    const next = nextStart(journal, end, before)
    return next !== undefined && next < position ? undefined : found
  }
  return undefined
}

/**
 * Where the run after a state continues in the sequence; undefined when there is none. One that has a state saves it before it
 * handles anything.
 */
function nextStart(journal: string, end: number, before: number): number | undefined {
  let next: number | undefined
  const handlers = on(Lifecycle, frame => {
    if (next === undefined && frame.event === 'started' && frame.position < before) next = Number(frame.next)
  })
  const reader = Reader.open(journal, { from: { position: end } })
  try {
    while (next === undefined && reader.position < before && reader.poll(handlers, BATCH) > 0);
  } finally {
    reader.close()
  }
  return next
}

const BATCH = 256

/** The state whose last part is at a position; undefined when that is not a last part, or the state does not count. */
function stateEndingAt(journal: string, end: number, before: number): SavedState | undefined {
  const last = firstFrom(journal, end)
  if (last?.last !== true) return undefined
  const { epoch, next, final, part: lastPart } = last
  const begin = lastPart === 0 ? end : last.begin
  const parts: Uint8Array[] = []
  const handlers = on(StrategyState, frame => {
    if (frame.position <= end && frame.part === parts.length)
      parts.push(Uint8Array.from(frame.bytes.subarray(0, frame.size)))
  })
  let stopped = false
  handlers.on(Lifecycle, frame => {
    if (frame.position > end && frame.position < before) stopped ||= frame.event === 'stopped' && frame.run === epoch
  })
  const reader = openAt(journal, begin)
  if (reader === undefined) return undefined
  try {
    while (reader.position <= end && reader.poll(handlers, 1) > 0);
    // What follows a final state is at most the outputs of onStop and the end.
    for (let i = 0; final && !stopped && i < FINAL_FRAMES && reader.poll(handlers, 1) > 0; i++);
  } finally {
    reader.close()
  }
  if (parts.length !== lastPart + 1 || (final && !stopped)) return undefined
  const { host, value } = JSON.parse(Buffer.concat(parts).toString('utf8')) as Pick<SavedState, 'host' | 'value'>
  return { epoch, next, begin, host, value }
}

const FINAL_FRAMES = 100_000

/** Undefined when the page was retired: then a later state is the last one that counts. */
function openAt(journal: string, position: number): Reader | undefined {
  try {
    return Reader.open(journal, { from: { position } })
  } catch (error) {
    if (error instanceof PositionGoneError) return undefined
    throw error
  }
}

function firstFrom(journal: string, position: number) {
  const reader = Reader.open(journal, { from: { position } })
  try {
    for (const frame of reader) {
      if (!frame.is(StrategyState)) return undefined
      const { last, epoch, next, final, part, begin } = frame
      return { last, epoch, next, final, part, begin }
    }
    return undefined
  } finally {
    reader.close()
  }
}

/**
 * A state as JSON.
 *
 * @throws {StrategyStateError} for what would come back as something else: undefined, NaN, a bigint, a Map, a class.
 */
export function stateText(id: string, host: HostData, value: unknown): string {
  const misfit = misfitIn(value, 'the state')
  if (misfit !== undefined)
    throw new StrategyStateError(
      `strategy '${id}' saves ${misfit}; \`save\` returns plain objects, lists, texts, finite numbers, true, false and null`,
    )
  return JSON.stringify({ host, value })
}

/** What in a value is not JSON, with its place; undefined when all is. */
function misfitIn(value: unknown, place: string, depth = 0): string | undefined {
  if (depth > DEEPEST) return `${place}, which is nested too deeply, or contains itself`
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : `${value} as ${place}`
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const misfit = misfitIn(value[i], `${place}[${i}]`, depth + 1)
      if (misfit !== undefined) return misfit
    }
    return undefined
  }
  const isPlain = typeof value === 'object' && [Object.prototype, null].includes(Object.getPrototypeOf(value) as object)
  if (!isPlain) return `${formatValue(value)} as ${place}`
  for (const [name, item] of Object.entries(value)) {
    const misfit = misfitIn(item, `${place}.${name}`, depth + 1)
    if (misfit !== undefined) return misfit
  }
  return undefined
}

const DEEPEST = 200
