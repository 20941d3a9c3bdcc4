import * as fs from 'node:fs'
import * as path from 'node:path'
import { absolute } from '../base/absolute.js'
import { JournalNotFoundError, NotAJournalError } from '../journal/errors.js'
import { findJournals, isJournal } from '../journal/inspect/inspect.js'
import { isHome } from '../trading/sequence/home.js'

/** A journal whose frames are wanted. */
export interface SourceJournal {
  /** Its path from the directory that was given, such as 'strategies/momentum'; '' for that directory itself. */
  readonly name: string
  readonly path: string
  /** Whether frames that the first journal also defines are left out: that journal has them. */
  readonly onlyOwn: boolean
}

/** How deep below a directory journals are found: a home has strategies/ID. */
const DEPTH = 2

/**
 * The journals at a path: the journal itself, those of a home, or those in a directory.
 *
 * Of a home each frame counts once: the sequence has copies of what the gateway took from the other journals. So these have only frames of
 * definitions that the sequence does not have.
 *
 * @throws {JournalNotFoundError} when nothing is there, {NotAJournalError} when there is no journal.
 */
export function journalsAt(directory: string): SourceJournal[] {
  const root = absolute(directory)
  const stat = fs.statSync(root, { throwIfNoEntry: false })
  if (stat === undefined)
    throw new JournalNotFoundError(`there is nothing at ${root}; check the path, or start the writer`, { path: root })
  if (!stat.isDirectory())
    throw new NotAJournalError(`${root} is not a directory, so it is not a journal`, { path: root })
  if (isJournal(root)) return [{ name: '', path: root, onlyOwn: false }]
  // 'old' of a home has what was reset.
  const names = findJournals(root, DEPTH)
    .map(journal => path.relative(root, journal))
    .filter(name => name.split(path.sep)[0] !== 'old')
  if (names.length === 0)
    throw new NotAJournalError(`${root} is no journal and no home, and no journal is in it; check the path`, {
      path: root,
    })
  const ofHome = isHome(root) && names.includes('gateway')
  const sorted = ofHome ? ['gateway', ...names.filter(name => name !== 'gateway')] : names
  return sorted.map((name, i) => ({ name, path: path.join(root, name), onlyOwn: ofHome && i > 0 }))
}
