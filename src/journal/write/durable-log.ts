import type { Syncer } from '../../native/addon.js'
import { native } from '../../native/index.js'
import type { Control } from '../control/control.js'
import { SyncFailedError } from '../errors.js'
import type { MappedPage } from '../pages/page.js'

interface Flush {
  readonly target: number
  readonly resolve: (position: number) => void
  readonly reject: (error: Error) => void
}

/**
 * Makes a writer's frames durable: passes its pages to the syncing thread, and resolves flushes when the durable cursor reaches them.
 * One sync serves all flushes that wait.
 */
export class DurableLog {
  private readonly syncer: Syncer
  private readonly everySlots: number
  /** The writer's position at the last request for a sync. */
  private requestedAt = 0
  private flushes: Flush[] = []
  /** Keeps the process alive while a flush is awaited; a native thread alone does not. */
  private keepAlive: NodeJS.Timeout | undefined = undefined

  constructor(
    private readonly path: string,
    private readonly control: Control,
    /** `everySlots`: also sync after about this many slots. */
    options: { readonly intervalMs: number; readonly everySlots: number },
  ) {
    this.everySlots = options.everySlots
    this.syncer = new native.Syncer({ intervalMs: options.intervalMs, onSynced: () => this.resolveFlushes() })
  }

  /** Adds the next page. Must be called before its first frame is published. */
  add(page: MappedPage): void {
    this.syncer.add(page.mapping, this.control.mapping)
  }

  /** Positions below this one survive power loss. */
  get position(): number {
    return this.syncer.durablePosition()
  }

  /** Requests a sync, without waiting for it. */
  request(): void {
    this.syncer.request()
  }

  /** Requests a sync if the writer, now at `position`, has written `everySlots` since the last request. */
  requestAt(position: number): void {
    if (position - this.requestedAt < this.everySlots) return
    this.requestedAt = position
    this.request()
  }

  /** Resolves with the durable position once it has reached `target`. */
  async flush(target: number): Promise<number> {
    this.throwIfFailed()
    if (this.position >= target) return this.position
    return new Promise<number>((resolve, reject) => {
      this.flushes.push({ target, resolve, reject })
      this.keepAlive ??= setInterval(() => {}, 2 ** 31 - 1)
      this.syncer.request()
    })
  }

  /** @throws {SyncFailedError} once a sync has failed. */
  throwIfFailed(): void {
    const error = this.failure()
    if (error !== undefined) throw error
  }

  /** Syncs once more, then stops. @throws {SyncFailedError} */
  close(): void {
    this.syncer.close()
    const error = this.failure()
    this.resolveFlushes()
    if (error !== undefined) throw error
  }

  private failure(): SyncFailedError | undefined {
    const errno = this.syncer.error()
    if (errno === 0) return undefined
    const position = this.position
    return new SyncFailedError(
      `syncing ${this.path} failed (errno ${errno}) after position ${position}; frames from there on may be lost if the machine stops. ` +
        'Close this writer, check the disk, and open the journal again',
      { path: this.path, position },
    )
  }

  private resolveFlushes(): void {
    const error = this.failure()
    const durable = this.position
    const waiting: Flush[] = []
    for (const flush of this.flushes) {
      if (durable >= flush.target) flush.resolve(durable)
      else if (error !== undefined) flush.reject(error)
      else waiting.push(flush)
    }
    this.flushes = waiting
    if (waiting.length > 0) return
    clearInterval(this.keepAlive)
    this.keepAlive = undefined
  }
}
