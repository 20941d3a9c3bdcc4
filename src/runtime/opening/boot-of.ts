import { openPage } from '../../journal/pages/page.js'
import { lastPage } from '../../journal/seek/seek.js'

/** The boot of the machine in which the frame at a position was written: its page's boot id. */
export function bootOf(directory: string, position: number): string {
  const { capacity, mapping } = lastPage(directory, undefined)
  mapping.close()
  const page = openPage(directory, Math.floor(position / capacity), false)
  page.mapping.close()
  return page.identity.bootId
}
