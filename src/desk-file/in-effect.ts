import type { HomeDirectory } from '../trading/sequence/home.js'
import { lastConfig } from '../trading/snapshots/last-config.js'
import type { DeskDescription } from './read.js'

/** The description with which the home's gateway was started last, from its sequence; undefined when it was started without one. */
export function descriptionInEffect(home: HomeDirectory): DeskDescription | undefined {
  return lastConfig(home.sequence)?.description as DeskDescription | undefined
}
