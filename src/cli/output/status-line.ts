import { stripVTControlCharacters } from 'node:util'

/** How often the line is written where it cannot be redrawn, in ms. */
const PLAIN_EVERY_MS = 1000

/** A status line that is redrawn on a terminal, and lines for events, which stay. */
export class StatusLine {
  private drawn = ''
  private plainAt = Number.NEGATIVE_INFINITY

  constructor(private readonly stream: NodeJS.WriteStream) {
    // The reader may have closed the stream: the command continues without output.
    stream.on('error', () => {})
  }

  show(text: string): void {
    if (!this.stream.isTTY) {
      if (performance.now() - this.plainAt < PLAIN_EVERY_MS) return
      this.plainAt = performance.now()
      this.stream.write(`${text}\n`)
      return
    }
    this.erase()
    this.drawn = text.slice(0, Math.max(1, (this.stream.columns || 80) - 1))
    this.stream.write(this.drawn)
  }

  event(text: string): void {
    this.erase()
    this.stream.write(`${text}\n`)
  }

  erase(): void {
    if (this.drawn === '') return
    this.stream.write(`\r${' '.repeat(stripVTControlCharacters(this.drawn).length)}\r`)
    this.drawn = ''
  }
}
