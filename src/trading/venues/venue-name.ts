import { PaperVenue } from './paper-venue.js'
import type { Venue } from './venue.js'

/** The name by which sessions record the paper venue: only itself, no class derived from it. */
export const PAPER = 'paper'

/** The name by which a session records a venue. */
export function nameOf(venue: Venue): string {
  if (isPaper(venue)) return PAPER
  const { name, constructor } = venue as Venue & { readonly constructor?: { readonly name?: unknown } }
  if (typeof name === 'string' && name !== '' && name !== PAPER) return name
  const ofClass = constructor?.name
  return typeof ofClass === 'string' && !['', 'Object'].includes(ofClass) ? ofClass : 'a venue without a name'
}

function isPaper(venue: Venue): boolean {
  const hasOwnMethods = Object.values(venue).some(value => typeof value === 'function')
  return Object.getPrototypeOf(venue) === PaperVenue.prototype && !hasOwnMethods
}
