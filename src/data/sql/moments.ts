import { type JournalMoment, takeMoment } from '../../journal/columns/moment.js'
import { JournalNotFoundError } from '../../journal/errors.js'
import { openToRead } from '../../journal/files/directory.js'
import { InstrumentCache } from '../../journal/files/instrument-cache.js'
import type { Directory } from '../../native/addon.js'

/** One journal, held open. */
export interface OpenJournal {
  readonly directory: Directory
  readonly instruments: InstrumentCache
}

/** A statement that is only planned, as EXPLAIN does, is not followed by `begin`: after so long another one is planned. */
const LONGEST_PLANNING_MS = 1000

/** A journal as it was at one moment; `moment` is undefined while it has no pages. */
export interface JournalAt extends OpenJournal {
  readonly moment: JournalMoment | undefined
}

/**
 * The journals of an attachment, and the moment at which a statement sees them: all parts of a statement see a journal as it was when the
 * first of them was planned. DuckDB plans all of a statement before it runs any of it.
 */
export class Moments {
  private readonly open = new Map<string, OpenJournal>()
  /** Journals that were replaced at their paths: scans may still read them. */
  private readonly replaced: OpenJournal[] = []
  /** Of the statement that is being planned. */
  private readonly current = new Map<string, JournalAt>()
  private planning = false
  private plannedAt = 0

  constructor(private readonly durable: boolean) {}

  /** For a part of a statement that is being planned. @throws as `openToRead` and `takeMoment`. */
  at(path: string): JournalAt {
    const now = performance.now()
    if (!this.planning || now - this.plannedAt > LONGEST_PLANNING_MS) this.current.clear()
    this.planning = true
    this.plannedAt = now
    const known = this.current.get(path)
    if (known !== undefined) return known
    const journal = this.journal(path)
    const at = { ...journal, moment: this.momentOf(journal.directory) }
    this.current.set(path, at)
    return at
  }

  /** A statement runs: the next one that is planned sees another moment. */
  begin(): void {
    this.planning = false
  }

  close(): void {
    for (const { directory } of [...this.open.values(), ...this.replaced]) directory.close()
    this.open.clear()
    this.replaced.length = 0
  }

  private journal(path: string): OpenJournal {
    const known = this.open.get(path)
    if (known?.directory.isAtPath() === true) return known
    if (known !== undefined) this.replaced.push(known)
    const directory = openToRead(path)
    const journal = { directory, instruments: new InstrumentCache(directory) }
    this.open.set(path, journal)
    return journal
  }

  private momentOf(directory: Directory): JournalMoment | undefined {
    try {
      return takeMoment(directory, this.durable)
    } catch (error) {
      // Its writer has created the directory, and no page yet.
      if (error instanceof JournalNotFoundError && directory.isAtPath()) return undefined
      throw error
    }
  }
}
