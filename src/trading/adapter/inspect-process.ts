import { endWithParent } from '../../runtime/supervision/end-with-parent.js'
import type { VenueInspectAnswer, VenueModule } from '../venues/adapter-config.js'
import { loadVenue } from '../venues/load-venue.js'

/** Loads the venue that its first argument describes as JSON, and sends what it is to the gateway. */
endWithParent()
const { module: file, options } = JSON.parse(process.argv[2]) as VenueModule

function answer(message: VenueInspectAnswer): void {
  process.send?.(message, () => process.exit())
}

try {
  const { name, accounts, canAmend, instruments, requestLimits } = await loadVenue(file, options)
  answer({ kind: 'venue', venue: { name, file, accounts, canAmend, instruments, requestLimits } })
} catch (error) {
  answer({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
}
