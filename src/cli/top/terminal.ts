import { writeSync } from 'node:fs'
import { emitKeypressEvents, type Key } from 'node:readline'

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l'
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l'

export interface TerminalEvents {
  /** `name` as readline names the key; `text` as it was typed. */
  readonly onKey: (name: string | undefined, text: string) => void
  readonly onResize: () => void
  /** Ctrl-C, a signal, or the terminal is gone. */
  readonly onEnd: () => void
}

/**
 * The alternate screen of a terminal, with keys one by one. Only lines that changed are written. However the process ends (but for SIGKILL),
 * the terminal is as it was.
 */
export class Terminal {
  private drawn: string[] = []
  private isOpen = true
  private readonly leave = (): void => this.restore()
  private readonly end = (): void => this.events.onEnd()
  private readonly resized = (): void => {
    this.drawn = []
    this.events.onResize()
  }
  private readonly continued = (): void => {
    this.enter()
    this.events.onResize()
  }
  private readonly pressed = (text: string | undefined, { name, ctrl = false }: Key): void => {
    if (ctrl && name === 'c') this.events.onEnd()
    else if (ctrl && name === 'z') this.suspend()
    else if (!ctrl) this.events.onKey(name, text ?? '')
  }

  constructor(
    private readonly input: NodeJS.ReadStream,
    private readonly output: NodeJS.WriteStream & { readonly fd: number },
    private readonly events: TerminalEvents,
  ) {
    // The last thing that a process does, also after an error that nothing handles.
    process.on('exit', this.leave)
    for (const signal of ENDINGS) process.on(signal, this.end)
    process.on('SIGCONT', this.continued)
    output.on('resize', this.resized).on('error', this.end)
    emitKeypressEvents(input)
    input.on('keypress', this.pressed).on('end', this.end)
    this.enter()
  }

  get size(): { readonly columns: number; readonly rows: number } {
    const { columns, rows } = this.output
    return { columns: columns || 80, rows: rows || 24 }
  }

  /** Writes the lines that changed. A terminal that has not taken the last ones yet, over a slow line, gets them next time. */
  draw(lines: readonly string[]): void {
    if (!this.isOpen || this.output.writableLength > 0) return
    let text = ''
    for (let i = 0; i < Math.max(lines.length, this.drawn.length); i++)
      if (lines[i] !== this.drawn[i]) text += `\u001b[${i + 1};1H${lines[i] ?? ''}\u001b[K`
    this.drawn = [...lines]
    if (text !== '') this.output.write(text)
  }

  close(): void {
    this.restore()
    process.off('exit', this.leave).off('SIGCONT', this.continued)
    for (const signal of ENDINGS) process.off(signal, this.end)
    this.output.off('resize', this.resized).off('error', this.end)
    this.input.off('keypress', this.pressed).off('end', this.end)
    this.input.pause()
  }

  private enter(): void {
    this.isOpen = true
    this.drawn = []
    this.input.setRawMode(true)
    this.input.resume()
    this.output.write(`${ENTER}\u001b[2J`)
  }

  /** Synchronous: the process may end right after it. */
  private restore(): void {
    if (!this.isOpen) return
    this.isOpen = false
    try {
      this.input.setRawMode(false)
      writeSync(this.output.fd, LEAVE)
    } catch {
      // The terminal is gone: there is nothing to restore.
    }
  }

  /** Ctrl-Z: back to the shell, until `fg`. */
  private suspend(): void {
    this.restore()
    process.kill(process.pid, 'SIGSTOP')
  }
}

const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const
