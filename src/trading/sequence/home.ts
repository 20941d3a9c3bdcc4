import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { now } from '../../base/clock.js'
import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { fromSystemError } from '../../base/system-error.js'
import { FileName, listDirectory, makeDurableDirectories } from '../../journal/files/directory.js'
import { isJournal } from '../../journal/inspect/inspect.js'
import { Reader } from '../../journal/read/reader.js'
import type { Writer } from '../../journal/write/writer.js'
import { readStateFileInfo } from '../../state/file/find.js'
import { HomeError } from '../errors.js'
import { Home } from './frames.js'

/** The journal id of the sequence. */
export const SEQUENCE = 1
/** The journal id of what people command. */
export const OPERATOR = 2
/** Journal ids of strategies are their number plus this; those of venues are below. */
export const STRATEGY_JOURNALS = 4096
export const VENUE_JOURNALS = 16

/** To which home a journal belongs. */
export interface HomeIdentity {
  /** 40 random bits. */
  readonly home: bigint
  readonly generation: number
  /** ns since 1970: the origin of times in the runtime. */
  readonly origin: bigint
}

/**
 * The directory of one desk:
 *
 *     <home>/gateway/             the sequence
 *     <home>/strategies/<id>/     what each strategy asked for
 *     <home>/venues/<name>/       what each venue said, as it said it
 *     <home>/operator/            what people commanded
 *     <home>/instruments.json     what the numbers of instruments mean
 *     <home>/desk.json            what is to run
 */
export class HomeDirectory {
  readonly path: string

  private constructor(directory: string) {
    this.path = directory
  }

  /**
   * A directory that has a home, or may get one: it is new, or holds only journals and state files.
   *
   * @throws {HomeError} for a home of version 0.1 and for other directories; {InvalidOptionError}, {UnsafePathError}.
   */
  static open(directory: unknown): HomeDirectory {
    const home = new HomeDirectory(checkedPath(directory))
    home.refuseOld()
    if (home.exists) home.checkPages()
    else home.checkRoom()
    try {
      makeDurableDirectories(home.path, 0o700)
    } catch (error) {
      throw fromSystemError(error, 'creating', home.path)
    }
    return home
  }

  /** An existing home, for reading. @throws {HomeError} when there is none. */
  static openExisting(directory: unknown): HomeDirectory {
    const home = new HomeDirectory(checkedPath(directory))
    home.refuseOld()
    if (home.exists) return home
    throw new HomeError(
      `${home.path} has no gateway's journal: it is not the home of a gateway; 'ticktape run --home' creates one`,
      { path: home.path },
    )
  }

  /** A home of version 0.1, which can only be read; undefined for any other directory. @throws {InvalidOptionError} */
  static findOld(directory: unknown): HomeDirectory | undefined {
    const home = new HomeDirectory(checkedPath(directory))
    return home.isOld ? home : undefined
  }

  get sequence(): string {
    return path.join(this.path, 'gateway')
  }

  strategy(id: string): string {
    return path.join(this.path, 'strategies', id)
  }

  venue(name: string): string {
    return path.join(this.path, 'venues', name)
  }

  get operator(): string {
    return path.join(this.path, 'operator')
  }

  /** The signs of life of the processes that the gateway has started. */
  get heartbeats(): string {
    return path.join(this.path, 'state', 'heartbeats')
  }

  /** The circuit breaker: a process that halts it halts the desk. */
  get breaker(): string {
    return path.join(this.path, 'state', 'breaker')
  }

  /** The limits in effect, as JSON: for people to read, rebuilt from the sequence. */
  get limits(): string {
    return path.join(this.path, 'state', 'limits.json')
  }

  /** What the sequence's numbers of instruments mean, as JSON: a copy of the sequence's own file, for looking at. */
  get instruments(): string {
    return path.join(this.path, 'instruments.json')
  }

  /** What the desk is to run: see src/desk-file. */
  get description(): string {
    return path.join(this.path, 'desk.json')
  }

  /** The journal at a path in the home, such as 'strategies/momentum'; undefined when there is none. */
  journalAt(name: string): string | undefined {
    const directory = path.join(this.path, name)
    return fs.existsSync(directory) && isJournal(directory) ? directory : undefined
  }

  /** What strategies and adapters log. */
  get log(): string {
    return path.join(this.path, 'log')
  }

  /** The ids of all strategies that have a journal. */
  get strategyIds(): string[] {
    const directory = path.join(this.path, 'strategies')
    return fs.existsSync(directory)
      ? fs.readdirSync(directory).filter(name => isJournal(path.join(directory, name)))
      : []
  }

  private get exists(): boolean {
    return fs.existsSync(this.sequence) && isJournal(this.sequence)
  }

  private get isOld(): boolean {
    return fs.existsSync(path.join(this.path, OLD_FILE))
  }

