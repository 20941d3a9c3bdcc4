import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** Messages of real venues, which are not part of the project. */
export const VENUE_DATA = resolve(import.meta.dirname, '../../../shared/data/venues')

export const HAS_VENUE_DATA = existsSync(VENUE_DATA)

if (!HAS_VENUE_DATA) console.log(`Messages of real venues are not read: there is no ${VENUE_DATA}.`)

/** The JSON of a file there. */
// oxlint-disable-next-line typescript/no-explicit-any -- JSON of a venue: the tests read it independently of our types.
export function venueJson(path: string): any {
  return JSON.parse(readFileSync(join(VENUE_DATA, path), 'utf8'))
}

/** The JSON at the end of each line of a capture there, without lines that have none. */
// oxlint-disable-next-line typescript/no-explicit-any -- JSON of a venue: the tests read it independently of our types.
export function venueLines(path: string): any[] {
  return gunzipSync(readFileSync(join(VENUE_DATA, path)))
    .toString()
    .split('\n')
    .flatMap(line => {
      const at = line.indexOf('{')
      return at < 0 || line.startsWith('configuration') ? [] : [JSON.parse(line.slice(at))]
    })
}
