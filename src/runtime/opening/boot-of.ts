import { listDirectory } from '../../journal/files/directory.js'
import { openPage } from '../../journal/pages/page.js'
import { lastPage } from '../../journal/seek/seek.js'

/**
 * The boot of the machine in which the frame at a position was written: its page's boot id. When that page was retired, that of the
 * first page behind it.
 */
export function bootOf(directory: string, position: number): string {
  const { capacity, mapping } = lastPage(directory, undefined)
  mapping.close()
  const number = Math.floor(position / capacity)
  const [first = number] = listDirectory(directory).pages
  const page = openPage(directory, Math.max(number, first), false)
  page.mapping.close()
  return page.identity.bootId
}