  private refuseOld(): void {
    if (!this.isOld) return
    throw new HomeError(
      `${this.path} is a home of version 0.1: it can be read ('ticktape tail'), but not continued; begin another home`,
      { path: this.path },
    )
  }

  /** The next writer of a sequence without pages would begin another home. */
  private checkPages(): void {
    const [orphan] = this.strategyIds
    if (orphan === undefined || listDirectory(this.sequence).pages.length > 0) return
    throw new HomeError(
      `the pages of ${this.sequence} are gone, and the strategy's journal ${this.strategy(orphan)} is there; put them back, or start from empty journals with 'ticktape reset ${this.path}'`,
      { path: this.path },
    )
  }

  private checkRoom(): void {
    const home = this.path
    if (!fs.existsSync(home)) return
    const { pages, foreign } = listDirectory(home)
    if (pages.length > 0 || JOURNAL_FILES.some(name => fs.existsSync(path.join(home, name)))) {
      throw new HomeError(
        `${home} is a journal; give a home a directory of its own, in which it creates its journals`,
        {
          path: home,
        },
      )
    }
    const [orphan] = this.strategyIds
    if (orphan !== undefined) {
      throw new HomeError(
        `${this.strategy(orphan)} is a strategy's journal, but the gateway's journal ${this.sequence} is gone; put it back, or begin another home`,
        { path: home },
      )
    }
    const other = foreign.find(name => !OWN_NAMES.has(name) && !belongsBeside(path.join(home, name)))
    if (other === undefined) return
    throw new HomeError(
      `${home} is not a home: it has no gateway's journal, but other files ('${other}'); give a home a directory of its own`,
      { path: home },
    )
  }
}

/** Whether a directory has the journal of a gateway, or is a home of version 0.1. */
export function isHome(directory: string): boolean {
  const sequence = path.join(directory, 'gateway')
  return (fs.existsSync(sequence) && isJournal(sequence)) || fs.existsSync(path.join(directory, OLD_FILE))
}

/** The home that a journal's directory belongs to; undefined when it is no journal of a home. */
export function homeOf(journal: string): string | undefined {
  const directory = path.resolve(journal)
  const parent = path.dirname(directory)
  const isOwn = SINGLE_JOURNALS.has(path.basename(directory)) && isHome(parent)
  if (isOwn) return parent
  const above = path.dirname(parent)
  return JOURNAL_FOLDERS.has(path.basename(parent)) && isHome(above) ? above : undefined
}

/** A new home's identity. */
export function newIdentity(): HomeIdentity {
  return { home: BigInt(`0x${randomBytes(5).toString('hex')}`), generation: 1, origin: now() }
}

/** Returns the position of the frame. */
export function writeIdentity(writer: Writer, { home, generation, origin }: HomeIdentity): number {
  return writer.write(Home, { home, generation, journal: writer.journalId, origin })
}

/** The identity in a journal's first frame, with the journal's number; undefined when it has none. */
export function readIdentity(journal: string): (HomeIdentity & { readonly journal: number }) | undefined {
  const reader = Reader.open(journal)
  try {
    for (const frame of reader) {
      if (frame.is(Home)) {
        const { home, generation, origin } = frame
        return { home, generation, origin, journal: frame.journal }
      }
      // After retention removed the first page, the first frame left may be any.
      if (frame.position === 0) return undefined
    }
    return undefined
  } finally {
    reader.close()
  }
}

/** The journals of a home, and the folders that have some. */
const SINGLE_JOURNALS = new Set(['gateway', 'operator'])
const JOURNAL_FOLDERS = new Set(['strategies', 'venues'])
/** The record of the members of a session of version 0.1. */
const OLD_FILE = 'session.json'
const JOURNAL_FILES = [FileName.CONTROL, FileName.SCHEMA, FileName.LOCK]
/** What a gateway leaves that is killed while it creates its home. */
const OWN_NAMES = new Set([
  'gateway',
  'strategies',
  'venues',
  'operator',
  'state',
  'log',
  'old',
  'desk.json',
  'instruments.json',
])

/** Whether a path is a journal, a state file, or a directory of state files. */
function belongsBeside(entry: string): boolean {
  if (fs.statSync(entry, { throwIfNoEntry: false })?.isDirectory() !== true)
    return readStateFileInfo(entry) !== undefined
  return (
    isJournal(entry) || fs.readdirSync(entry).every(name => readStateFileInfo(path.join(entry, name)) !== undefined)
  )
}

/** The absolute path: processes are started later, and the working directory may have changed by then. */
function checkedPath(directory: unknown): string {
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0'))
    throw new InvalidOptionError(`a home is a directory's path, not ${formatValue(directory)}`)
  return path.resolve(directory)
}
