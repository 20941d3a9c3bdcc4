import * as fs from 'node:fs'
import { thisBoot } from '../../base/boot.js'
import { on } from '../../frames/handlers.js'
import { isJournal } from '../../journal/inspect/inspect.js'
import { Reader } from '../../journal/read/reader.js'
import type { WriterOptions } from '../../journal/write/options.js'
import { Writer } from '../../journal/write/writer.js'
import { type LastHandled, lastRun, moveAfter } from '../../runtime/consumer/consumer.js'
import { findLast } from '../../runtime/consumer/find-last.js'
import { Lifecycle, Progress } from '../../runtime/consumer/lifecycle.js'
import { bootOf } from '../../runtime/opening/boot-of.js'
import type { Player } from '../desk/player.js'
import type { LostJournal } from '../desk/power-loss.js'
import { MAX_EPOCH } from '../messages/order-id.js'
import { Lost, STRATEGY_FRAMES, StrategyState, VenueReport } from '../sequence/frames.js'
import {
  type HomeDirectory,
  OPERATOR,
  readIdentity,
  SEQUENCE,
  STRATEGY_JOURNALS,
  VENUE_JOURNALS,
} from '../sequence/home.js'
import { firstKnown } from '../snapshots/find.js'

/**
 * What a start does after the machine has stopped. Each journal is then a prefix of what was written, and each may have lost
 * another part: a strategy may have acted on a frame that is gone, and the sequence may have taken what the strategy's own
 * journal has lost. Lost frames in the sequence say where everything goes on.
 */

/** Epochs that a strategy may have had of which no journal knows: far more than can start between two syncs. */
const LOST_EPOCHS = 1024

/** The journal of a strategy, or of a venue in a process of its own. */
export interface MemberJournal {
  readonly path: string
  readonly number: number
  /** The strategy's id; '' of a venue. */
  readonly id: string
}

/** Whether the machine has stopped since the last gateway wrote the sequence, and no later one has recorded it. */
export function hasLostPower(home: HomeDirectory, { bootedAt }: Player): boolean {
  return bootedAt >= 0 && bootOf(home.sequence, bootedAt) !== thisBoot()
}

/** Whether a power loss was recorded, and the gateway that did so has not come to its start. */
export function isLossUnfinished({ loss, bootedAt }: Player): boolean {
  return loss !== undefined && loss.last === bootedAt
}

/** The journals of all strategies and remote venues, those included that the sequence has lost. */
export function memberJournals(
  home: HomeDirectory,
  { strategies }: Player,
  venues: readonly { readonly venue: { readonly name: string }; readonly isRemote: boolean }[],
): MemberJournal[] {
  const members: MemberJournal[] = []
  for (const id of new Set([...home.strategyIds, ...strategies.keys()])) {
    const path = home.strategy(id)
    const known = strategies.get(id)?.number
    const number = known === undefined ? readIdentity(path)?.journal : STRATEGY_JOURNALS + known
    // One without a first frame has nothing: it gets a number when it starts.
    if (number !== undefined) members.push({ path, number, id })
  }
  for (const [number, { venue, isRemote }] of venues.entries())
    if (isRemote) members.push({ path: home.venue(venue.name), number: VENUE_JOURNALS + number, id: '' })
  return members
}

/** The position after the sequence's last frame. */
export function endOfFrames(sequence: string): number {
  return findLast(sequence, ({ position, slots }) => position + slots) ?? 0
}

/** From where on each journal is taken now. @param operator the operator's journal. @param end of the sequence. */
export function lostJournals(
  player: Player,
  members: readonly MemberJournal[],
  operator: string,
  end: number,
): LostJournal[] {
  const { taken, lastTaken, feed, strategies } = player
  const lost = members.map(({ path, number, id }): LostJournal => {
    const at = lastTaken.journal === number ? positionAfter(path, lastTaken.from, lastTaken.copies) : taken.get(number)
    const isStrategy = number > STRATEGY_JOURNALS
    const run = isStrategy && hasFrames(path) ? lastRun(path) : 0
    const epoch = isStrategy ? Math.max(strategies.get(id)?.epoch ?? 0, run) + LOST_EPOCHS : 0
    return { journal: number, id, epoch: Math.min(epoch, MAX_EPOCH - 1), taken: Math.min(at ?? 0, endOf(path)) }
  })
  const commands = taken.get(OPERATOR)
  if (commands !== undefined)
    lost.push({ journal: OPERATOR, id: '', epoch: 0, taken: Math.min(commands, endOf(operator)) })
  // Events of the feed, and of venues in the gateway's process, are counted by number.
  const events = lastTaken.from + lastTaken.copies
  const isPart = lastTaken.journal >= 0 && lastTaken.copies < lastTaken.to - lastTaken.from
  for (const [number, to] of taken)
    if (number >= VENUE_JOURNALS && number < STRATEGY_JOURNALS && !members.some(member => member.number === number))
      lost.push({ journal: number, id: '', epoch: 0, taken: isPart && lastTaken.journal === number ? events : to })
  const next = isPart && lastTaken.journal === 0 ? events : feed.next
  const sequence = { journal: SEQUENCE, id: '', epoch: 0, taken: end }
  return [sequence, ...lost, { journal: 0, id: '', epoch: 0, taken: next }]
}

