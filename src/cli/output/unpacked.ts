import { type ReadableJournal, readableJournal, type UnpackOptions } from '../../data/archive/unpacked.js'
import { UsageError } from './failure.js'
import { Progress } from './progress.js'

interface Options extends Omit<UnpackOptions, 'onProgress'> {
  /** Whether the command is to go on with what is written later. */
  readonly follow?: boolean
}

/**
 * A journal, or an archive as a temporary one, with a line of progress; undefined when it was stopped meanwhile.
 *
 * @throws {UsageError} for `follow` and an archive, and as `readableJournal`.
 */
export async function unpacked(directory: string, options: Options): Promise<ReadableJournal | undefined> {
  const progress = new Progress(`unpack ${directory}`)
  try {
    const journal = await readableJournal(directory, {
      ...options,
      onProgress: (done, total) => progress.update(done, total),
    })
    if (!journal.isArchive || options.follow !== true) return journal
    journal.remove()
    throw new UsageError(`${directory} is an archive: nothing is written into it later, so leave out --follow`)
  } catch (error) {
    if (options.signal.aborted) return undefined
    throw error
  } finally {
    progress.end()
  }
}
