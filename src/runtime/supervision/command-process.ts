import { type ChildProcess, spawn } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { createInterface } from 'node:readline'
import type { FromConsumer, ToConsumer } from '../consumer/messages.js'

/** A program and its arguments, and the folder to run it in. */
export interface CommandLine {
  readonly words: readonly string[]
  readonly folder: string
  /** Variables of its environment beside ours. */
  readonly environment?: Readonly<Record<string, string>>
}

/** What a supervisor needs of a process: ChildProcess has it. */
export interface SupervisedProcess {
  readonly pid?: number | undefined
  readonly connected: boolean
  send(message: ToConsumer, done: (error: Error | null) => void): unknown
  kill(signal: NodeJS.Signals): unknown
  on(event: 'message', listener: (message: FromConsumer) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'exit', listener: (code: number | null, signal: NodeJS.Signals | null) => void): unknown
  once(event: 'exit', listener: (code: number | null, signal: NodeJS.Signals | null) => void): unknown
}

/**
 * A process in any language. It gets messages as lines of JSON on its standard input, whose end is the end of this process,
 * and sends its own on its standard output. What it writes there beside them, and on standard error, is passed on to ours.
 * Its event 'exit' may come before its last messages; 'finished' comes after them.
 *
 * It leads a group of its own: Ctrl-C on a terminal reaches this process alone, which stops it in order.
 */
export class CommandProcess extends EventEmitter implements SupervisedProcess {
  private readonly child: ChildProcess

  /**
   * @param argument its last argument.
   * @param kinds of the messages that it sends.
   */
  constructor(
    { words, folder, environment }: CommandLine,
    argument: string,
    env: NodeJS.ProcessEnv = process.env,
    private readonly kinds: readonly string[] = KINDS,
  ) {
    super()
    const [program, ...rest] = words
    const child = spawn(program, [...rest, argument], {
      cwd: folder,
      env: { ...env, ...environment },
      stdio: ['pipe', 'pipe', 2],
      detached: true,
    })
    this.child = child
    // It may end before it has read a message; its exit says so.
    child.stdin?.on('error', () => {})
    child.on('error', error => this.emit('error', error))
    child.on('exit', (code, signal) => this.emit('exit', code, signal))
    if (child.stdout === null) return
    const lines = createInterface({ input: child.stdout }).on('line', line => this.onLine(line))
    lines.on('close', () => this.afterExit((code, signal) => this.emit('finished', code, signal)))
  }

  get pid(): number | undefined {
    return this.child.pid
  }

  get connected(): boolean {
    return this.child.stdin?.writable === true
  }

  send(message: ToConsumer, done: (error: Error | null) => void): void {
    this.child.stdin?.write(`${JSON.stringify(message)}\n`, error => done(error ?? null))
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  private afterExit(then: (code: number | null, signal: NodeJS.Signals | null) => void): void {
    const { exitCode, signalCode } = this.child
    if (exitCode === null && signalCode === null) this.child.once('exit', then)
    else then(exitCode, signalCode)
  }

  private onLine(line: string): void {
    const message = messageIn(line, this.kinds)
    if (message === undefined) process.stderr.write(`${line}\n`)
    else this.emit('message', message)
  }
}

const KINDS: readonly FromConsumer['kind'][] = ['ready', 'failed']

/** The message in a line; undefined for other text. */
function messageIn(line: string, kinds: readonly string[]): object | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const message = JSON.parse(line) as { readonly kind?: unknown }
    return kinds.includes(message.kind as string) ? message : undefined
  } catch {
    return undefined
  }
}
