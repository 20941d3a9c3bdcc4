import type { ConsumerProgress } from '../../runtime/consumer/messages.js'
import type { SupervisorEvent } from '../../runtime/supervision/supervisor.js'

/** ms without a word after which a strategy is said to make no progress; one that is well tells of it several times a second. */
const LONG_MS = 2000

/** How long ago each strategy was heard of last: one whose handler never returns has a process, and says nothing. */
export class ProgressWatchdog {
  private readonly heard = new Map<string, { beats: number | undefined; atMs: number }>()

  event(id: string, { kind }: SupervisorEvent): void {
    if (kind === 'ready') this.heard.set(id, { beats: undefined, atMs: performance.now() })
    else this.heard.delete(id)
  }

  /** ms since the last sign of life of a ready strategy, of which `progress` is the latest; undefined while that is not long, or it is not ready. */
  of(id: string, progress: ConsumerProgress | undefined): number | undefined {
    const last = this.heard.get(id)
    if (last === undefined) return undefined
    const nowMs = performance.now()
    const beats = progress?.beats
    if (beats !== last.beats) this.heard.set(id, { beats, atMs: nowMs })
    else if (nowMs - last.atMs >= LONG_MS) return nowMs - last.atMs
    return undefined
  }
}
