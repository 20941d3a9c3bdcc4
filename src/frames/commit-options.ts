import { InvalidOptionError, InvalidStateError } from '../base/errors.js'
import { formatValue } from '../base/format-value.js'
import { CAUSE_POSITION_BITS, Frame, FrameFlag, MAX_JOURNAL_ID, SLOT_SIZE } from './format.js'
import type { FramePointer } from './pointer.js'
import { type FrameHeader, pointerOf } from './view.js'

/**
 * What led to a frame: the frame itself, while its handler runs; its position in a journal without an id; or its position in
 * the journal with that id.
 */
export type Cause = FrameHeader | number | { readonly journal: number; readonly position: number }

export interface CommitOptions {
  /** ns since 1970, not before the journal's last frame. Default: now. */
  readonly time?: bigint
  /** What led to this frame. Given as a frame, `sinceRoot` counts on from it. Only in frames of 128 bytes and more. */
  readonly cause?: Cause
  /** Who writes it, 0 to 65,535. Only in frames of 128 bytes and more. */
  readonly source?: number
  /** Whom it is for, 0 to 65,535. Only in frames of 128 bytes and more. */
  readonly dest?: number
}

/** Options read and found right: what is stored is what was checked, whatever an option that is a getter says next time. */
export interface CheckedCommit {
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

/**
 * Reads the options of a commit, each once, and checks them before the first byte is stored. The result is good until the next call.
 *
 * @throws {InvalidOptionError}
 */
export function checkCommitOptions(
  options: CommitOptions,
  frameSize: number,
  lastTimeHigh: number,
  lastTimeLow: number,
): CheckedCommit {
  if (typeof options !== 'object' || options === null)
    throw new InvalidOptionError(`commit takes its options as an object, not ${formatValue(options)}`)
  for (const name in options) {
    if (name !== 'time' && name !== 'cause' && name !== 'source' && name !== 'dest') {
      throw new InvalidOptionError(`commit has no option '${name}'; there are: time, cause, source, dest`)
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
  if (time !== undefined) checkTime(time, lastTimeHigh, lastTimeLow)
  if (source !== undefined) checkAddress('source', source)
  if (dest !== undefined) checkAddress('dest', dest)
  if (frame !== undefined) checkAlive(frame)
  else if (cause !== undefined) checkCause(journal, position)
  if (frameSize === SLOT_SIZE && (cause !== undefined || source !== undefined || dest !== undefined)) {
    throw new InvalidOptionError(
      "a 64-byte frame has no room for 'cause', 'source' and 'dest'; define it with { slots: 2 }",
    )
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
export function storeCommitOptions(commit: CheckedCommit, pointer: FramePointer, high: number, low: number): number {
  const { source, dest, frame } = commit
  const { at, u16 } = pointer
  // An option that is a getter can do anything, give up this frame for one.
  if (at < 0) throw new InvalidStateError('the frame was given up while the options of its commit were read')
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

function checkTime(time: unknown, lastTimeHigh: number, lastTimeLow: number): void {
  if (typeof time !== 'bigint' || time < 0n || time >= 2n ** 63n) {
    throw new InvalidOptionError(`commit's 'time' takes ns since 1970 as a bigint, not ${formatValue(time)}`)
  }
  const last = (BigInt(lastTimeHigh) << 32n) | BigInt(lastTimeLow)
  if (time < last) {
    throw new InvalidOptionError(
      `commit's 'time' ${time} is before the journal's last frame (${last}); times never decrease within a journal`,
    )
  }
}

function checkAddress(name: string, value: unknown): void {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 65_535) {
    throw new InvalidOptionError(`commit's '${name}' takes a whole number from 0 to 65535, not ${formatValue(value)}`)
  }
}

function checkAlive(frame: FramePointer): void {
  if (frame.at < 0)
    throw new InvalidOptionError("commit's 'cause' is a frame whose handler has returned; give its position")
}

function checkCause(journal: unknown, position: unknown): void {
  const sound =
    Number.isInteger(journal) &&
    (journal as number) >= 0 &&
    (journal as number) <= MAX_JOURNAL_ID &&
    Number.isInteger(position) &&
    (position as number) >= 0 &&
    (position as number) < 2 ** CAUSE_POSITION_BITS
  if (!sound) throw new InvalidOptionError("commit's 'cause' takes a frame, a position, or { journal, position }")
}
