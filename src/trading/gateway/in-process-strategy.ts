import type { Reader } from '../../journal/read/reader.js'
import type { ToConsumer } from '../../runtime/consumer/messages.js'
import { type RestartOptions, Restarts } from '../../runtime/supervision/restarts.js'
import type { SupervisorEvent } from '../../runtime/supervision/supervisor.js'
import type { Phase } from '../../state/heartbeats/cell.js'
import type { Pulse } from '../../state/heartbeats/pulse.js'
import { eventLoopTurn } from '../../wait/idle.js'
import { nap } from '../../wait/nap.js'
import { StrategyError } from '../errors.js'
import { loadStrategy } from '../strategies/load.js'
import { LogFile } from '../strategies/log-file.js'
import { type EpochConfig, failureText, StrategyEpoch } from '../strategies/strategy-epoch.js'

export interface InProcessOptions extends RestartOptions {
  readonly id: string
  /** Begins an epoch, and says what it is opened with. When it throws, the strategy is not started, neither now nor later. */
  readonly begin: () => EpochConfig & { readonly file: string }
  /** The directory of what strategies log. */
  readonly log: string
  readonly pulse: Pulse
  /** How often it publishes its progress and looks whether its state is to be saved, in ms. */
  readonly progressMs: number
  /** How long its module may take to load, and it may take to stop, in ms. A handler that does not return cannot be ended. */
  readonly startMs: number
  readonly stopMs: number
  readonly onEvent: (event: SupervisorEvent) => void
}

/** How long it may handle frames before it is the turn of the others, in ms. */
const TURN_MS = 2
/** The most frames that it handles between two readings of the clock: fewer when its handlers need long. */
const MOST_FRAMES = 32

/**
 * A strategy inside the gateway's process. The gateway's loop calls `poll` between its bursts: the strategy reads the sequence and
 * writes its own journal, from which the gateway takes what it sent, as those in processes of their own do.
 *
 * It is started again as a process is when its handlers throw. What only the end of a process can end, a handler that never
 * returns for example, stops the gateway with it.
 */
export class InProcessStrategy {
  private epoch: StrategyEpoch | undefined = undefined
  private log: LogFile | undefined = undefined
  private starting: Promise<void> = Promise.resolve()
  private keeper: NodeJS.Timeout | undefined = undefined
  private readonly closing = new AbortController()
  /** Frames until the next reading of the clock. */
  private batch = 1
  private readonly life: Restarts

  constructor(private readonly options: InProcessOptions) {
    this.life = new Restarts(options, () => this.begin())
    this.begin()
  }

  get restarts(): number {
    return this.life.count
  }

  get phase(): Phase {
    return this.life.phase
  }

  /** Resolves when it is ready for the first time, or has ended before that. */
  get ready(): Promise<void> {
    return this.life.ready
  }

  /** That of the gateway; undefined while the strategy waits to be started again. */
  get pid(): number | undefined {
    return this.phase === 'waiting' || this.phase === 'failed' ? undefined : process.pid
  }

  /** Whether there are frames for it to handle. */
  get hasWork(): boolean {
    return this.phase === 'running' && (this.reader?.lag ?? 0) > 0
  }

  /** What it reads the sequence with: its writer wakes the gateway's loop when that sleeps, as it writes outside of the loop, too. */
  get reader(): Reader | undefined {
    return this.epoch?.consumer.reader
  }

  /**
   * Handles frames for a short time. Returns how many. Does not throw what the strategy throws.
   *
   * @param wallMs performance.now()
   */
  poll(wallMs: number): number {
    const { epoch } = this
    if (epoch === undefined || this.phase !== 'running') return 0
    let handled = 0
    let startMs = wallMs
    try {
      for (;;) {
        const { batch } = this
        const count = epoch.poll(batch)
        if (count === 0) return handled
        handled += count
        const nowMs = performance.now()
        // As many as fit into a turn, going by these; growing slowly, because the next ones may need longer.
        const fitting = Math.floor((TURN_MS * count) / (nowMs - startMs))
        this.batch = Math.max(1, Math.min(2 * batch, MOST_FRAMES, fitting))
        if (count < batch || nowMs - wallMs >= TURN_MS) return handled
        startMs = nowMs
      }
    } catch (error) {
      this.fail(error)
      return handled + 1
    }
  }

