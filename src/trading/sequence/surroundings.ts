import { randomInt } from 'node:crypto'
import type { WriterOptions } from '../../journal/write/options.js'
import { Writer } from '../../journal/write/writer.js'
import { type HomeIdentity, newIdentity } from './home.js'
import { Time } from './time.js'

/**
 * All that a gateway takes from outside of its journals and that is not written there first: the clock, and chance. A desk on
 * virtual time (trading/virtual) has others than a gateway, and so the code of the gateway runs there as it is.
 */
export interface Surroundings {
  /** The clock of a home. @param origin ns since 1970. */
  readonly timeOf: (origin: bigint) => Time
  readonly newIdentity: () => HomeIdentity
  /** The seed of the random numbers of a strategy's next epoch. */
  readonly newSeed: () => number
  /** Recorded with each start of the gateway. */
  readonly pid: number
  /** Opens a journal of the home for writing. */
  readonly openWriter: (directory: string, options: WriterOptions) => Writer
}

/** The machine's clock and luck. */
export const REAL_SURROUNDINGS: Surroundings = {
  timeOf: origin => new Time(origin),
  newIdentity,
  newSeed: () => randomInt(2 ** 32),
  pid: process.pid,
  openWriter: (directory, options) => Writer.open(directory, options),
}
