import { InvalidOptionError, InvalidStateError } from '../base/errors.js'
import { formatValue } from '../base/format-value.js'
import type { Entry } from './entries.js'
import { CAUSE_POSITION_BITS, Frame, FrameFlag, MAX_JOURNAL_ID, SLOT_SIZE } from './format.js'
import type { FrameTime } from './frame-time.js'
import type { FramePointer } from './pointer.js'
import { type FrameHeader, pointerOf } from './view.js'

/**
 * What led to a frame: the frame itself, while its handler runs; its position in a journal without an id; or its position in
 * the journal with that id.
 */
export type Cause = FrameHeader | number | { readonly journal: number; readonly position: number }

export interface CommitOptions {
  /** ns since 1970, not before the journal's last frame. Default: now. The times of a venue go into a field of their own, say `venueTime: i64`. */
  readonly time?: bigint
  /** What led to this frame. Given as a frame, `sinceRoot` counts on from it. Only in frames of 128 bytes and more. */
  readonly cause?: Cause
  /** Who writes it, 0 to 65,535. Only in frames of 128 bytes and more. */
  readonly source?: number
  /** Whom it is for, 0 to 65,535. Only in frames of 128 bytes and more. */
  readonly dest?: number
}

/**
 * Does what the options of a commit ask for: sets the frame's time, stores the rest. Everything is checked before the first byte is
 * stored: when it throws, the frame is as it was. Returns what is to be added to the frame's first word.
 *
 * @param fromClock whether a frame whose commit gives no time takes the clock's.
 * @param ordered whether times never decrease.
 * @throws {InvalidOptionError} for options that cannot be stored, {InvalidStateError} for ones that meddle with the frame.
 */
export function applyCommitOptions(
  options: CommitOptions,
  entry: Entry,
  time: FrameTime,
  fromClock: boolean,
  ordered: boolean,
): number {
  const { pointer } = entry
  const { at } = pointer
  const commit = check(options, entry.size, ordered ? time : undefined)
  // An option that is a getter can do anything, give up this frame for one.
  if (pointer.at !== at) {
    const { path } = pointer.memory
    throw new InvalidStateError(`${path}: commit() with options that write frames themselves`, { path })
  }
  if (commit.time !== undefined) time.set(commit.time)
  else if (fromClock && ordered) time.advance()
  else if (fromClock) time.read()
  return store(commit, pointer, time.high, time.low >>> 0) << (8 * Frame.FLAGS)
}

/** Options read and found right: what is stored is what was checked, whatever an option that is a getter says next time. */
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

/** The one that every commit uses: a commit allocates nothing. */
const checked = {
  time: undefined as bigint | undefined,
  source: undefined as number | undefined,
  dest: undefined as number | undefined,
  hasCause: false,
  causeJournal: 0,
  causePosition: 0,
  frame: undefined as FramePointer | undefined,
}

/** Reads the options, each once, and checks them. The result is good until the next call. */
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

/** What is wrong is not the frame's fields: it can still be committed. (`write` gives it up, as nobody else could.) */
function refused(why: string): InvalidOptionError {
  return new InvalidOptionError(
    `${why}. A frame begun with begin() stays begun: commit it with other options, or give it up with abort()`,
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
      `commit's 'time' ${time} is before the journal's last frame (${last}); times never decrease within a journal, so keep the time of a venue in a field of its own, say venueTime: i64, and leave 'time' to the clock`,
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
