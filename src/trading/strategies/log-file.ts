import * as fs from 'node:fs'
import * as path from 'node:path'
import type { Directory } from '../../native/addon.js'
import { native } from '../../native/index.js'

/** A file that is larger gets a successor, and so many files of one name are kept. */
const MOST_BYTES = 16 * 1024 * 1024
const MOST_FILES = 10

/**
 * What a strategy logs: `<home>/log/<id>.<day>.<n>.log`, a new file each day (UTC) and after 16 MiB; the ten newest are kept.
 * A line that cannot be written is not worth stopping a strategy for: the first failure is printed once, and the lines go to
 * standard error alone.
 */
export class LogFile {
  private fd: number | undefined = undefined
  private day = ''
  private bytes = 0
  private failed = false
  /** Open, to notice that its path names another one. */
  private opened: Directory | undefined = undefined

  constructor(
    private readonly directory: string,
    private readonly id: string,
  ) {}

  write(text: string): void {
    const now = new Date().toISOString()
    const line = `${now} ${text.replaceAll('\n', '\n  ')}\n`
    process.stderr.write(`[${this.id}] ${text}\n`)
    if (this.failed) return
    try {
      const day = now.slice(0, 10)
      if (this.fd === undefined || day !== this.day || this.bytes > MOST_BYTES) this.open(day)
      this.bytes += fs.writeSync(this.fd as number, line)
    } catch (error) {
      this.failed = true
      process.stderr.write(`[${this.id}] the log in ${this.directory} cannot be written: ${(error as Error).message}\n`)
    }
  }

  close(): void {
    this.closeFile()
    this.opened?.close()
    this.opened = undefined
  }

  private closeFile(): void {
    if (this.fd !== undefined) fs.closeSync(this.fd)
    this.fd = undefined
  }

  private open(day: string): void {
    this.closeFile()
    this.checkDirectory()
    const files = this.filesOf()
    const last = files.at(-1)
    const number = last?.day === day ? last.number : 1
    let file = this.fileOf(day, number)
    const size = fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0
    if (size > MOST_BYTES) file = this.fileOf(day, number + 1)
    this.fd = fs.openSync(file, 'a', 0o600)
    this.bytes = fs.fstatSync(this.fd).size
    this.day = day
    for (const { name } of files.slice(0, Math.max(0, files.length - MOST_FILES + 1)))
      fs.rmSync(path.join(this.directory, name), { force: true })
  }

  /** Creates the directory of a home that is there. A home that was removed is not created again. */
  private checkDirectory(): void {
    if (this.opened === undefined) {
      if (!fs.existsSync(this.directory)) fs.mkdirSync(this.directory, { mode: 0o700 })
      this.opened = native.openDirectory(this.directory, true)
    } else if (!this.opened.isAtPath()) throw new Error('it was removed or replaced')
  }

  /** The files of this strategy, oldest first. */
  private filesOf(): { readonly name: string; readonly day: string; readonly number: number }[] {
    const prefix = `${this.id}.`
    return fs
      .readdirSync(this.directory)
      .flatMap(name => {
        const match = name.startsWith(prefix) ? /^(\d{4}-\d\d-\d\d)\.(\d+)\.log$/.exec(name.slice(prefix.length)) : null
        return match === null ? [] : [{ name, day: match[1], number: Number(match[2]) }]
      })
      .sort((a, b) => a.day.localeCompare(b.day) || a.number - b.number)
  }

  private fileOf(day: string, number: number): string {
    return path.join(this.directory, `${this.id}.${day}.${number}.log`)
  }
}
