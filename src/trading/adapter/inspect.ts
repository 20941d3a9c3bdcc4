import { packageModule } from '../../native/package-files.js'
import { askProcess } from '../../runtime/supervision/ask-process.js'
import { VenueError } from '../errors.js'
import type { VenueInfo, VenueInspectAnswer } from '../venues/adapter-config.js'

/** Asks a process that loads a venue's module what the venue is. @throws {VenueError} */
export async function inspectVenue(file: string): Promise<VenueInfo> {
  const module = packageModule('trading/adapter/inspect-process.js', 'A gateway with a venue in a process of its own')
  const fail = (what: string): VenueError => new VenueError(what, { path: file })
  const answer = await askProcess<VenueInspectAnswer>(module, file, what => fail(`${file} ${what}`))
  if (answer.kind === 'failed') throw fail(answer.message)
  return answer.venue
}
