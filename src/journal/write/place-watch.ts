import type { Directory, PageWorker } from '../../native/addon.js'
import type { Control } from '../control/control.js'
import { JournalReplacedError } from '../errors.js'
import { FileName } from '../files/directory.js'
import { pageFileName } from '../files/page-names.js'
import type { MappedPage } from '../pages/page.js'

/**
 * Whether the journal of a writer is still what its path names. When the directory, the control file or the page being written was
 * removed, moved away or made anew, frames go on being written where nobody who opens the journal finds them.
 *
 * The page worker's thread looks twice a second. It then has the writer believe that a reader sleeps, so that the writer comes to ask here
 * after its next frame: see docs/decisions/0020.
 */
export class PlaceWatch {
  constructor(
    private readonly worker: PageWorker,
    private readonly directory: Directory,
    private readonly control: Control,
  ) {}

  /** The page that is written from now on. */
  follow(page: MappedPage): void {
    this.worker.watch(this.directory, this.control.mapping, pageFileName(page.number), page.mapping)
  }

  /** What the thread found: no system call. */
  get isGone(): boolean {
    return this.worker.goneAfter() >= 0
  }

  /** As `isGone`. @throws {JournalReplacedError} */
  throwIfGone(): void {
    const position = this.worker.goneAfter()
    if (position >= 0) throw replaced(this.directory.path, position)
  }

  /** Looks itself, in a few microseconds. @throws {JournalReplacedError} */
  check(): void {
    this.worker.look()
    this.throwIfGone()
  }

  /** Whether the names in the directory are this writer's to change: the control file that it has locked is still there. */
  get isOurs(): boolean {
    return this.directory.holds(FileName.CONTROL, this.control.mapping)
  }
}

/** @param position frames before it were published while the journal was in place. */
function replaced(path: string, position: number): JournalReplacedError {
  return new JournalReplacedError(
    `the journal ${path} was removed, moved or made anew while this writer had it open. Frames from position ${position} on may have been ` +
      'written where nobody can read them. Close this writer, find out who did it, and open another',
    { path, position },
  )
}
