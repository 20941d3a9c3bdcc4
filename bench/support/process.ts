import { type ChildProcess, fork } from 'node:child_process'
import { join } from 'node:path'

interface Reply {
  readonly ready?: true
  readonly result?: unknown
  readonly error?: string
}

/** Another Node process that runs tasks, one at a time; child.ts is its other end. */
export class Process {
  private readonly child: ChildProcess
  private settle: { resolve: (value: unknown) => void; reject: (error: Error) => void } | undefined
  private readySettle: (() => void) | undefined

  /** @param program a file of bench/roles, without its suffix. */
  static start(program: string, nodeOptions: readonly string[] = []): Process {
    return new Process(program, nodeOptions)
  }

  private constructor(program: string, nodeOptions: readonly string[]) {
    this.child = fork(join(import.meta.dirname, '..', 'roles', `${program}.js`), {
      execArgv: [...nodeOptions],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    this.child.on('message', message => {
      const reply = message as Reply
      if (reply.ready === true) {
        this.readySettle?.()
        return
      }
      const settle = this.settle
      this.settle = undefined
      if (reply.error === undefined) settle?.resolve(reply.result)
      else settle?.reject(new Error(`${program}: ${reply.error}`))
    })
    this.child.on('exit', (code, signal) => this.settle?.reject(new Error(`${program} ended with ${signal ?? code}`)))
  }

  get pid(): number {
    return this.child.pid as number
  }

  /** Does a task and resolves with its result. */
  async call<T>(task: string, argument: object = {}): Promise<T> {
    if (this.settle !== undefined) throw new Error(`${task} while another task runs`)
    const result = new Promise<unknown>((resolve, reject) => {
      this.settle = { resolve, reject }
    })
    this.child.send({ task, argument })
    return (await result) as T
  }

  /** Begins a task; resolves, when the task says that it is ready, with the promise of its result. */
  async begin<T>(task: string, argument: object = {}): Promise<{ readonly result: Promise<T> }> {
    const ready = new Promise<void>(resolve => {
      this.readySettle = resolve
    })
    const result = this.call<T>(task, argument)
    await Promise.race([ready, result])
    return { result }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const ended = new Promise(resolve => this.child.once('exit', resolve))
    if (this.child.connected) this.child.disconnect()
    await ended
  }
}
