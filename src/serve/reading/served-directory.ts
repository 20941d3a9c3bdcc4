import * as path from 'node:path'
import { NotAJournalError } from '../../journal/errors.js'
import { findJournals, isJournal } from '../../journal/inspect/inspect.js'
import { HomeDirectory, isHome } from '../../trading/sequence/home.js'
import { notFound } from '../errors.js'

/** How long a list of journals is used, ms. */
const LIST_MS = 1000

/**
 * What is served: a home, a journal, or a directory with journals. Clients name journals by their paths in it, such as
 * 'strategies/momentum'. A name is looked up in the list of what was found, and never becomes a path by itself.
 */
export class ServedDirectory {
  readonly path: string
  readonly kind: 'home' | 'journal' | 'directory'
  /** Undefined unless it is a home. */
  readonly home: HomeDirectory | undefined
  private journalsByName: ReadonlyMap<string, string> = new Map()
  private listedAt = Number.NEGATIVE_INFINITY

  /** @throws {NotAJournalError} when there is no journal in it, {HomeError}, {JournalNotFoundError}. */
  constructor(directory: string) {
    this.path = path.resolve(directory)
    if (isHome(this.path)) {
      this.kind = 'home'
      this.home = HomeDirectory.openExisting(this.path)
    } else {
      this.kind = isJournal(this.path) ? 'journal' : 'directory'
      this.home = undefined
      if (this.kind === 'directory' && findJournals(this.path).length === 0)
        throw new NotAJournalError(
          `${this.path} is no home, no journal, and has none below; start the writer first, or name another directory`,
          { path: this.path },
        )
    }
  }

  /** The journals by their names, in the order of the names. A journal that is served by itself has its directory's name. */
  get journals(): ReadonlyMap<string, string> {
    const now = performance.now()
    if (now - this.listedAt > LIST_MS) {
      this.listedAt = now
      this.journalsByName =
        this.kind === 'journal'
          ? new Map([[path.basename(this.path), this.path]])
          : new Map(
              findJournals(this.path).map(found => [path.relative(this.path, found).split(path.sep).join('/'), found]),
            )
    }
    return this.journalsByName
  }

  /** The path of a journal. @throws {RequestError} for a name that is not in the list. */
  journal(name: string): string {
    const found = this.journals.get(name)
    if (found !== undefined) return found
    throw notFound(`there is no journal '${name.slice(0, 100)}'; there are: ${[...this.journals.keys()].join(', ')}`)
  }

  /** The journal that is meant when none is named: the sequence of a home, or the only journal. */
  get mainName(): string {
    return this.home === undefined ? ([...this.journals.keys()][0] ?? '') : 'gateway'
  }
}
