import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ascii, bool, bytes, enumOf, f64, frame, u64, Writer, type WriterOptions } from 'ticktape'
import { onTestFinished } from 'vitest'
import { crc32c } from './plain-decoder.ts'

/** Journals for the tests of functions and commands that inspect journals. */

export const Quote = frame('Quote', 1, { symbol: ascii(16), price: f64, side: enumOf('buy', 'sell') })
export const Note = frame('Note', 2, { text: ascii(16), id: u64, raw: bytes(8), ok: bool }, { slots: 2 })

/** The bytes of a page: the smallest possible size. */
export const PAGE_SIZE = 64 * 1024
/** The slots of such a page. */
export const CAPACITY = (PAGE_SIZE - 4096) / 64

/** Writes quotes, and a note of two slots after every tenth. Returns the positions written. */
export function fill(writer: Writer, quotes: number): number[] {
  const positions: number[] = []
  for (let i = 0; i < quotes; i++) {
    positions.push(writer.write(Quote, { symbol: 'BTC-USDT', price: i, side: i % 2 === 0 ? 'buy' : 'sell' }))
    if (i % 10 !== 9) continue
    positions.push(
      writer.write(
        Note,
        { text: 'a b', id: BigInt(i), raw: Uint8Array.of(1, 2), ok: true },
        { cause: positions[i], source: 3, dest: 4 },
      ),
    )
  }
  return positions
}

/** A closed journal. Checked: with checksums, all frames durable. */
export async function makeJournal(
  directory: string,
  quotes: number,
  checked = false,
  options: WriterOptions = {},
): Promise<number[]> {
  using writer = Writer.open(directory, { pageSize: PAGE_SIZE, durability: checked ? 'commit' : 'process', ...options })
  const positions = fill(writer, quotes)
  await writer.flush()
  return positions
}

export function pageFile(directory: string, page: number): string {
  return join(directory, `${String(page).padStart(10, '0')}.page`)
}

/** The offset of a slot in its page's file. */
export function slotAt(slot: number): number {
  return 4096 + slot * 64
}

/** Changes bytes of a file in place. */
export function patch(file: string, offset: number, values: Uint8Array | readonly number[]): void {
  const descriptor = openSync(file, 'r+')
  writeSync(descriptor, Uint8Array.from(values), 0, values.length, offset)
  closeSync(descriptor)
}

export function peek(file: string, offset: number, length: number): Buffer {
  const found = Buffer.alloc(length)
  const descriptor = openSync(file, 'r')
  readSync(descriptor, found, 0, length, offset)
  closeSync(descriptor)
  return found
}

/** Inverts one bit. */
export function flip(file: string, offset: number, bit = 0): void {
  patch(file, offset, [peek(file, offset, 1)[0] ^ (1 << bit)])
}

export function u32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer)
}

export function rewrite(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, 'utf8')))
}

/** Changes a page's header so that it was created in another boot of the machine. */
export function moveToOtherBoot(file: string): void {
  patch(file, 40, new Uint8Array(16).fill(0xab))
  patch(file, 120, u32(crc32c(peek(file, 0, 120))))
}

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

export interface CommandResult {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the real command to its end. */
export function ticktape(...args: readonly string[]): CommandResult {
  return ticktapeWith({}, ...args)
}

export function ticktapeWith(env: NodeJS.ProcessEnv, ...args: readonly string[]): CommandResult {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...args], {
    encoding: 'utf8',
    timeout: 60_000,
    maxBuffer: 64 * 2 ** 20,
    env: { ...process.env, ...env },
  })
  return { status, stdout, stderr }
}

/** As `ticktape`, while this process goes on: for commands that a gateway in this process answers. */
export async function runTicktape(...args: readonly string[]): Promise<CommandResult> {
  const child = startTicktape(...args)
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', chunk => void (stdout += String(chunk)))
  child.stderr?.on('data', chunk => void (stderr += String(chunk)))
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, stdout, stderr }
}

/** Starts the real command; it is killed when the test is over. */
export function startTicktape(...args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Reads the child's stdout until it contains `wanted`. */
export async function outputUntil(child: ChildProcess, wanted: string | RegExp): Promise<string> {
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk)
    if (typeof wanted === 'string' ? text.includes(wanted) : wanted.test(text)) return text
  }
  throw new Error(`the command ended before it said ${String(wanted)}: ${text}`)
}

/** The output of a command, as it comes. */
export class Heard {
  text = ''

  constructor(child: ChildProcess) {
    child.stdout?.on('data', chunk => {
      this.text += String(chunk)
    })
  }

  /** Waits until the output has something. */
  async until(wanted: RegExp, ms = 20_000): Promise<string> {
    const end = Date.now() + ms
    while (!wanted.test(this.text)) {
      if (Date.now() > end) throw new Error(`the command did not say ${String(wanted)}, but: ${this.text}`)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    return this.text
  }
}
