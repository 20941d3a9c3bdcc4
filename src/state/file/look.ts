import * as fs from 'node:fs'
import { join } from 'node:path'
import { isJournal, mayEnter } from '../../journal/inspect/inspect.js'
import { Header as H, Kind, STATE_MAGIC } from './format.js'

/** What a file says it is, without opening it as that. */
export interface StateFileInfo {
  readonly path: string
  /** What users call it: 'CircuitBreaker'. */
  readonly kind: string
  readonly bytes: number
}

/** The state file at a path; undefined when it is anything else, or nothing. It is only looked at: what it holds may still be damaged. */
export function lookAtStateFile(path: string): StateFileInfo | undefined {
  // A FIFO would block who opens it.
  if (fs.lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined
  const header = Buffer.alloc(H.KIND + 4)
  let bytes: number
  let fd: number
  try {
    fd = fs.openSync(path, 'r')
  } catch {
    return undefined // Not ours to read, or gone by now.
  }
  try {
    fs.readSync(fd, header, 0, header.length, 0)
    bytes = fs.fstatSync(fd).size
  } finally {
    fs.closeSync(fd)
  }
  if (header.toString('latin1', H.MAGIC, H.MAGIC + STATE_MAGIC.length) !== STATE_MAGIC) return undefined
  const number = header.readUInt32LE(H.KIND)
  return { path, kind: NAMES[number] ?? `state file of kind ${number}`, bytes }
}

/** State files at, in or below a directory, in the order of their names. Journals have none, symbolic links are not followed. */
export function findStateFiles(place: string, depth = 4): StateFileInfo[] {
  const file = lookAtStateFile(place)
  if (file !== undefined) return [file]
  if (
    depth < 0 ||
    fs.lstatSync(place, { throwIfNoEntry: false })?.isDirectory() !== true ||
    !mayEnter(place) ||
    isJournal(place)
  )
    return []
  return fs
    .readdirSync(place)
    .toSorted()
    .flatMap(name => findStateFiles(join(place, name), depth - 1))
}

const NAMES: Readonly<Record<number, string>> = {
  [Kind.COUNTERS]: 'Counters',
  [Kind.TOP_OF_BOOK]: 'TopOfBook',
  [Kind.IN_FLIGHT]: 'InFlight',
  [Kind.LATEST_VALUES]: 'LatestValues',
  [Kind.RING]: 'Ring',
  [Kind.CIRCUIT_BREAKER]: 'CircuitBreaker',
  [Kind.MEMBERS]: 'Broadcast',
}
