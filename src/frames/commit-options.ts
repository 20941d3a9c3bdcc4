import { InvalidOptionError, InvalidStateError } from '../base/errors.js'
import { formatValue } from '../base/format-value.js'
import type { Entry } from './entries.js'
import { CAUSE_POSITION_BITS, Frame, FrameFlag, MAX_JOURNAL_ID, SLOT_SIZE } from './format.js'
import type { FrameTime } from './frame-time.js'
import type { FramePointer } from './pointer.js'
import { type FrameHeader, pointerOf } from './view.js'

/**
 * The frame that led to a frame: its view, while its handler runs; its position in a journal without an id; or its position and its
 * journal's id.
 */
export type Cause = FrameHeader | number | { readonly journal: number; readonly position: number }

export interface CommitOptions {
  /** ns since 1970, not before the journal's last frame. Default: now. Store a venue's time in a field of its own, such as `venueTime: i64`. */
  readonly time?: bigint
  /** The frame that led to this one. If it is given as a view, `sinceRoot` is computed from it. Only in frames of 128 bytes and more. */
  readonly cause?: Cause
  /** Who writes it, 0 to 65,535. Only in frames of 128 bytes and more. */
  readonly source?: number
  /** Whom it is for, 0 to 65,535. Only in frames of 128 bytes and more. */
  readonly dest?: number
}

/**
 * Options that the runtime fills in itself: numbers that need no check, in one object that is used again for each frame. Only
 * for frames of 128 bytes and more.
 */
export class OwnCommit {
  hasCause = false
  /** The cause's journal and position. */
  journal = 0
  position = 0
  source = 0
  dest = 0
  /** The cause's own frame, while its handler runs. */
  frame: FramePointer | undefined = undefined
}

/**
 * Applies the options of a commit: sets the frame's time and stores the others. All options are checked before the first byte is
 * stored, so an error leaves the frame unchanged. Returns the bits to add to the frame's first word.
 *
 * @param fromClock whether a frame without a `time` option gets the clock's time.
 * @param ordered whether times never decrease.
 * @throws {InvalidOptionError} for options that cannot be stored, {InvalidStateError} for options whose getters write frames.
 */
export function applyCommitOptions(
  options: CommitOptions | OwnCommit,
  entry: Entry,
  time: FrameTime,
  fromClock: boolean,
  ordered: boolean,
): number {
  const { pointer } = entry
  if (options instanceof OwnCommit) {
    if (fromClock && ordered) time.advance()
    else if (fromClock) time.read()
    return storeOwn(options, pointer, time.high, time.low >>> 0) << (8 * Frame.FLAGS)
  }
  const { at } = pointer
  const commit = check(options, entry.size, ordered ? time : undefined)
  // An option may be a getter, which can call anything, for example abort this frame.
  if (pointer.at !== at) {
    const { path } = pointer.memory
    throw new InvalidStateError(`${path}: commit() with options that write frames themselves`, { path })
  }
  if (commit.time !== undefined) time.set(commit.time)
  else if (fromClock && ordered) time.advance()
  else if (fromClock) time.read()
  return store(commit, pointer, time.high, time.low >>> 0) << (8 * Frame.FLAGS)
}

/** Options that were read once and checked. A getter could return another value the second time. */
interface CheckedCommit {
  readonly time: bigint | undefined
  readonly source: number | undefined
  readonly dest: number | undefined
  readonly hasCause: boolean
  readonly causeJournal: number
  readonly causePosition: number
  /** The cause's own frame, when it was given as one. */
  readonly frame: FramePointer | undefined
}

/** Used by every commit, so that a commit allocates nothing. */
const checked = {
  time: undefined as bigint | undefined,
  source: undefined as number | undefined,
  dest: undefined as number | undefined,
  hasCause: false,
  causeJournal: 0,
  causePosition: 0,
  frame: undefined as FramePointer | undefined,
}

/** Reads each option once, and checks it. The result is valid until the next call. */
function check(options: CommitOptions, frameSize: number, notBefore: FrameTime | undefined): CheckedCommit {
  if (typeof options !== 'object' || options === null)
    throw refused(`commit takes its options as an object, not ${formatValue(options)}`)
  for (const name in options) {
    if (name !== 'time' && name !== 'cause' && name !== 'source' && name !== 'dest') {
      throw refused(`commit has no option '${name}'; there are: time, cause, source, dest`)
    }
  }
  const { time, cause, source, dest } = options
  const frame = typeof cause === 'object' ? pointerOf(cause) : undefined
  const named =
    typeof cause === 'object' && cause !== null && frame === undefined
      ? (cause as { journal?: unknown; position?: unknown })
      : undefined
  const journal = named === undefined ? 0 : named.journal
  const position = named === undefined ? cause : named.position
  if (time !== undefined) checkTime(time, notBefore)
  if (source !== undefined) checkAddress('source', source)
  if (dest !== undefined) checkAddress('dest', dest)
  if (frame !== undefined) checkAlive(frame)
  else if (cause !== undefined) checkCause(journal, position)
  if (frameSize === SLOT_SIZE && (cause !== undefined || source !== undefined || dest !== undefined)) {
    throw refused("a 64-byte frame has no room for 'cause', 'source' and 'dest'; define it with { slots: 2 }")
  }
  checked.time = time
  checked.source = source
  checked.dest = dest
  checked.hasCause = cause !== undefined
  checked.causeJournal = frame?.memory.journalId ?? (journal as number)
  checked.causePosition = frame?.position ?? (position as number)
  checked.frame = frame
  return checked
}

