import type { Directory, PageWorker } from '../../native/addon.js'
import type { Control } from '../control/control.js'
import { JournalReplacedError } from '../errors.js'
import { FileName } from '../files/directory.js'
import { pageFileName } from '../files/page-names.js'
import type { MappedPage } from '../pages/page.js'

/**
 * Whether the path of a writer's journal still names the files that the writer has open. When the directory, the control file or the page
 * being written was removed, moved or replaced, a reader that opens the journal later does not find the frames that are written now.
 *
 * The page worker's thread checks twice a second. If it finds a change, it sets the word for sleepers as if a reader slept, so that the
 * writer calls `isReplaced` after its next frame: see docs/decisions/0020-in-the-directory-it-opened.md.
 */
export class JournalWatch {
  constructor(
    private readonly worker: PageWorker,
    private readonly directory: Directory,
    private readonly control: Control,
  ) {}

  /** `page` is the one that is written from now on. */
  watchPage(page: MappedPage): void {
    this.worker.watch(this.directory, this.control.mapping, pageFileName(page.number), page.mapping)
  }

  /** What the thread has found. Makes no system call. */
  get isReplaced(): boolean {
    return this.worker.replacedAfter() >= 0
  }

  /** As `isReplaced`. @throws {JournalReplacedError} */
  throwIfReplaced(): void {
    const position = this.worker.replacedAfter()
    if (position >= 0) throw replaced(this.directory.path, position)
  }

  /** Checks on the calling thread, which takes a few microseconds. @throws {JournalReplacedError} */
  check(): void {
    this.worker.checkJournal()
    this.throwIfReplaced()
  }

  /** Whether this writer may change files in the directory: `control` is still the file that it has locked. */
  get controlIsOurs(): boolean {
    return this.directory.holds(FileName.CONTROL, this.control.mapping)
  }
}

/** @param position all frames before it were published before the journal was replaced. */
function replaced(path: string, position: number): JournalReplacedError {
  return new JournalReplacedError(
    `the journal ${path} was removed, moved or replaced while this writer had it open. Frames from position ${position} on may be in files ` +
      'that no reader can open any more. Close this writer, find out what removed the journal, and open another writer',
    { path, position },
  )
}
