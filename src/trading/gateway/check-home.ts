import * as fs from 'node:fs'
import { isJournal } from '../../journal/inspect/inspect.js'
import { Reader } from '../../journal/read/reader.js'
import { findLast } from '../../runtime/consumer/find-last.js'
import { recoverAfterRestart } from '../../runtime/opening/recover-journal.js'
import type { Player } from '../desk/player.js'
import { HomeError } from '../errors.js'
import {
  type HomeDirectory,
  type HomeIdentity,
  OPERATOR,
  readIdentity,
  STRATEGY_JOURNALS,
  VENUE_JOURNALS,
} from '../sequence/home.js'
import { endOf, lastSeen } from './lost-frames.js'
import type { GatewayOptions } from './options.js'

/** A power loss takes what was not synced, some 50 ms. What is missing for longer than this, in ns, was not lost in that way. */
const LONGEST_LOSS_NS = 60e9

/**
 * Checks that the journals of strategies and venues belong to this sequence, before anything is sent or written. A sequence
 * that was restored from an older copy must not continue: it would send orders again. After a power loss journals may end
 * where they could not without one.
 *
 * @param end of the sequence.
 * @throws {HomeError}
 */
export async function checkJournals(
  home: HomeDirectory,
  identity: HomeIdentity,
  end: number,
  player: Player,
  venues: readonly { readonly venue: { readonly name: string }; readonly isRemote: boolean }[],
  { durability }: Pick<GatewayOptions, 'durability'>,
  hasLostPower: boolean,
): Promise<void> {
  const { strategies, taken, takenAt } = player
  const check = async (path: string, number: number | undefined): Promise<void> => {
    const refuse = (what: string): HomeError => refusal(home, path, what)
    if (!fs.existsSync(path) || !isJournal(path)) {
      const position = taken.get(number ?? 0) ?? 0
      if (position > 0) throw refuse(`is missing, but was taken up to position ${position} by the sequence`)
      return
    }
    // After a power loss its end may be damaged: its recovery runs first, as its own writer would do.
    await recoverAfterRestart(path, { durability, journalId: number, pageSize: undefined })
    const journalEnd = endOf(path)
    if (hasLostPower && journalEnd === 0) return
    const found = readIdentity(path)
    if (found === undefined) throw refuse('does not say to which home it belongs')
    if (found.home !== identity.home || found.generation !== identity.generation)
      throw refuse('belongs to another home, or to an earlier generation of this one')
    if (number !== undefined && found.journal !== number)
      throw refuse('is the journal of another strategy or venue of this home')
    if (hasLostPower) {
      const ns = lostNs(path, end, taken.get(found.journal) ?? 0, journalEnd, takenAt.get(found.journal) ?? 0, identity)
      if (ns <= LONGEST_LOSS_NS) return
      throw refuse(
        `and the sequence differ by ${Math.round(ns / 1e9)} s, which is more than a power loss takes: one of them was restored from an older copy`,
      )
    }
    const cause = findLast(path, frame => frame.cause)
    if (cause !== undefined && cause >= end)
      throw refuse(
        `has acted on a frame at position ${cause} of the sequence, which ends at ${end}: the sequence was restored from an older copy`,
      )
    const { position: read } = lastSeen(path)
    if (read > end)
      throw refuse(
        `has read the sequence up to ${read}, which ends at ${end}: the sequence was restored from an older copy`,
      )
    const position = taken.get(found.journal) ?? 0
    if (position > journalEnd)
      throw refuse(
        `ends at position ${journalEnd}, but was taken up to ${position} by the sequence: it was restored from an older copy`,
      )
  }
  const known = [...strategies.values()]
  // Also journals of strategies that the sequence does not know.
  for (const id of new Set([...home.strategyIds, ...known.map(strategy => strategy.id)])) {
    const number = strategies.get(id)?.number
    await check(home.strategy(id), number === undefined ? undefined : STRATEGY_JOURNALS + number)
  }
  for (const [number, { venue, isRemote }] of venues.entries())
    if (isRemote) await check(home.venue(venue.name), VENUE_JOURNALS + number)
  await check(home.operator, OPERATOR)
}

/** For how long a journal acted on what the sequence does not have, or the sequence took what the journal does not have; ns. */
function lostNs(
  path: string,
  end: number,
  taken: number,
  journalEnd: number,
  takenAt: number,
  { origin }: HomeIdentity,
): number {
  let first: bigint | undefined
  let last = 0n
  const reader = Reader.open(path, { from: { position: Math.min(taken, journalEnd) } })
  try {
    for (const frame of reader) {
      last = frame.time
      if (frame.cause !== undefined && frame.cause >= end) first ??= last
    }
  } finally {
    reader.close()
  }
  const acted = first === undefined ? 0 : Number(last - first)
  if (taken <= journalEnd) return acted
  const lastTime = findLast(path, frame => frame.time) ?? 0n
  return Math.max(acted, takenAt - Number(lastTime - origin))
}

function refusal(home: HomeDirectory, path: string, what: string): HomeError {
  return new HomeError(
    `${path} ${what}; put back the journals that belong together, or start from empty journals with 'ticktape reset ${home.path}'`,
    { path },
  )
}
