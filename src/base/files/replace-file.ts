import type { Directory } from '../../native/addon.js'

/** Added to a name while its file is being made. */
export const TEMPORARY_SUFFIX = '.tmp'

/** For tests that have the process killed in between. */
interface Steps {
  readonly written?: () => void
  readonly renamed?: () => void
}

/**
 * Makes a file, or replaces it in one step: whoever opens it sees the old one or the new one, whole, also after power loss. The bytes are
 * synced; so that the name survives too, sync the directory afterwards.
 *
 * @throws the system's error; then the old one is as it was.
 */
export function replaceFile(
  directory: Directory,
  name: string,
  bytes: Uint8Array,
  mode: number,
  steps: Steps = {},
): void {
  const temporary = name + TEMPORARY_SUFFIX
  directory.remove(temporary)
  directory.writeFile(temporary, bytes, mode)
  steps.written?.()
  try {
    directory.rename(temporary, name)
  } catch (error) {
    removeIfPossible(directory, temporary)
    throw error
  }
  steps.renamed?.()
}

function removeIfPossible(directory: Directory, name: string): void {
  try {
    directory.remove(name)
  } catch {
    // Why the file could not be replaced is what the caller needs to know.
  }
}
