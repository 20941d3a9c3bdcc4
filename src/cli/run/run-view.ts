import type { TicktapeError } from '../../base/errors.js'
import { type DescriptionDifference, differenceText } from '../../desk-file/differences.js'
import type { SupervisorEvent } from '../../runtime/supervision/supervisor.js'
import type { GatewayStatus } from '../../trading/gateway/gateway.js'
import { CaptureFeed } from '../../trading/market/capture-feed.js'
import type { Feed } from '../../trading/market/feed.js'
import { printable } from '../output/failure.js'
import { Rate, statusText, strategyText } from '../output/gateway-text.js'
import { Output } from '../output/output.js'
import { ProgressWatchdog } from '../output/progress-watchdog.js'
import { StatusLine } from '../output/status-line.js'
import { grouped } from '../output/units.js'
import { leftOutText } from './feed-options.js'

/** The time, in ms, that a strategy has to stop before it is killed, when the configuration says nothing else. */
export const STOP_MS = 15_000

const UNAPPLIED = 'the desk.json of the home says otherwise, and is not applied (--apply does, at a start):'

/** How a run ended. */
export interface RunEnd {
  readonly status: GatewayStatus
  readonly orderly: boolean
  /** The home; undefined when it was temporary. */
  readonly home: string | undefined
  readonly feed: Feed
}

/** Shows a run, to a person or to a program. */
export interface RunView {
  strategy(id: string, event: SupervisorEvent): void
  /** Of a venue in a process of its own. */
  venue(name: string, event: SupervisorEvent): void
  problem(problem: TicktapeError): void
  /** Where the configuration differs: from that of the last run, or from `<home>/desk.json`, which is not applied. */
  configuration(how: 'changed' | 'not applied', differences: readonly DescriptionDifference[]): void
  status(status: GatewayStatus): void
  stopping(): void
  end(end: RunEnd): Promise<void>
}

/** Every line a JSON object. */
export class JsonView implements RunView {
  private readonly out = new Output()

  /** @param stopMs how long strategies have to stop. */
  constructor(private readonly stopMs: number) {}

  strategy(strategy: string, event: SupervisorEvent): void {
    const { kind: what, ...rest } = event
    this.print({ kind: 'strategy', strategy, event: what, ...rest })
  }

  venue(venue: string, event: SupervisorEvent): void {
    const { kind: what, ...rest } = event
    this.print({ kind: 'venue', venue, event: what, ...rest })
  }

  problem(problem: TicktapeError): void {
    this.print({ kind: 'problem', code: problem.code, message: problem.message })
  }

  configuration(how: 'changed' | 'not applied', differences: readonly DescriptionDifference[]): void {
    if (differences.length > 0) this.print({ kind: 'configuration', how, differences })
  }

  status(status: GatewayStatus): void {
    this.print({ kind: 'status', ...status })
  }

  stopping(): void {
    this.print({ kind: 'stopping', limitMs: this.stopMs })
  }

  async end({ status, orderly, home, feed }: RunEnd): Promise<void> {
    const capture =
      feed instanceof CaptureFeed
        ? {
            badLines: feed.badLines,
            unfitSymbols: Object.fromEntries(feed.unfitSymbols),
            passedOver: Object.fromEntries(feed.passedOver),
          }
        : undefined
    this.out.json({ kind: 'end', orderly, home: home ?? null, capture, ...status })
    await this.out.flush()
  }

  private print(value: object): void {
    this.out.json(value)
    // When the output is closed, the run continues; Ctrl-C ends it.
    this.out.flush().catch(() => {})
  }
}

/** Lines for people: progress on stderr, the result on stdout. */
export class TextView implements RunView {
  private readonly line = new StatusLine(process.stderr)
  private readonly rate = new Rate()
  private readonly watchdog = new ProgressWatchdog()

  constructor(private readonly stopMs: number) {}

  strategy(id: string, event: SupervisorEvent): void {
    this.watchdog.event(id, event)
    this.line.event(printable(`${id}: ${strategyText(event)}`))
  }

  venue(name: string, event: SupervisorEvent): void {
    this.line.event(printable(`venue ${name}: ${strategyText(event)}`))
  }

  problem(problem: TicktapeError): void {
    this.line.event(printable(`${problem.code}: ${problem.message}`))
  }

  configuration(how: 'changed' | 'not applied', differences: readonly DescriptionDifference[]): void {
    if (differences.length === 0) return
    this.line.event(how === 'changed' ? 'changed since the last run:' : UNAPPLIED)
    for (const difference of differences) this.line.event(printable(`  ${differenceText(difference)}`))
  }

  status(status: GatewayStatus): void {
    this.line.show(statusText(status, this.rate.next(status.events), this.watchdog))
  }

  stopping(): void {
    this.line.event(`stopping; strategies have up to ${this.stopMs / 1000} s, Ctrl-C again kills now`)
  }

  async end({ status, orderly, home, feed }: RunEnd): Promise<void> {
    this.line.erase()
    const out = new Output()
    out.line(
      `${grouped(status.events)} events, ${grouped(status.orders)} orders in this run; ${orderly ? 'all stopped in order' : 'not every strategy stopped by itself'}; home ${home === undefined ? '(temporary, removed; keep it with --home DIR)' : printable(home)}`,
    )
    for (const text of leftOutText(feed)) out.line(printable(text))
    await out.flush()
  }
}
