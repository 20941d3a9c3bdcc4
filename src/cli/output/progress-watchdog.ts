import type { SupervisorEvent } from '../../runtime/supervision/supervisor.js'

/** ms without a word after which a strategy is said to make no progress; one that is well tells of it several times a second. */
const LONG_MS = 2000

/** How long ago each strategy was heard of last: one whose handler never returns has a process, and says nothing. */
export class ProgressWatchdog {
  private readonly heard = new Map<string, { progress: unknown; atMs: number }>()

  event(id: string, { kind }: SupervisorEvent): void {
    if (kind === 'ready') this.heard.set(id, { progress: undefined, atMs: performance.now() })
    else this.heard.delete(id)
  }

  /** ms since the last progress of a ready strategy, of which `progress` is the latest; undefined while that is not long, or it is not ready. */
  of(id: string, progress: unknown): number | undefined {
    const last = this.heard.get(id)
    if (last === undefined) return undefined
    const nowMs = performance.now()
    if (progress !== last.progress) this.heard.set(id, { progress, atMs: nowMs })
    else if (nowMs - last.atMs >= LONG_MS) return nowMs - last.atMs
    return undefined
  }
}
