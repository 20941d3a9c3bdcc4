import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'

const ROOT = join(import.meta.dirname, '..', '..')

/** Compiles the C++ baseline into a folder, with CMake or with the compiler alone. Returns the program, or the reason why there is none. */
export function buildBaseline(
  output: string = join(ROOT, 'build-bench', 'baseline'),
): { readonly program: string } | { readonly missing: string } {
  const source = join(ROOT, 'bench', 'baseline')
  const program = join(output, 'baseline')
  fs.mkdirSync(output, { recursive: true })
  if (built('cmake', '-S', source, '-B', output, '-DCMAKE_BUILD_TYPE=Release') && built('cmake', '--build', output))
    return { program }
  const files = ['main.cpp', 'journal.cpp', 'decode.cpp'].map(file => join(source, file))
  for (const compiler of ['g++', 'clang++']) {
    if (built(compiler, '-std=c++17', '-O3', '-pthread', '-o', program, ...files)) return { program }
  }
  return { missing: 'there is neither cmake nor a C++ compiler' }
}

/** Runs a build step; false when there is no such command. */
function built(command: string, ...words: string[]): boolean {
  const { status, error, stderr, stdout } = spawnSync(command, words, { encoding: 'utf8' })
  if (error !== undefined) return false
  if (status !== 0) throw new Error(`${command} ${words.join(' ')} failed: ${stdout}${stderr}`)
  return true
}

/** A running baseline. It prints "ready", waits for "go" if it has to be synchronised, and prints one line of JSON. */
export class Baseline {
  private readonly child: ChildProcess
  private readonly lines: AsyncIterator<string>
  private readonly reader: Interface
  private readonly ended: Promise<number | null>

  constructor(program: string, words: readonly (string | number)[]) {
    this.child = spawn(program, words.map(String), { stdio: ['pipe', 'pipe', 'inherit'] })
    this.reader = createInterface({ input: this.child.stdout as NodeJS.ReadableStream })
    this.lines = this.reader[Symbol.asyncIterator]()
    this.ended = new Promise(resolve => this.child.on('exit', resolve))
  }

  async ready(): Promise<void> {
    const line = await this.line()
    if (line !== 'ready') throw new Error(`the baseline said '${line}'`)
  }

  go(): void {
    this.child.stdin?.write('go\n')
  }

  async result<T>(): Promise<T> {
    return JSON.parse(await this.line()) as T
  }

  /** Waits until it has ended. @throws when it found an error in the frames it read. */
  async end(): Promise<void> {
    this.child.stdin?.end()
    const code = await this.ended
    this.reader.close()
    if (code !== 0) throw new Error(`the baseline ended with ${code}`)
  }

  private async line(): Promise<string> {
    const next = await this.lines.next()
    if (next.done === true) throw new Error('the baseline ended early')
    return next.value
  }
}
