import { Reader } from '../../journal/read/reader.js'
import { HomeError } from '../errors.js'
import { type HomeDirectory, readIdentity } from '../sequence/home.js'
import type { Lives } from '../sequence/lives.js'
import { firstKnown } from '../snapshots/find.js'
import { allLives } from '../snapshots/lives.js'
import { type Copies, compareCopies } from './copies.js'
import { checkPages } from './damage.js'

/** What the sequence says of the gateway and the strategies, and its copies compared. */
export interface RecordedSession {
  readonly lives: Lives
  readonly copies: Copies
}

/** Reads the sequence of a home. Returns an error beside what is known when it cannot be read. */
export function readRecord(home: HomeDirectory): [RecordedSession, Error | undefined] {
  try {
    checkPages(home.sequence)
    const first = firstKnown(home.sequence)
    if (first === undefined || readIdentity(home.sequence) === undefined)
      throw new HomeError(
        `its first pages are gone: ${home.sequence} does not begin with its first frame, and has no snapshot`,
      )
    const end = endOf(home.sequence)
    const lives = allLives(home)
    const numbers = new Map([...lives.strategies].map(([id, { number }]) => [number, id]))
    return [{ lives, copies: compareCopies(home, numbers, first.position, end) }, undefined]
  } catch (error) {
    return [NOTHING, error as Error]
  }
}

const NOTHING: RecordedSession = {
  lives: { strategies: new Map(), config: undefined },
  copies: { differences: new Map(), unreadable: new Map(), fills: new Map() },
}

function endOf(journal: string): number {
  const reader = Reader.open(journal, { from: 'end' })
  const { position } = reader
  reader.close()
  return position
}
