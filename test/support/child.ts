/** Starts other processes, for tests of behaviour between processes. Each is killed at the end of its test. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { onTestFinished } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

/** The beginning of every child's code. Its arguments are in `args`; the first one, a journal's directory, is in `dir`. */
const PRELUDE = `
import * as ticktape from 'ticktape'
import { ascii, bytes, f64, frame, u32, MergedReader, on, Reader, Writer } from 'ticktape'
import { setTimeout as sleep } from 'node:timers/promises'
const args = process.argv.slice(1)
const [dir] = args
const Count = frame('Count', 2, { n: f64 })
const Pair = frame('Pair', 3, { n: f64, note: ascii(40) }, { slots: 2 })
const say = (...values) => process.stdout.write(JSON.stringify(values.length === 1 ? values[0] : values) + '\\n')
const line = () => new Promise(resolve => process.stdin.once('data', resolve))
`

export interface Result {
  readonly code: number | null
  readonly signal: string | null
  /** Its output, one JSON value per line. */
  readonly said: readonly unknown[]
  readonly stderr: string
}

export class Child {
  readonly process: ChildProcessWithoutNullStreams
  private readonly exited: Promise<Result>
  private readonly said: unknown[] = []
  private readonly waiting: ((value: unknown) => void)[] = []
  private taken = 0

  constructor(code: string, args: readonly unknown[], nodeOptions: readonly string[]) {
    const child = spawn(
      process.execPath,
      [...nodeOptions, '--input-type=module', '-e', PRELUDE + code, ...args.map(String)],
      { cwd: ROOT },
    )
    this.process = child
    let stderr = ''
    child.stderr.on('data', chunk => (stderr += String(chunk)))
    child.stdin.on('error', () => {}) // It may end before it reads this. Then its exit is reported.
    const lines = createInterface({ input: child.stdout })
    lines.on('line', text => {
      this.said.push(JSON.parse(text))
      if (this.waiting.length > 0) this.waiting.shift()?.(this.said[this.taken++])
    })
    this.exited = Promise.all([once(child, 'exit'), once(lines, 'close'), once(child.stderr, 'close')]).then(
      ([[exitCode, signal]]) => ({
        code: exitCode as number | null,
        signal: signal as string | null,
        said: this.said,
        stderr,
      }),
    )
    onTestFinished(async () => {
      child.kill('SIGKILL')
      await this.exited
    })
  }

  get pid(): number {
    return this.process.pid as number
  }

  /** The next line of its output; an error when it ends first. */
  async hear(): Promise<unknown> {
    if (this.taken < this.said.length) return this.said[this.taken++]
    return Promise.race([
      new Promise<unknown>(resolve => this.waiting.push(resolve)),
      this.exited.then(({ code, signal, stderr }) => {
        throw new Error(`the child ended (${String(code ?? signal)}) without output: ${stderr}`)
      }),
    ])
  }

  /** Lets it continue after its `await line()`. */
  tell(text = ''): void {
    this.process.stdin.write(`${text}\n`)
  }

  async end(): Promise<Result> {
    return this.exited
  }

  async kill(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<Result> {
    this.process.kill(signal)
    return this.exited
  }

  stop(): void {
    this.process.kill('SIGSTOP')
  }

  resume(): void {
    this.process.kill('SIGCONT')
  }
}

/** Runs code in another process. */
export function startChild(code: string, args: readonly unknown[] = [], nodeOptions: readonly string[] = []): Child {
  return new Child(code, args, nodeOptions)
}

/** Like `startChild`, but waits for its end. */
export async function runChild(
  code: string,
  args: readonly unknown[] = [],
  nodeOptions: readonly string[] = [],
): Promise<Result> {
  const child = startChild(code, args, nodeOptions)
  child.process.stdin.end()
  return child.end()
}
