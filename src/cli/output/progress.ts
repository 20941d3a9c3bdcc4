/** The progress of a long operation: one line on stderr that is redrawn, only on a terminal and only if the operation takes long. */

const FIRST_AFTER_MS = 300
const EVERY_MS = 100
const BAR_WIDTH = 24

export class Progress {
  private readonly begun = performance.now()
  private drawnAt = 0
  private drawnWidth = 0

  constructor(
    private readonly what: string,
    private readonly stream: NodeJS.WriteStream = process.stderr,
  ) {}

  /** `note` stands after the bar. */
  update(done: number, total: number, note = ''): void {
    if (!this.stream.isTTY) return
    const now = performance.now()
    if (now - this.begun < FIRST_AFTER_MS || now - this.drawnAt < EVERY_MS) return
    this.drawnAt = now
    const part = total === 0 ? 1 : Math.min(1, done / total)
    const filled = Math.round(part * BAR_WIDTH)
    this.draw(
      `${this.what} [${'#'.repeat(filled)}${'.'.repeat(BAR_WIDTH - filled)}] ${Math.floor(part * 100)}% ${note}`,
    )
  }

  /** Leaves an empty line behind. */
  end(): void {
    if (this.drawnWidth === 0) return
    this.draw('')
    this.stream.write('\r')
    this.drawnWidth = 0
  }

  /** Drawn over with spaces, so that no escape code is needed. */
  private draw(text: string): void {
    const line = text.slice(0, Math.max(1, (this.stream.columns || 80) - 1))
    this.stream.write(`\r${line.padEnd(this.drawnWidth)}`)
    this.drawnWidth = line.length
  }
}
