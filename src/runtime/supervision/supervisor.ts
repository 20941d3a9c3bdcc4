import { fork } from 'node:child_process'
import type { Phase } from '../../state/heartbeats/cell.js'
import type { FromConsumer, ToConsumer } from '../consumer/messages.js'
import { type CommandLine, CommandProcess, type SupervisedProcess } from './command-process.js'
import { watchedArguments } from './end-with-parent.js'
import { environmentWithout } from './environment.js'
import { killGroup } from './kill-group.js'
import { inheritedOptions } from './node-options.js'
import { type EndEvent, type RestartOptions, Restarts } from './restarts.js'

export interface SupervisorOptions extends RestartOptions {
  /** The module to run, which calls `endWithParent`, and its argument, asked for at each start. When it throws, the process is not started, neither now nor later. */
  readonly module: string
  readonly argument: () => string
  /** Options of Node, beside those that this process was started with. */
  readonly nodeOptions?: readonly string[]
  /** Variables of our environment that the process does not get, by name. */
  readonly hiddenVariables?: RegExp
  /** A program to run instead of the module: its last argument is the same. */
  readonly command?: CommandLine
  /**
   * The time a process may take to stop, in ms: it is asked to, gets SIGTERM after three quarters of it, and is killed at
   * its end.
   */
  readonly stopMs: number
  readonly onEvent: (event: SupervisorEvent) => void
}

export type SupervisorEvent =
  /** `inProcess`: a strategy has started inside the gateway's process, whose pid it is. */
  | { readonly kind: 'started'; readonly pid: number; readonly inProcess?: boolean }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly message: string }
  /** It has shown no sign of life for so long, and is killed. */
  | { readonly kind: 'hung'; readonly silentMs: number }
  | EndEvent

/** The share of the time to stop after which a process gets SIGTERM. */
const TERM_SHARE = 0.75

/**
 * Keeps one process running: starts it again when it ends without having been stopped, with a growing delay, up to a number
 * of times. The process leads a group of its own; what it has started ends with it.
 */
export class Supervisor {
  private child: SupervisedProcess | undefined = undefined
  private readonly life: Restarts

  constructor(private readonly options: SupervisorOptions) {
    this.life = new Restarts(options, () => this.start())
    this.start()
  }

  get restarts(): number {
    return this.life.count
  }

  get phase(): Phase {
    return this.life.phase
  }

  /** Resolves when the process is ready for the first time, or has ended before that. */
  get ready(): Promise<void> {
    return this.life.ready
  }

  /** Undefined while it waits to be started again. */
  get pid(): number | undefined {
    return this.child?.pid
  }

  /** How long ago it was started, in ms. */
  get ageMs(): number {
    return this.life.ageMs
  }

  /** Ends a process that is hung. It is started again as after any other end. */
  killHung(silentMs: number): void {
    const { child } = this
    if (child?.pid === undefined) return
    this.options.onEvent({ kind: 'hung', silentMs: Math.round(silentMs) })
    killGroup(child.pid)
  }

  /**
   * Asks the process to stop and waits until it has ended. Ends it after the time limit.
   *
   * @returns whether it stopped by itself, without an error.
   */
  async stop(message: ToConsumer): Promise<boolean> {
    this.life.stop()
    const { child } = this
    if (child === undefined) return false
    const ended = new Promise<boolean>(resolve => child.once('exit', code => resolve(code === 0)))
    // The process may have ended while its 'exit' event is still pending: then the message cannot be sent.
    if (child.connected) child.send(message, () => {})
    const { stopMs } = this.options
    const ender = setTimeout(() => child.kill('SIGTERM'), stopMs * TERM_SHARE)
    const killer = setTimeout(() => child.kill('SIGKILL'), stopMs)
    const orderly = await ended
    clearTimeout(ender)
    clearTimeout(killer)
    return orderly
  }

  private start(): void {
    const { module, command, nodeOptions = [], hiddenVariables, onEvent } = this.options
    const env = environmentWithout(hiddenVariables)
    let argument: string
    try {
      argument = this.options.argument()
    } catch (error) {
      onEvent({ kind: 'failed', message: (error as Error).message })
      return this.life.notStarted()
    }
    this.life.started()
    const child: SupervisedProcess =
      command === undefined
        ? fork(module, watchedArguments(argument), {
            execArgv: [...inheritedOptions(), ...nodeOptions],
            env,
            // The child does not inherit our standard output, because that may be JSON for a program.
            stdio: ['ignore', 2, 2, 'ipc'],
            // It leads a group of its own, so that what it starts can be ended with it.
            detached: true,
          })
        : new CommandProcess(command, argument, env)
    this.child = child
    child.on('message', message => this.onMessage(message))
    child.on('error', error => onEvent({ kind: 'failed', message: error.message }))
    child.on('exit', (code, signal) => {
      if (child.pid !== undefined) killGroup(child.pid)
      this.ended(signal ?? `exit status ${code}`)
    })
    if (child.pid !== undefined) onEvent({ kind: 'started', pid: child.pid })
    else this.ended('it could not be started')
  }

  private onMessage(message: FromConsumer): void {
    if (message.kind === 'ready') this.life.becameReady()
    this.options.onEvent(message)
  }

  private ended(how: string): void {
    this.child = undefined
    this.life.ended(how)
  }
}
