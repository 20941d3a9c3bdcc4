import * as fs from 'node:fs'
import { isJournal } from '../../journal/inspect/inspect.js'
import { Reader } from '../../journal/read/reader.js'
import { findLast } from '../../runtime/consumer/find-last.js'
import { Lifecycle, Progress } from '../../runtime/consumer/lifecycle.js'
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
import type { GatewayOptions } from './options.js'

/**
 * Checks that the journals of strategies and venues belong to this sequence, before anything is sent or written. A sequence
 * that was restored from an older copy must not continue: it would send orders again.
 *
 * @param end of the sequence.
 * @throws {HomeError}
 */
export async function checkJournals(
  home: HomeDirectory,
  identity: HomeIdentity,
  end: number,
  { strategies, taken }: Player,
  venues: readonly { readonly venue: { readonly name: string }; readonly isRemote: boolean }[],
  options: Pick<GatewayOptions, 'durability'>,
): Promise<void> {
  const check = async (path: string, number: number | undefined): Promise<void> => {
    const refuse = (what: string): HomeError => refusal(home, path, what)
    if (!fs.existsSync(path) || !isJournal(path)) {
      const position = taken.get(number ?? 0) ?? 0
      if (position > 0) throw refuse(`is missing, but was taken up to position ${position} by the sequence`)
      return
    }
    // After a power loss its end may be damaged: its recovery runs first, as its own writer would do.
    await recoverAfterRestart(path, { durability: options.durability, journalId: number, pageSize: undefined })
    const found = readIdentity(path)
    if (found === undefined) throw refuse('does not say to which home it belongs')
    if (found.home !== identity.home || found.generation !== identity.generation)
      throw refuse('belongs to another home, or to an earlier generation of this one')
    if (number !== undefined && found.journal !== number)
      throw refuse('is the journal of another strategy or venue of this home')
    const cause = findLast(path, frame => frame.cause)
    if (cause !== undefined && cause >= end)
      throw refuse(
        `has acted on a frame at position ${cause} of the sequence, which ends at ${end}: the sequence was restored from an older copy`,
      )
    // Whichever is later: what it says that it has read, or what it has acted on.
    const read = findLast(path, frame =>
      frame.is(Lifecycle) || frame.is(Progress)
        ? Number(frame.next)
        : frame.cause === undefined
          ? undefined
          : frame.cause + 1,
    )
    if (read !== undefined && read > end)
      throw refuse(
        `has read the sequence up to ${read}, which ends at ${end}: the sequence was restored from an older copy`,
      )
    const position = taken.get(found.journal) ?? 0
    const journalEnd = endOf(path)
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

function refusal(home: HomeDirectory, path: string, what: string): HomeError {
  return new HomeError(
    `${path} ${what}; put back the journals that belong together, or begin anew with 'ticktape reset ${home.path}'`,
    { path },
  )
}

function endOf(journal: string): number {
  const reader = Reader.open(journal, { from: 'end' })
  const { position } = reader
  reader.close()
  return position
}
