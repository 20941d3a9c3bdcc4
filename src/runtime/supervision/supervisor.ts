import { type ChildProcess, fork } from 'node:child_process'
import type { ConsumerProgress, FromConsumer, ToConsumer } from '../consumer/messages.js'
import { inheritedOptions } from './node-options.js'

export interface SupervisorOptions {
  /** The module to run, and its one argument, asked for at each start. When it throws, the process is not started, neither now nor later. */
  readonly module: string
  readonly argument: () => string
  /** The delay before a process that ended is started again, in ms; it is doubled each time, up to `longestMs`. */
  readonly firstMs: number
  readonly longestMs: number
  /** The time a process may take to stop before it is killed, in ms. */
  readonly stopMs: number
  readonly onEvent: (event: SupervisorEvent) => void
}

export type SupervisorEvent =
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'ended'; readonly how: string; readonly restartInMs: number | undefined }

/** After a process has run this long, the delay is reset to the shortest one, in ms. */
const RESET_MS = 10_000

/** Keeps one process running: starts it again when it ends without having been stopped, with a growing delay. */
export class Supervisor {
  /** The last progress message of the process, undefined before the first one. */
  progress: ConsumerProgress | undefined = undefined
  restarts = 0

  private child: ChildProcess | undefined = undefined
  private startedAt = 0
  private backOff: number
  private timer: NodeJS.Timeout | undefined = undefined
  private stopping = false
  private resolveReady = (): void => {}

  /** Resolves when the process is ready for the first time, or has ended before that. */
  readonly ready = new Promise<void>(resolve => {
    this.resolveReady = resolve
  })

  constructor(private readonly options: SupervisorOptions) {
    this.backOff = options.firstMs
    this.start()
  }

  /** Undefined while it waits to be started again. */
  get pid(): number | undefined {
    return this.child?.pid
  }

  /**
   * Asks the process to stop and waits until it has ended. Kills it after the time limit.
   *
   * @returns whether it stopped by itself, without an error.
   */
  async stop(message: ToConsumer): Promise<boolean> {
    this.stopping = true
    clearTimeout(this.timer)
    const { child } = this
    if (child === undefined) return false
    const ended = new Promise<boolean>(resolve => child.once('exit', code => resolve(code === 0)))
    // The process may have ended while its 'exit' event is still pending: then the message cannot be sent.
    if (child.connected) child.send(message, () => {})
    const killer = setTimeout(() => child.kill('SIGKILL'), this.options.stopMs)
    const orderly = await ended
    clearTimeout(killer)
    return orderly
  }

  private start(): void {
    const { module, onEvent } = this.options
    let argument: string
    try {
      argument = this.options.argument()
    } catch (error) {
      this.stopping = true
      onEvent({ kind: 'failed', message: (error as Error).message })
      return this.ended('not started')
    }
    this.startedAt = performance.now()
    this.progress = undefined
    // The child does not inherit our standard output, because that may be JSON for a program.
    const child = fork(module, [argument], { execArgv: inheritedOptions(), stdio: ['ignore', 2, 2, 'ipc'] })
    this.child = child
    child.on('message', message => this.onMessage(message as FromConsumer))
    child.on('error', error => onEvent({ kind: 'failed', message: error.message }))
    child.on('exit', (code, signal) => this.ended(signal ?? `exit status ${code}`))
    if (child.pid !== undefined) onEvent({ kind: 'started', pid: child.pid })
    else this.ended('it could not be started')
  }

  private onMessage(message: FromConsumer): void {
    if (message.kind === 'progress') {
      const { kind: _, ...progress } = message
      this.progress = progress
      return
    }
    if (message.kind === 'ready') this.resolveReady()
    this.options.onEvent(message)
  }

  private ended(how: string): void {
    this.child = undefined
    this.resolveReady()
    if (performance.now() - this.startedAt > RESET_MS) this.backOff = this.options.firstMs
    const wait = this.stopping ? undefined : this.backOff
    this.options.onEvent({ kind: 'ended', how, restartInMs: wait })
    if (wait === undefined) return
    this.backOff = Math.min(wait * 2, this.options.longestMs)
    this.timer = setTimeout(() => {
      this.restarts++
      this.start()
    }, wait)
  }
}
