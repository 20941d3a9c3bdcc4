import * as fs from 'node:fs'
import * as path from 'node:path'
import { InvalidOptionError, TicktapeError, UnsafePathError } from '../../base/errors.js'
import { isOwn, isWritableByOthers } from '../../base/files/owner.js'
import { replaceFile } from '../../base/files/replace-file.js'
import { readIn } from '../../base/files/where.js'
import { formatValue } from '../../base/format-value.js'
import { shellQuoted } from '../../base/shell.js'
import { fromSystemError } from '../../base/system-error.js'
import { FileName, listDirectory, makeDirectories } from '../../journal/files/directory.js'
import { isJournal } from '../../journal/inspect/inspect.js'
import { native } from '../../native/index.js'
import { readStateFileInfo } from '../../state/file/look.js'
import { SessionError } from '../errors.js'

/** The journal id of the gateway. Consumers' journals have the numbers after it. */
export const GATEWAY_JOURNAL = 1

const FILE = 'session.json'
const MAX_MEMBERS = 65_000
/** The maximum size of session.json, far more than so many members need. */
const MAX_BYTES = 512 * 1024 * 1024

/**
 * One consumer of a session. Its number is its journal's id and the source of its frames; it never changes within a
 * session.
 */
export interface Member {
  readonly id: string
  readonly number: number
  /** The module from which it was last loaded. */
  readonly file: string
}

/**
 * The directory with the journals of a gateway and its consumers:
 *
 *     <home>/session.json         the numbers of the members
 *     <home>/gateway/             journal 1
 *     <home>/strategies/<id>/     journals 2, 3 ...
 */
export class Session {
  private readonly members = new Map<string, Member>()
  private answerers: readonly string[]

  private constructor(readonly home: string) {
    const { members, answeredBy } = readRecord(path.join(home, FILE))
    for (const member of members) this.members.set(member.id, member)
    this.answerers = answeredBy
  }

  /**
   * Opens an existing session to continue it, or creates one.
   *
   * @throws {SessionError} for a damaged session.json, or if the directory has other contents; {UnsafePathError},
   * {InvalidOptionError}.
   */
  static open(directory: string): Session {
    const home = checkedHome(directory)
    if (!fs.existsSync(path.join(home, FILE))) checkRoom(home)
    makeDirectories(home, 0o700)
    return new Session(home)
  }

  /** Opens an existing session for reading. @throws {SessionError} when there is none. */
  static openExisting(directory: string): Session {
    const home = checkedHome(directory)
    if (!fs.existsSync(path.join(home, FILE))) {
      throw new SessionError(
        `${home} has no ${FILE}: it is not the home of a gateway and its strategies; 'ticktape run --home' creates one`,
        { path: home },
      )
    }
    return new Session(home)
  }

  get gateway(): string {
    return path.join(this.home, 'gateway')
  }

  /** A member's journal. */
  journalOf(id: string): string {
    return path.join(this.home, 'strategies', id)
  }

  /** All members, in the order of their numbers. */
  get all(): readonly Member[] {
    return [...this.members.values()]
  }

  /** The names of all venues that have answered the members' requests; empty when they are not recorded. */
  get answeredBy(): readonly string[] {
    return this.answerers
  }

  /** @throws {SessionError} when there is no member with this id. */
  member(id: string): Member {
    const member = this.members.get(id)
    if (member !== undefined) return member
    const known = this.all.map(other => `'${other.id}'`).join(', ')
    throw new SessionError(`${this.home} has no strategy '${id}'; there are: ${known || 'none'}`, { path: this.home })
  }

  /**
   * The members with these ids; new ones get the next numbers. Only the gateway of the session may call it.
   *
   * @param answeredBy the name of what answers their requests from now on.
   * @param check throws unless the session is still the one that was opened.
   */
  assignNumbers(
    wanted: readonly { readonly id: string; readonly file: string }[],
    answeredBy: string,
    check: () => void,
  ): readonly Member[] {
    const numbers = this.all.map(member => member.number)
    let last = Math.max(GATEWAY_JOURNAL, ...numbers)
    const numbered = wanted.map(({ id, file }) => ({
      id,
      number: this.members.get(id)?.number ?? ++last,
      file: path.resolve(file),
    }))
    if (last > MAX_MEMBERS)
      throw new SessionError(`${this.home} has had ${MAX_MEMBERS} strategies; begin another session`, {
        path: this.home,
      })
    for (const member of numbered) this.members.set(member.id, member)
    if (!this.answerers.includes(answeredBy)) this.answerers = [...this.answerers, answeredBy]
    const record = { version: 1, members: this.all, answeredBy: this.answerers }
    this.write(`${JSON.stringify(record, null, 2)}\n`, check)
    return numbered
  }

