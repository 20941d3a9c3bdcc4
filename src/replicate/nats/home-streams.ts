import { createHash } from 'node:crypto'
import { StreamError } from '../errors.js'
import { checkStreamName } from './stream-name.js'

/** A journal of a home, in a stream of its own. */
export interface HomeJournal {
  /** The home's name. */
  readonly home: string
  /** The journal's directory in the home: 'gateway', 'strategies/momentum'. */
  readonly path: string
}

/** One stream of a server, as its description says what it has. */
export interface ListedStream {
  readonly name: string
  /** Undefined for a journal by itself. */
  readonly of: HomeJournal | undefined
}

const LONGEST_NAME = 48
/** The directories that a replica may write to, below its home. */
const PATH = /^(gateway|operator|(strategies|venues)\/[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})$/

/** Whether a directory of a home has one of the journals of which the home consists. */
export function isHomePath(path: string): boolean {
  return PATH.test(path)
}

/** The name of the stream of a home's journal. It is only a name: the stream's description says what it has. @throws {InvalidOptionError} */
export function homeStreamName({ home, path }: HomeJournal): string {
  checkStreamName(home)
  const name = `${home}--${path.replaceAll('/', '--')}`
  if (name.length <= LONGEST_NAME && !path.includes('.')) return name
  const digest = createHash('sha256').update(`${home}/${path}`).digest('hex').slice(0, 16)
  return `${home.slice(0, LONGEST_NAME - digest.length - 2)}--${digest}`
}

const DESCRIPTION = 'runs of a ticktape journal'

/** What a stream's description says. */
export function describeStream(of: HomeJournal | undefined): string {
  return of === undefined ? DESCRIPTION : `${DESCRIPTION}: ${JSON.stringify({ home: of.home, path: of.path })}`
}

/** Reads a description. It is not trusted: what it names becomes a directory. */
export function readDescription(name: string, description = ''): ListedStream {
  const begin = `${DESCRIPTION}: `
  if (!description.startsWith(begin)) return { name, of: undefined }
  try {
    const { home, path } = JSON.parse(description.slice(begin.length)) as Partial<HomeJournal>
    if (typeof home === 'string' && typeof path === 'string' && isHomePath(path)) return { name, of: { home, path } }
  } catch {
    // As for any other description.
  }
  return { name, of: undefined }
}

/** What `apply` takes of a server: a journal by itself, or all journals of a home. */
export type Choice = { readonly stream: string } | { readonly home: string }

/**
 * The journal or home of a name; without a name the only one that there is. Undefined while there is none.
 *
 * @throws {StreamError} when there are several and none was named.
 */
export function chooseOf(listed: readonly ListedStream[], name: string | undefined): Choice | undefined {
  const homes = [...new Set(listed.flatMap(({ of }) => (of === undefined ? [] : [of.home])))]
  const journals = listed.filter(({ of }) => of === undefined).map(one => one.name)
  if (name !== undefined) {
    if (listed.some(one => one.name === name)) return { stream: name }
    return homes.includes(name) ? { home: name } : undefined
  }
  const names = [...journals, ...homes.map(home => `${home} (a home)`)].sort()
  if (names.length > 1)
    throw new StreamError(
      `the server has ${names.length} streams of ticktape: ${names.join(', ')}; choose one with --stream NAME`,
    )
  if (homes.length === 1) return { home: homes[0] }
  return journals.length === 1 ? { stream: journals[0] } : undefined
}