  /**
   * Lets it handle the frames that were written before, then ends it in order.
   *
   * @returns whether it stopped by itself, without an error.
   */
  async stop({ position }: ToConsumer): Promise<boolean> {
    const { stopMs } = this.options
    const end = performance.now() + stopMs
    this.life.stop()
    await within(this.starting, stopMs)
    const { epoch } = this
    while (epoch !== undefined && this.epoch === epoch && this.drain(epoch, position)) {
      if (performance.now() > end) {
        this.report(new StrategyError(`strategy '${this.options.id}' did not stop within ${stopMs} ms`))
        this.kill()
        this.life.ended('killed')
      }
      await eventLoopTurn()
    }
    if (epoch === undefined || this.epoch !== epoch) return false
    return this.close('stopped')
  }

  /** Ends it at once, as the end of its process does: its next start continues with the frame after the last one that it handled. */
  kill(): void {
    this.closing.abort()
    this.life.stop()
    const { epoch } = this
    this.epoch = undefined
    epoch?.close()
    this.forget()
  }

  private begin(): void {
    const { options } = this
    let config: ReturnType<InProcessOptions['begin']>
    try {
      config = options.begin()
    } catch (error) {
      options.onEvent({ kind: 'failed', message: (error as Error).message })
      return this.life.notStarted()
    }
    this.life.started()
    options.onEvent({ kind: 'started', pid: process.pid, inProcess: true })
    this.starting = this.start(config)
  }

  private async start(config: EpochConfig & { readonly file: string }): Promise<void> {
    const { id, log: folder, pulse, progressMs, startMs, onEvent } = this.options
    const { signal } = this.closing
    try {
      const definition = await within(loadStrategy(config.file, id), startMs)
      if (signal.aborted) return
      if (definition === undefined)
        throw new StrategyError(`${config.file} did not finish loading within ${startMs} ms`, { path: config.file })
      const log = new LogFile(folder, id)
      this.log = log
      const epoch = await StrategyEpoch.open(definition, config, { pulse, log: text => log.write(text) }, signal)
      if (signal.aborted) return epoch.close()
      this.epoch = epoch
      epoch.start()
      epoch.consumer.tell()
    } catch (error) {
      if (!signal.aborted) this.fail(error)
      return
    }
    this.keeper = setInterval(() => this.keep(), progressMs)
    this.life.becameReady()
    onEvent({ kind: 'ready' })
  }

  /** Also while there are no frames. */
  private keep(): void {
    try {
      this.epoch?.keep()
    } catch (error) {
      this.fail(error)
    }
  }

  /** Handles frames before a position for a short time: one by one, so that none behind it is handled. Returns whether there were any. */
  private drain(epoch: StrategyEpoch, position: number): boolean {
    const end = performance.now() + TURN_MS
    let any = false
    try {
      while (epoch.position < position && performance.now() < end && epoch.poll(1) > 0) any = true
    } catch (error) {
      this.fail(error)
    }
    return any
  }

  /** Its handlers threw, or its journal cannot be written: what ends a process. */
  private fail(error: unknown): void {
    this.report(error)
    if (this.epoch !== undefined) this.close('failed')
    else this.life.ended('an error')
  }

  /** Returns whether it ended without an error. */
  private close(event: 'stopped' | 'failed'): boolean {
    const { epoch } = this
    this.epoch = undefined
    let orderly = event === 'stopped'
    try {
      epoch?.end(event)
    } catch (error) {
      orderly = false
      this.report(error)
    }
    this.forget()
    this.life.ended(orderly ? 'stopped' : 'an error')
    return orderly
  }

  private forget(): void {
    clearInterval(this.keeper)
    this.log?.close()
    this.log = undefined
  }

  private report(error: unknown): void {
    process.stderr.write(`${failureText(error)}\n`)
    this.options.onEvent({ kind: 'failed', message: error instanceof Error ? error.message : String(error) })
  }
}

/** What a promise resolves to; undefined when that takes longer. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const over = new AbortController()
  try {
    return await Promise.race([promise, nap(ms, over.signal).then(() => undefined)])
  } finally {
    over.abort()
  }
}
