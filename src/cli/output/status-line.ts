import { stripVTControlCharacters } from 'node:util'

/** How often the line is written where it cannot be drawn over, in ms. */
const PLAIN_EVERY_MS = 1000

/** One line that says how things stand, drawn over itself on a terminal, and lines for what happens, which stay. */
export class StatusLine {
  private drawn = ''
  private plainAt = Number.NEGATIVE_INFINITY

  constructor(private readonly stream: NodeJS.WriteStream) {
    // Nobody may read any more: what goes on goes on without being told.
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
