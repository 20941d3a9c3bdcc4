import { resolve } from 'node:path'
import type { VenueInspectAnswer } from '../venues/adapter-config.js'
import { loadVenue } from '../venues/load-venue.js'

/** Loads the venue of the module named by its only argument, and sends what it is to the gateway. */
const file = resolve(process.argv[2])

function answer(message: VenueInspectAnswer): void {
  process.send?.(message, () => process.exit())
}

try {
  const { name, accounts, canAmend, instruments, requestLimits } = await loadVenue(file)
  answer({ kind: 'venue', venue: { name, file, accounts, canAmend, instruments, requestLimits } })
} catch (error) {
  answer({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
}
