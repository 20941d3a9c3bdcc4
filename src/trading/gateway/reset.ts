import * as fs from 'node:fs'
import * as path from 'node:path'
import { makeDirectories } from '../../base/files/make-directories.js'
import { fromSystemError } from '../../base/system-error.js'
import { Writer } from '../../journal/write/writer.js'
import { findLast } from '../../runtime/consumer/find-last.js'
import { Lifecycle } from '../../runtime/consumer/lifecycle.js'
import { HomeError } from '../errors.js'
import { StrategyReset } from '../sequence/frames.js'
import { HomeDirectory, newIdentity, readIdentity, SEQUENCE, writeIdentity } from '../sequence/home.js'
import { allLives } from '../snapshots/lives.js'

export interface ResetReport {
  /** Where the old journals are now. */
  readonly keptIn: string
  /** What was moved there. */
  readonly moved: readonly string[]
  /** The generation of the home from now on. */
  readonly generation: number
}

/**
 * Starts a home from empty journals: its old ones are moved to `<home>/old/<n>/`, and the next gateway starts with an empty sequence of the
 * next generation. Orders that are open at a venue are not cancelled.
 *
 * The home gets new random bits: its strategies' epochs are counted from the start again, and no id may be sent to a venue twice.
 *
 * @throws {HomeError} when there is no home; {WriterLockedError} while a gateway runs.
 */
export function resetHome(directory: string): ResetReport {
  const home = HomeDirectory.openExisting(directory)
  const identity = readIdentity(home.sequence)
  const generation = (identity?.generation ?? 0) + 1
  const keptIn = nextFolder(home.path)
  // The lock shows that no gateway runs, and is given back before its file moves.
  Writer.open(home.sequence, { journalId: SEQUENCE }).close()
  const moved = ['gateway', 'strategies', 'venues', 'operator'].filter(name =>
    fs.existsSync(path.join(home.path, name)),
  )
  for (const name of moved) move(path.join(home.path, name), path.join(keptIn, name))
  const writer = Writer.open(home.sequence, { journalId: SEQUENCE })
  try {
    writeIdentity(writer, { ...newIdentity(), generation })
  } finally {
    writer.close()
  }
  return { keptIn, moved, generation }
}

/**
 * Starts one strategy from an empty journal: the old one is moved to `<home>/old/<n>/`. Its orders stay
 * known to the gateway.
 *
 * @throws {HomeError} when there is no such strategy; {WriterLockedError} while a gateway runs.
 */
export function resetStrategy(directory: string, id: string): ResetReport {
  const home = HomeDirectory.openExisting(directory)
  const journal = home.strategy(id)
  const known = allLives(home).strategies.get(id)
  if (known === undefined && !fs.existsSync(journal)) {
    const ids = home.strategyIds.map(other => `'${other}'`).join(', ')
    throw new HomeError(`${home.path} has no strategy '${id}'; there are: ${ids || 'none'}`, { path: home.path })
  }
  const writer = Writer.open(home.sequence, { journalId: SEQUENCE })
  try {
    const keptIn = nextFolder(home.path)
    const moved = fs.existsSync(journal) ? [path.join('strategies', id)] : []
    // First the frame: if this ends between the two, the next start says that the journal and the sequence do not fit.
    if (known !== undefined) writer.write(StrategyReset, { strategy: known.number, epoch: lastEpochIn(journal) })
    if (moved.length > 0) move(journal, path.join(keptIn, 'strategies', id))
    return { keptIn, moved, generation: readIdentity(home.sequence)?.generation ?? 1 }
  } finally {
    writer.close()
  }
}

/** The last epoch that a strategy's journal knows: a sequence that was restored from an older copy may not have it. */
function lastEpochIn(journal: string): number {
  if (!fs.existsSync(journal)) return 0
  return findLast(journal, frame => (frame.is(Lifecycle) ? frame.run : undefined)) ?? 0
}

function nextFolder(home: string): string {
  for (let n = 1; ; n++) {
    const folder = path.join(home, 'old', String(n))
    if (!fs.existsSync(folder)) return folder
  }
}

function move(from: string, to: string): void {
  try {
    makeDirectories(path.dirname(to), 0o700)
    fs.renameSync(from, to)
  } catch (error) {
    throw fromSystemError(error, 'moving', from)
  }
}