  /**
   * Replaces session.json atomically and durably. If it were lost, strategies would get new numbers, and recorded
   * orders the wrong owners.
   */
  private write(text: string, check: () => void): void {
    const home = native.openDirectory(this.home, true)
    try {
      // A directory that was created at this path after the session was opened is another session: do not write there.
      check()
      replaceFile(home, FILE, Buffer.from(text), 0o600)
      home.sync()
    } catch (error) {
      throw error instanceof TicktapeError ? error : fromSystemError(error, 'writing', path.join(this.home, FILE))
    } finally {
      home.close()
    }
  }
}

/** Whether a string is a valid member id: it becomes the name of a directory and of a reader. */
export function isMemberId(id: unknown): id is string {
  return typeof id === 'string' && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$/.test(id)
}

/** The absolute path: strategies are started later, and the working directory may have changed by then. */
function checkedHome(home: unknown): string {
  if (typeof home !== 'string' || home === '' || home.includes('\0')) {
    throw new InvalidOptionError(`a session's home is a directory's path, not ${formatValue(home)}`)
  }
  return path.resolve(home)
}

/**
 * A session may be created in a new directory, or in one that holds only journals and state files. @throws
 * {SessionError}
 */
function checkRoom(home: string): void {
  if (!fs.existsSync(home)) return
  const { pages, foreign } = listDirectory(home)
  if (pages.length > 0 || JOURNAL_FILES.some(name => fs.existsSync(path.join(home, name)))) {
    throw new SessionError(
      `${home} is a journal; give a session a directory of its own, in which it creates its journals`,
      {
        path: home,
      },
    )
  }
  const other = foreign.find(name => !OWN_NAMES.has(name) && !belongsBeside(path.join(home, name)))
  if (other !== undefined) {
    throw new SessionError(
      `${home} is not a session: it has no ${FILE}, but other files ('${other}'); give a session a directory of its own`,
      { path: home },
    )
  }
}

const JOURNAL_FILES = [FileName.CONTROL, FileName.SCHEMA, FileName.LOCK]

/** The files that a gateway leaves when it is killed while it creates a session. */
const OWN_NAMES = new Set(['gateway', 'strategies', `${FILE}.tmp`])

/** Whether a path is a journal, a state file, or a directory of state files. */
function belongsBeside(entry: string): boolean {
  if (fs.statSync(entry, { throwIfNoEntry: false })?.isDirectory() !== true)
    return readStateFileInfo(entry) !== undefined
  return (
    isJournal(entry) || fs.readdirSync(entry).every(name => readStateFileInfo(path.join(entry, name)) !== undefined)
  )
}

interface SessionRecord {
  readonly members: readonly Member[]
  readonly answeredBy: readonly string[]
}

function readRecord(file: string): SessionRecord {
  const stat = fs.lstatSync(file, { throwIfNoEntry: false })
  if (stat === undefined) return { members: [], answeredBy: [] }
  // The file names modules to run, so no other user may be able to write it.
  const isTrusted = isOwn(stat.uid) || process.geteuid?.() === 0
  if (!stat.isFile() || !isTrusted || isWritableByOthers(stat.mode, 0o600)) {
    throw new UnsafePathError(
      `${file} must be a regular file of your own that others may not write, because it names modules to run`,
      { path: file },
    )
  }
  let text: string
  try {
    text = readIn(path.dirname(file), FILE, MAX_BYTES).toString('utf8')
  } catch (error) {
    throw new SessionError(`${file} cannot be read; type: chmod u+r ${shellQuoted(file)}`, { path: file, cause: error })
  }
  const damaged = (cause?: unknown): SessionError =>
    new SessionError(`${file} is damaged; put back a copy of it, or begin a session in another directory`, {
      path: file,
      cause,
    })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw damaged(error)
  }
  // Sessions of the first versions do not record the venues.
  const {
    version,
    members,
    answeredBy = [],
  } = (json ?? {}) as Partial<Record<'version' | keyof SessionRecord, unknown>>
  if (version !== 1 || !Array.isArray(members)) throw damaged()
  if (!Array.isArray(answeredBy) || !answeredBy.every(name => typeof name === 'string')) throw damaged()
  const numbers = new Set<number>()
  const read = members.map((member: Partial<Record<keyof Member, unknown>> | null) => {
    const { id, number, file: module } = member ?? {}
    if (
      !isMemberId(id) ||
      !Number.isInteger(number) ||
      (number as number) <= GATEWAY_JOURNAL ||
      typeof module !== 'string'
    )
      throw damaged()
    if (numbers.has(number as number)) throw damaged()
    numbers.add(number as number)
    return { id, number: number as number, file: module }
  })
  return { members: read, answeredBy }
}
