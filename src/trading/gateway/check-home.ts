import { existsSync } from 'node:fs'
import { isJournal } from '../../journal/inspect/inspect.js'
import { Reader } from '../../journal/read/reader.js'
import { findLast } from '../../runtime/consumer/find-last.js'
import { Lifecycle, Progress } from '../../runtime/consumer/lifecycle.js'
import { recoverAfterRestart } from '../../runtime/sessions/recover-journal.js'
import type { Player } from '../desk/player.js'
import { HomeError } from '../errors.js'
import { type HomeDirectory, type HomeIdentity, readIdentity, STRATEGY_JOURNALS } from '../sequence/home.js'
import type { GatewayOptions } from './options.js'
import { writerOptions } from './strategy-processes.js'

/**
 * Checks that the strategies' journals belong to this sequence, before anything is sent or written. A sequence that was
 * restored from an older copy must not continue: it would send orders again.
 *
 * @param end of the sequence.
 * @throws {HomeError}
 */
export async function checkStrategyJournals(
  home: HomeDirectory,
  identity: HomeIdentity,
  end: number,
  { strategies, taken }: Player,
  options: GatewayOptions,
): Promise<void> {
  for (const { id, number } of strategies.values()) {
    const path = home.strategy(id)
    if ((taken.get(STRATEGY_JOURNALS + number) ?? 0) === 0 || (existsSync(path) && isJournal(path))) continue
    throw new HomeError(`${path} is gone, but orders were taken from it; put it back, or begin another home`, { path })
  }
  for (const id of home.strategyIds) {
    const path = home.strategy(id)
    const known = strategies.get(id)
    // After a power loss its end may be damaged: its recovery runs first, as its own writer would do.
    await recoverAfterRestart(path, { ...writerOptions(options, known?.number ?? 0), pageSize: undefined })
    const found = readIdentity(path)
    const refuse = (what: string): HomeError =>
      new HomeError(`${path} ${what}; put back the journals that belong together, or begin another home`, { path })
    if (found === undefined) throw refuse('does not say to which home it belongs')
    if (found.home !== identity.home || found.generation !== identity.generation)
      throw refuse(`belongs to another home, or to an earlier generation of this one`)
    if (known !== undefined && found.journal !== STRATEGY_JOURNALS + known.number)
      throw refuse(`is the journal of another strategy of this home`)
    const cause = findLast(path, frame => frame.cause)
    if (cause !== undefined && cause >= end)
      throw refuse(
        `has acted on a frame at position ${cause} of the sequence, which ends at ${end}: the sequence was restored from an older copy`,
      )
    const read = findLast(path, frame => (frame.is(Lifecycle) || frame.is(Progress) ? Number(frame.next) : undefined))
    if (read !== undefined && read > end)
      throw refuse(
        `has read the sequence up to ${read}, which ends at ${end}: the sequence was restored from an older copy`,
      )
    const position = taken.get(found.journal) ?? 0
    const reader = Reader.open(path, { from: 'end' })
    const journalEnd = reader.position
    reader.close()
    if (position > journalEnd)
      throw refuse(
        `ends at position ${journalEnd}, but was taken up to ${position} by the sequence: it was restored from an older copy`,
      )
  }
}