/** Stores what was checked. `high` and `low` are the new frame's time. Returns the frame's flags. */
function store(commit: CheckedCommit, pointer: FramePointer, high: number, low: number): number {
  const { source, dest, frame } = commit
  const { at, u16 } = pointer
  if (source !== undefined) u16[(at + Frame.SOURCE) >> 1] = source
  if (dest !== undefined) u16[(at + Frame.DEST) >> 1] = dest
  if (!commit.hasCause) return 0
  storeCause(pointer, at, commit.causeJournal, commit.causePosition)
  if (frame !== undefined) pointer.u32[(at + Frame.SINCE_ROOT) >> 2] = sinceRoot(frame, high, low)
  return FrameFlag.HAS_CAUSE
}

function storeOwn(commit: OwnCommit, pointer: FramePointer, high: number, low: number): number {
  const { at, u16 } = pointer
  u16[(at + Frame.SOURCE) >> 1] = commit.source
  u16[(at + Frame.DEST) >> 1] = commit.dest
  if (!commit.hasCause) return 0
  storeCause(pointer, at, commit.journal, commit.position)
  const { frame } = commit
  if (frame !== undefined && frame.at >= 0) pointer.u32[(at + Frame.SINCE_ROOT) >> 2] = sinceRoot(frame, high, low)
  return FrameFlag.HAS_CAUSE
}

function storeCause(pointer: FramePointer, at: number, journal: number, position: number): void {
  const word = (at + Frame.CAUSE) >> 2
  pointer.u32[word] = position % 2 ** 32
  pointer.u32[word + 1] = (position / 2 ** 32) | 0 | (journal << (CAUSE_POSITION_BITS - 32))
}

/** ns from the first frame of the chain to a frame at (high, low), saturating at both ends. */
function sinceRoot(cause: FramePointer, high: number, low: number): number {
  const word = (cause.at + Frame.TIME) >> 2
  const sinceCause = (high - cause.u32[word + 1]) * 2 ** 32 + (low - cause.u32[word])
  const causeSinceRoot = cause.u8[cause.at + Frame.SLOTS] > 1 ? cause.u32[(cause.at + Frame.SINCE_ROOT) >> 2] : 0
  return Math.min(Math.max(0, sinceCause) + causeSinceRoot, 2 ** 32 - 1)
}

/** The frame's fields are right, so it can still be committed. (`write` discards it, because its caller has no access to it.) */
function refused(why: string): InvalidOptionError {
  return new InvalidOptionError(
    `${why}. A frame begun with begin() stays begun: commit it with other options, or call abort()`,
  )
}

function checkTime(time: unknown, notBefore: FrameTime | undefined): void {
  if (typeof time !== 'bigint' || time < 0n || time >= 2n ** 63n) {
    throw refused(`commit's 'time' takes ns since 1970 as a bigint, not ${formatValue(time)}`)
  }
  if (notBefore === undefined) return
  const last = (BigInt(notBefore.high) << 32n) | BigInt(notBefore.low >>> 0)
  if (time < last) {
    throw refused(
      `commit's 'time' ${time} is before the journal's last frame (${last}); times never decrease within a journal, so store a venue's time in a field of its own, such as venueTime: i64, and leave 'time' to the clock`,
    )
  }
}

function checkAddress(name: string, value: unknown): void {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 65_535) {
    throw refused(`commit's '${name}' takes a whole number from 0 to 65535, not ${formatValue(value)}`)
  }
}

function checkAlive(frame: FramePointer): void {
  if (frame.at < 0) throw refused("commit's 'cause' is a frame whose handler has returned; give its position")
}

function checkCause(journal: unknown, position: unknown): void {
  const sound =
    Number.isInteger(journal) &&
    (journal as number) >= 0 &&
    (journal as number) <= MAX_JOURNAL_ID &&
    Number.isInteger(position) &&
    (position as number) >= 0 &&
    (position as number) < 2 ** CAUSE_POSITION_BITS
  if (!sound) throw refused("commit's 'cause' takes a frame, a position, or { journal, position }")
}
