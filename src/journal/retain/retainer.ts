import type { Directory } from '../../native/addon.js'
import type { Control } from '../control/control.js'
import type { ReaderInfo } from '../control/reader-registry.js'
import { channels } from '../diagnostics.js'
import { type Blocker, describeBlocker, findBlockers } from '../inspect/blockers.js'
import { planPruning, type RemovablePage, type Retention, readersInNeed, removePages } from './plan.js'

/**
 * A writer's retention: looks for pages to remove after the journal was opened and whenever it went on to another page.
 *
 * Never inside `begin` or `commit`: it runs when the event loop turns next, and the removal itself on Node's thread pool. A program
 * that writes in one endless loop, and never lets the event loop turn, prunes nothing.
 */
export class Retainer {
  private pending = false
  private running = false
  private closed = false
  /** Closed readers in the way that were warned of already. */
  private readonly warned = new Set<string>()

  constructor(
    private readonly directory: Directory,
    private readonly limits: Retention,
    private readonly control: Control,
  ) {}

  /** Costs the caller no more than a timer does. */
  schedule(): void {
    if (this.pending || this.closed) return
    this.pending = true
    if (!this.running) setImmediate(() => void this.run())
  }

  /** Removes nothing after the file it is at. */
  close(): void {
    this.closed = true
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
    try {
      const plan = planPruning(this.directory, this.limits, this.readers(), false)
      const removed = await removePages(
        this.directory,
        plan,
        () => this.readers(),
        () => this.closed,
      )
      const blockers = findBlockers(this.directory, this.limits, this.readers())
      if (channels.pruned.hasSubscribers) {
        if (removed.length + blockers.length > 0)
          channels.pruned.publish({ path: this.directory.path, removed, blockers, error: undefined })
      } else this.warnOf(blockers)
    } catch (error) {
      if (!this.closed) this.reportFailure(error as Error)
    }
  }

  private readers(): readonly ReaderInfo[] {
    return this.limits.readers === false || this.closed ? [] : readersInNeed(this.control)
  }

  /** A reader that is open will read on. One that is closed may never come back, and its pages would fill the disk unseen. */
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

  /** Writing goes on without retention; that the disk fills up must not come as a surprise. */
  private reportFailure(error: Error): void {
    const removed: RemovablePage[] = []
    if (channels.pruned.hasSubscribers)
      channels.pruned.publish({ path: this.directory.path, removed, blockers: [], error })
    else
      process.emitWarning(`${this.directory.path}: no page could be removed: ${error.message}`, {
        code: 'TICKTAPE_RETENTION',
      })
  }
}
