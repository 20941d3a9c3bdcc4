import type { Directory } from '../../native/addon.js'

/** Added to a name while its file is being created. */
export const TEMPORARY_SUFFIX = '.tmp'

/** For tests that kill the process at these steps. */
interface Steps {
  readonly written?: () => void
  readonly renamed?: () => void
}

/**
 * Creates a file, or replaces it in one step: a process that opens it sees the complete old file or the complete new one, also after power
 * loss. The bytes are synced. Sync the directory afterwards to make the name durable too.
 *
 * @throws the system's error; the old file is unchanged then.
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
    // The caller throws the error of the rename, which is the one that matters.
  }
}
