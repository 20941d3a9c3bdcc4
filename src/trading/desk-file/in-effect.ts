import { on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import { ConfigReader } from '../sequence/config.js'
import { Config } from '../sequence/frames.js'
import type { HomeDirectory } from '../sequence/home.js'
import type { DeskDescription } from './read.js'

/** The description with which the home's gateway was started last, from its sequence; undefined when it was started without one. */
export function descriptionInEffect(home: HomeDirectory): DeskDescription | undefined {
  const configs = new ConfigReader()
  let description: unknown
  const handlers = on(Config, frame => {
    const config = configs.add(frame)
    if (config !== undefined) description = config.description
  })
  const reader = Reader.open(home.sequence)
  try {
    while (reader.poll(handlers, 65_536) > 0);
  } finally {
    reader.close()
  }
  return description as DeskDescription | undefined
}
