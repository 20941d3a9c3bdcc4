import { styleText } from 'node:util'
import { OutputClosedError } from './failure.js'

/** Characters gathered before they are written. */
const CHUNK = 64 * 1024

/** Buffers lines for stdout and writes them in large pieces. */
export class Output {
  private text = ''

  constructor(private readonly stream: NodeJS.WriteStream = process.stdout) {
    // A failed write is reported to its callback; without this listener it would also end the process.
    stream.on('error', () => {})
  }

  line(text: string): void {
    this.add(`${text}\n`)
  }

  /** Text that has its line ends. */
  add(text: string): void {
    this.text += text
  }

  /** JSON has no bigint: numbers of 64 bits are decimal strings. */
  json(value: unknown): void {
    this.line(toJson(value))
  }

  /** Whether the buffer is full enough for a write. */
  get full(): boolean {
    return this.text.length >= CHUNK
  }

  /** @throws {OutputClosedError} when the reader has closed the pipe. */
  async flush(): Promise<void> {
    const text = this.text
    this.text = ''
    if (text === '') return
    await new Promise<void>((resolve, reject) => {
      this.stream.write(text, error => {
        if (!error) resolve()
        else reject((error as NodeJS.ErrnoException).code === 'EPIPE' ? new OutputClosedError() : error)
      })
    })
  }
}

export function toJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'bigint' ? String(part) : part instanceof Uint8Array ? Buffer.from(part).toString('hex') : part,
  )
}

/** Whether a stream may get colours: a terminal, and NO_COLOR (no-color.org) not set. */
export function hasColours(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && !process.env['NO_COLOR']
}

export function paint(colour: 'green' | 'yellow' | 'red' | 'bold', text: string): string {
  return hasColours(process.stdout) ? styleText(colour, text) : text
}
