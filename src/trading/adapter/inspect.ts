import { packageModule } from '../../native/package-files.js'
import { askProcess } from '../../runtime/supervision/ask-process.js'
import { VenueError } from '../errors.js'
import type { VenueInfo, VenueInspectAnswer, VenueModule } from '../venues/adapter-config.js'

/** Asks a process that loads a venue's module what the venue is. @throws {VenueError} */
export async function inspectVenue(venue: VenueModule): Promise<VenueInfo> {
  const process = packageModule('trading/adapter/inspect-process.js', 'A gateway with a venue in a process of its own')
  const { module: file } = venue
  const fail = (what: string): VenueError => new VenueError(what, { path: file })
  const answer = await askProcess<VenueInspectAnswer>(process, JSON.stringify(venue), what => fail(`${file} ${what}`))
  if (answer.kind === 'failed') throw fail(answer.message)
  return answer.venue
}
