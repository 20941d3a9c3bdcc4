import type { Phase } from '../../state/heartbeats/cell.js'
import { RestartCount, type RestartLimits } from './restart-count.js'

export interface RestartOptions {
  /** The delay before what ended is started again, in ms; it is doubled each time, up to `longestMs`. */
  readonly firstMs: number
  readonly longestMs: number
  /** How often it may be started again. Default: without a limit. */
  readonly restarts?: RestartLimits
}

/** What is told of an end. */
export type EndEvent =
  /** `restartInMs` is undefined when it is not started again. */
  | { readonly kind: 'ended'; readonly how: string; readonly restartInMs: number | undefined }
  /** It was started again as often as it may be, and stays down. */
  | { readonly kind: 'given-up'; readonly restarts: number; readonly withinMs: number; readonly how: string }

/** After it has run this long, the delay is reset to the shortest one, in ms. */
const RESET_MS = 10_000

/**
 * The phases of something that is kept running, a process or what takes its place: when it ends without having been asked to, it is
 * started again after a growing delay, up to a number of times.
 */
export class Restarts {
  /** How often it was started again. */
  count = 0
  phase: Phase = 'starting'
  private delay: number
  private startedAt = 0
  private timer: NodeJS.Timeout | undefined = undefined
  private readonly used: RestartCount
  private resolveReady = (): void => {}

  /** Resolves when it is ready for the first time, or has ended before that. */
  readonly ready = new Promise<void>(resolve => {
    this.resolveReady = resolve
  })

  /** @param start starts it; it calls `started` and later `becameReady` and `ended`. */
  constructor(
    private readonly options: RestartOptions & { readonly onEvent: (event: EndEvent) => void },
    private readonly start: () => void,
  ) {
    this.delay = options.firstMs
    this.used = new RestartCount(options.restarts)
  }

  /** How long ago it was started, in ms. */
  get ageMs(): number {
    return performance.now() - this.startedAt
  }

  started(): void {
    this.startedAt = performance.now()
    this.phase = 'starting'
  }

  becameReady(): void {
    if (this.phase === 'starting') this.phase = 'running'
    this.resolveReady()
  }

  /** It is asked to stop, so its end is its last one. */
  stop(): void {
    if (this.phase !== 'failed') this.phase = 'stopping'
    clearTimeout(this.timer)
  }

  /** It was not started, and is not to be tried again. */
  notStarted(): void {
    this.phase = 'stopping'
    this.ended('not started')
  }

  /** It has ended. @param how for people. */
  ended(how: string): void {
    this.resolveReady()
    const { onEvent, restarts } = this.options
    if (this.phase === 'stopping') return onEvent({ kind: 'ended', how, restartInMs: undefined })
    const wait = this.next()
    if (wait === undefined) {
      this.phase = 'failed'
      onEvent({ kind: 'ended', how, restartInMs: undefined })
      const { max = 0, withinMs = 0 } = restarts ?? {}
      return onEvent({ kind: 'given-up', restarts: max, withinMs, how })
    }
    this.phase = 'waiting'
    onEvent({ kind: 'ended', how, restartInMs: wait })
    this.timer = setTimeout(() => {
      this.count++
      this.start()
    }, wait)
  }

  /** The ms until it is started again; undefined when that was too often. */
  private next(): number | undefined {
    const { firstMs, longestMs } = this.options
    if (this.used.isUsedUp(performance.now())) return undefined
    if (this.ageMs > RESET_MS) this.delay = firstMs
    const wait = this.delay
    this.delay = Math.min(wait * 2, longestMs)
    return wait
  }
}
