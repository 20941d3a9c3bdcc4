import * as fs from 'node:fs'
import { join } from 'node:path'
import { isJournal, mayEnter } from '../../journal/inspect/inspect.js'
import { Header as H, Kind, STATE_MAGIC } from './format.js'

/** What the header of a state file says, read without opening the file as a state file. */
export interface StateFileInfo {
  readonly path: string
  /** Its public name: 'CircuitBreaker'. */
  readonly kind: string
  readonly bytes: number
}

/**
 * The state file at a path; undefined when there is none. Only the first bytes are read: the file may still be damaged.
 */
export function readStateFileInfo(path: string): StateFileInfo | undefined {
  // Opening a FIFO would block.
  if (fs.lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined
  const header = Buffer.alloc(H.KIND + 4)
  let bytes: number
  let fd: number
  try {
    fd = fs.openSync(path, 'r')
  } catch {
    return undefined // This process may not read it, or it was removed.
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

/**
 * The state files at a path, or below it when it is a directory, ordered by name. Skips journals and symbolic links.
 */
export function findStateFiles(path: string, depth = 4): StateFileInfo[] {
  const file = readStateFileInfo(path)
  if (file !== undefined) return [file]
  if (
    depth < 0 ||
    fs.lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true ||
    !mayEnter(path) ||
    isJournal(path)
  )
    return []
  return fs
    .readdirSync(path)
    .toSorted()
    .flatMap(name => findStateFiles(join(path, name), depth - 1))
}

const NAMES: Readonly<Record<number, string>> = {
  [Kind.COUNTERS]: 'Counters',
  [Kind.TOP_OF_BOOK]: 'TopOfBook',
  [Kind.IN_FLIGHT]: 'InFlight',
  [Kind.LATEST_VALUES]: 'LatestValues',
  [Kind.RING]: 'Ring',
  [Kind.CIRCUIT_BREAKER]: 'CircuitBreaker',
  [Kind.MEMBERS]: 'Broadcast',
  [Kind.HEARTBEATS]: 'Heartbeats',
}
