import { type ChildProcess, fork } from 'node:child_process'
import { packageModule } from '../../native/package-files.js'
import { inheritedOptions } from '../../runtime/supervision/node-options.js'
import type { GatewayStatus } from '../../trading/gateway/gateway.js'
import { printable } from '../output/failure.js'
import { Rate, statusText } from '../output/gateway-text.js'
import type { StatusLine } from '../output/status-line.js'
import type { DemoGatewayConfig, FromDemoGateway } from './gateway.js'
import type { DemoOptions } from './options.js'

/** A process of the demo did not behave as expected. It has printed the reason itself, if it could. */
export class DemoError extends Error {
  readonly code = 'ERR_DEMO'
}

/** The course of a demo: which processes were killed, and how it ended. */
export interface DemoCourse {
  /** Pids of the processes that were killed. */
  readonly strategyKilled: number
  readonly gatewayKilled: number
  readonly seconds: number
  /** Whether the gateway and all strategies stopped by themselves at the end. */
  readonly orderly: boolean
}

export const KILLED_STRATEGY = 'pair'
/** The number of events after which a synthetic feed ends. It bounds the memory that the demo uses at any speed. */
export const MOST_EVENTS = 400_000
/** Small, so that the journals roll. */
const PAGE_SIZE = 256 * 1024
const GATEWAY = packageModule('cli/demo/gateway.js', 'The demo')

/** The times of the steps, in ms after the first event. At full speed they are earlier, because the feed ends earlier. */
const SCHEDULE = { killStrategy: 2500, killGateway: 5000, stop: 8500 }
const FULL_SPEED_SCHEDULE = { killStrategy: 300, killGateway: 800, stop: 4000 }
const INTRODUCTION = [
  'what this shows: processes of a desk may be killed at any moment, and nothing is lost or done twice',
  'a market at two simulated venues, north and south; south has everything some events later',
  'market-maker keeps an order on each side at north; pair buys where it is cheaper and sells at the other venue',
]
/** The longest wait for a process, in ms. */
const LONGEST_WAIT_MS = 15_000

/** Starts, kills and stops the processes of the demo. */
export class DemoRun {
  private child: ChildProcess | undefined = undefined
  private status: GatewayStatus | undefined = undefined
  private starts = 0
  private readonly rate = new Rate()
  private readonly begun = performance.now()

  constructor(
    private readonly home: string,
    private readonly options: DemoOptions,
    private readonly line: StatusLine,
    private readonly signal: AbortSignal,
  ) {}

  /** Undefined when it was interrupted. Leaves no process behind. */
  async play(): Promise<DemoCourse | undefined> {
    for (const text of INTRODUCTION) this.event(text)
    const schedule = this.options.speed === 'max' ? FULL_SPEED_SCHEDULE : SCHEDULE
    try {
      this.startGateway()
      await this.until(() => (this.status?.events ?? 0) > 0, 'the first event')
      const first = performance.now()
      const at = (ms: number): Promise<void> => this.until(() => performance.now() - first >= ms, 'time to pass')

      await at(schedule.killStrategy)
      const strategyKilled = await this.killStrategy()
      await at(schedule.killGateway)
      const gatewayKilled = await this.killGateway()
      await at(schedule.stop)
      this.event('stopping all in order, then everything is counted from the journals, and decided again')
      const orderly = await this.stopGateway()
      return { strategyKilled, gatewayKilled, seconds: (performance.now() - this.begun) / 1000, orderly }
    } catch (error) {
      await this.stopGateway()
      if (this.signal.aborted) return undefined
      throw error
    }
  }

  private startGateway(): void {
    const { home, options } = this
    const config: DemoGatewayConfig = { ...options, home, pageSize: PAGE_SIZE, limit: MOST_EVENTS }
    const child = fork(GATEWAY, [JSON.stringify(config)], {
      execArgv: inheritedOptions(),
      stdio: ['ignore', 2, 2, 'ipc'],
    })
    this.child = child
    this.status = undefined
    this.starts++
    this.event(`gateway started, pid ${child.pid}`)
    child.on('message', message => this.onMessage(message as FromDemoGateway))
  }

  private onMessage(message: FromDemoGateway): void {
    if (message.kind === 'status') {
      this.status = message.status
      this.line.show(`${this.clock()}  ${statusText(message.status, this.rate.next(message.status.events))}`)
    } else if (this.starts === 1) {
      // A restarted gateway reads the feed from its beginning and reports the same lines again.
      this.event(message.message)
    }
  }

  private async killStrategy(): Promise<number> {
    await this.until(() => this.progressOf(KILLED_STRATEGY) !== undefined, `${KILLED_STRATEGY} to run`)
    const pid = this.pidOf(KILLED_STRATEGY)
    if (pid === undefined) throw new DemoError(`${KILLED_STRATEGY} has no process to kill`)
    this.event(`killing ${KILLED_STRATEGY} (pid ${pid}) with SIGKILL: its pairs are the gateway's business meanwhile`)
    process.kill(pid, 'SIGKILL')
    await this.until(
      () => ![undefined, pid].includes(this.pidOf(KILLED_STRATEGY)),
      `${KILLED_STRATEGY} to be restarted`,
    )
    await this.until(() => this.progressOf(KILLED_STRATEGY) !== undefined, `${KILLED_STRATEGY} to continue`)
    this.event(
      `${KILLED_STRATEGY} has restarted, pid ${this.pidOf(KILLED_STRATEGY)}, and continues after the last frame that it handled`,
    )
    return pid
  }

  private async killGateway(): Promise<number> {
    const { child } = this
    const pid = child?.pid
    if (child === undefined || pid === undefined) throw new DemoError('there is no gateway to kill')
    this.event(`killing the gateway (pid ${pid}) with SIGKILL: its strategies end with it`)
    const ended = new Promise(resolve => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
    this.startGateway()
    await this.until(
      () => this.status?.strategies.every(strategy => strategy.progress !== undefined) === true,
      'the gateway to restart',
    )
    this.event('the gateway has played its sequence and continues, with all strategies')
    return pid
  }

  /** Returns whether all stopped by themselves. */
  private async stopGateway(): Promise<boolean> {
    const { child } = this
    if (child === undefined) return false
    this.child = undefined
    if (child.exitCode !== null || child.signalCode !== null) return false
    const ended = new Promise<boolean>(resolve => child.once('exit', code => resolve(code === 0)))
    if (child.connected) child.send('stop', () => {})
    return ended
  }

  /** Waits until the condition is true. @throws {DemoError} when the gateway ends first, or the wait takes too long. */
  private async until(condition: () => boolean, what: string): Promise<void> {
    const end = performance.now() + LONGEST_WAIT_MS
    while (!condition()) {
      this.signal.throwIfAborted()
      const { child } = this
      if (child !== undefined && (child.exitCode !== null || child.signalCode !== null))
        throw new DemoError(`the gateway ended while the demo waited for ${what}`)
      if (performance.now() > end) throw new DemoError(`the demo waited ${LONGEST_WAIT_MS / 1000} s for ${what}`)
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }

  private pidOf(id: string): number | undefined {
    return this.status?.strategies.find(strategy => strategy.id === id)?.pid
  }

  private progressOf(id: string): unknown {
    return this.status?.strategies.find(strategy => strategy.id === id)?.progress
  }

  private event(text: string): void {
    this.line.event(printable(`${this.clock()}  ${text}`))
  }

  private clock(): string {
    return `${((performance.now() - this.begun) / 1000).toFixed(1).padStart(5)} s`
  }
}
