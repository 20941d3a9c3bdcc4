import type { Directory } from '../../native/addon.js'
import { crashPoint } from '../../native/crash-point.js'
import type { Control } from '../control/control.js'
import type { ReaderInfo } from '../control/reader-registry.js'
import { channels } from '../diagnostics.js'
import { type Blocker, describeBlocker, findBlockers } from '../inspect/blockers.js'
import { openPage } from '../pages/page.js'
import { AgeClock } from './age-clock.js'
import { Archiver } from './archiver.js'
import { planPruning, type RemovablePage, readersInNeed, removePages, type WriterRetention } from './plan.js'

/**
 * A writer's retention: removes pages after the journal was opened, and each time the writer continued on another page.
 *
 * It never runs inside `begin` or `commit`, but in the next turn of the event loop; the removal itself runs on Node's thread pool. If a
 * program writes in an endless loop and never gives the event loop a turn, no page is removed.
 *
 * With an archive each page is first packed into it, on a thread of its own. A page that cannot be archived stays, and those after it.
 */
export class Retainer {
  private pending = false
  private running = false
  private closed = false
  /** Closed readers that block retention and about which a warning was emitted already. */
  private readonly warned = new Set<string>()
  private readonly archiver: Archiver | undefined
  /** Whether the archive is known to take pages of this journal. */
  private archiveChecked = false

  constructor(
    private readonly directory: Directory,
    private readonly limits: WriterRetention,
    private readonly control: Control,
    private readonly clock: AgeClock = new AgeClock(),
  ) {
    const { archive } = limits
    this.archiver = archive === undefined ? undefined : new Archiver({ journal: directory.path, archive })
  }

  /** Takes the caller no longer than setting a timer. */
  schedule(): void {
    if (this.pending || this.closed) return
    this.pending = true
    if (!this.running) setImmediate(() => void this.run())
  }

  /** Stops after the file that is being removed. A page that is being archived stays in the journal. */
  close(): void {
    this.closed = true
    this.archiver?.close()
  }

  private async run(): Promise<void> {
    this.running = true
    while (this.pending && !this.closed) {
      this.pending = false
      await this.pruneOnce()
    }
    this.running = false
  }

  private async pruneOnce(): Promise<void> {
    const removed: RemovablePage[] = []
    try {
      await this.checkArchive()
      if (this.closed) return
      const limits = { ...this.limits, now: this.clock.now() }
      const plan = planPruning(this.directory, limits, this.readers(), false)
      await removePages(
        this.directory,
        plan,
        () => this.readers(),
        () => this.closed,
        this.archiver && (page => this.archive(page)),
        removed,
      )
      const blockers = findBlockers(this.directory, limits, this.readers())
      if (channels.pruned.hasSubscribers) {
        if (removed.length + blockers.length > 0)
          channels.pruned.publish({ path: this.directory.path, removed, blockers, error: undefined })
      } else this.warnOf(blockers)
    } catch (error) {
      if (!this.closed) this.reportFailure(error as Error, removed)
    }
  }

  /** Before the first page is due, so that an archive that cannot be used is known now and not when the disk is nearly full. */
  private async checkArchive(): Promise<void> {
    if (this.archiveChecked) return
    await this.archiver?.check()
    this.archiveChecked = true
  }

  private async archive(number: number): Promise<void> {
    const page = openPage(this.directory, number, false)
    const { created } = page.identity
    page.mapping.close()
    await this.archiver?.archive(number, created)
    crashPoint('retained-page-archived')
  }

  private readers(): readonly ReaderInfo[] {
    return this.limits.readers === false || this.closed ? [] : readersInNeed(this.control)
  }

  /** Warns about closed readers. An open reader continues to read, but a closed one may never be opened again, and its pages would fill the disk. */
  private warnOf(blockers: readonly Blocker[]): void {
    for (const blocker of blockers) {
      if (blocker.alive || this.warned.has(blocker.name)) continue
      this.warned.add(blocker.name)
      process.emitWarning(
        `${this.directory.path}: ${describeBlocker(blocker)}; open it again, forget it with forgetReader(), or set readers: false in 'retain'`,
        { code: 'TICKTAPE_RETENTION' },
      )
    }
  }

  /** Writing continues without retention, so the program must learn that the disk may fill up. */
  private reportFailure(error: Error, removed: readonly RemovablePage[]): void {
    if (channels.pruned.hasSubscribers)
      channels.pruned.publish({ path: this.directory.path, removed, blockers: [], error })
    else
      process.emitWarning(
        `${this.directory.path}: no ${removed.length === 0 ? '' : 'more '}page could be removed: ${error.message}`,
        {
          code: 'TICKTAPE_RETENTION',
        },
      )
  }
}
