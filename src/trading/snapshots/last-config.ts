import { on } from '../../frames/handlers.js'
import { Reader } from '../../journal/read/reader.js'
import { ConfigReader, type DeskConfig } from '../sequence/config.js'
import { Config } from '../sequence/frames.js'
import { deskIn, findSnapshot } from './find.js'

/** The configuration in effect at the end of a sequence: that of the last snapshot, or a later one. Undefined when there is none. */
export function lastConfig(sequence: string): DeskConfig | undefined {
  const { found } = findSnapshot(sequence)
  let config = found === undefined ? undefined : (deskIn(found) as { readonly config?: DeskConfig }).config
  const configs = new ConfigReader()
  const handlers = on(Config, frame => {
    config = configs.add(frame) ?? config
  })
  const reader = Reader.open(sequence, { from: found === undefined ? 'start' : { position: found.place.at } })
  try {
    while (reader.poll(handlers, 65_536) > 0);
  } finally {
    reader.close()
  }
  return config
}