/** Writes what was lost into the sequence, and tells the player, as one that reads the sequence is told. */
export function recordLoss(writer: Writer, player: Player, lost: readonly LostJournal[]): void {
  const frames = lost.map((journal, i) => ({ ...journal, last: i === lost.length - 1 }))
  const positions: number[] = []
  const write = (): void => {
    for (const frame of frames) positions.push(writer.write(Lost, frame))
  }
  // A group that does not fit on a page counts once its last frame is there.
  if (frames.length * Lost.slots <= writer.pageSlots) writer.atomic(frames.length * Lost.slots, write)
  else write()
  for (const [i, frame] of frames.entries()) player.lose(frame, frame.last, positions[i])
}

/**
 * Lets each member continue where what is left says, and records in its journal that its end may be lost. One that had acted
 * on frames that are gone continues after the Lost frames of the sequence; so does every venue: what was asked of it before
 * is not asked again.
 */
export function moveMembers(
  home: HomeDirectory,
  { loss, lastCauses }: Player,
  members: readonly MemberJournal[],
  durability: WriterOptions['durability'],
): void {
  if (loss === undefined) return
  for (const { path, number, id } of members) {
    if (!hasFrames(path)) continue
    const isMarked = findLast(path, frame => (frame.is(Lost) ? frame.taken : undefined)) === loss.end
    if (isMarked) continue
    const own = lastSeen(path)
    const isBeyond = own.isHandled ? own.position >= loss.end : own.position > loss.end
    const hasActed = number < STRATEGY_JOURNALS || isBeyond
    if (!hasActed) {
      // Its position as a reader may be ahead of what is left of its outputs: then it handles those frames again.
      const taken = lastCauses.get(number)
      moveReader(home, id, taken !== undefined && taken >= own.position ? { position: taken, isHandled: true } : own)
    }
    const writer = Writer.open(path, { durability, journalId: number })
    try {
      const marker = { journal: number, taken: loss.end, id, epoch: 0, last: true }
      writer.write(Lost, marker, hasActed ? { cause: { journal: SEQUENCE, position: loss.last } } : undefined)
    } finally {
      writer.close()
    }
  }
}

function moveReader(home: HomeDirectory, name: string, last: LastHandled): void {
  const reader = Reader.open(home.sequence, { from: { name } })
  try {
    const first = firstKnown(home.sequence)?.position ?? 0
    // What is before it was retired, so it was durable, and handled.
    moveAfter(reader, last.position < first ? { position: first, isHandled: false } : last)
  } finally {
    reader.close()
  }
}

/** How far a member had read, by what is left of its journal. */
export function lastSeen(journal: string): LastHandled {
  const next = findLast(journal, frame => {
    if (frame.is(Lost)) return frame.cause
    // Its outputs for the frames before that position are before it in the journal.
    if (frame.is(StrategyState)) return frame.next
    return frame.is(Lifecycle) || frame.is(Progress) ? Number(frame.next) : undefined
  })
  const cause = findLast(journal, frame => frame.cause)
  if (cause !== undefined && cause >= (next ?? 0)) return { position: cause, isHandled: true }
  return { position: next ?? 0, isHandled: false }
}

/** The position in a journal after so many of the frames that are taken, from a position on. */
function positionAfter(journal: string, from: number, copies: number): number {
  const end = endOf(journal)
  if (from >= end) return end
  const reader = Reader.open(journal, { from: { position: from } })
  let left = copies
  const count = (): void => {
    left--
  }
  const handlers = on(VenueReport, count)
  for (const definition of STRATEGY_FRAMES) handlers.on(definition, count)
  try {
    while (left > 0 && reader.poll(handlers, 1) > 0);
    return reader.position
  } finally {
    reader.close()
  }
}

/** The position of a journal's end; 0 when there is none. */
export function endOf(journal: string): number {
  if (!hasFrames(journal)) return 0
  const reader = Reader.open(journal, { from: 'end' })
  const { position } = reader
  reader.close()
  return position
}

function hasFrames(journal: string): boolean {
  return fs.existsSync(journal) && isJournal(journal)
}
