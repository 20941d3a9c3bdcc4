import * as fs from 'node:fs'
import * as path from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { ClosedError, InvalidOptionError } from '../../base/errors.js'
import { makeDirectories } from '../../base/files/make-directories.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import { fromSystemError } from '../../base/system-error.js'
import type { Directory, FileLock } from '../../native/addon.js'
import { native } from '../../native/index.js'
import { RecordingBusyError, RecordingReplacedError } from '../errors.js'
import { dayIn, dayOf, namesBefore, nextName } from './capture-names.js'
import { type RecordingState, readState, writeState } from './recording-state.js'

export interface CaptureWriterOptions {
  /** What the names of its files begin with: letters, digits, '_' and '-'. Default 'capture'. */
  readonly name?: string | undefined
  /** A file of this size, in bytes, is followed by another one. Default 1 GiB. */
  readonly maxBytes?: number | undefined
  /**
   * Files of this recording from before the last so many days (UTC), the day of the newest message included, are removed when
   * another file begins. Default: all are kept.
   */
  readonly keepDays?: number | undefined
}

/** Characters that are compressed together: what a kill loses at most, beside what has come since the last `flush`. */
const BLOCK = 256 * 1024

/**
 * Records messages into capture files of a directory: gzip, one line `<ns since 1970> <JSON>` for each. A file ends when it is
 * large enough and at the end of a day (UTC, by the times of receipt).
 *
 * Each block is a complete gzip member, written at once: after a kill a file is sound up to its last block, and the next
 * writer continues in it.
 */
export class CaptureWriter {
  /** Messages written by this writer. */
  messages = 0
  /** Files that this writer has begun or continued. */
  files = 0
  /** When the last message of the recording was received, ns since 1970; undefined at its beginning. */
  last: bigint | undefined
  private waiting: string[] = []
  private waitingLength = 0
  private fd: number | undefined = undefined
  private file = ''
  private bytes = 0

  private constructor(
    readonly directory: string,
    private readonly name: string,
    private readonly maxBytes: number,
    private readonly keepDays: number | undefined,
    /** Open, to notice that its path names another one. */
    private readonly opened: Directory,
    private lock: FileLock | undefined,
    state: RecordingState | undefined,
  ) {
    this.last = state === undefined ? undefined : BigInt(state.last)
    if (state !== undefined) this.continueIn(state)
  }

  /**
   * Opens a directory, which is created if needed, and continues the recording that it has.
   *
   * @throws {RecordingBusyError} when another process records there, {InvalidOptionError}, {SystemCallError}.
   */
  static open(directory: string, options: CaptureWriterOptions = {}): CaptureWriter {
    checkOptions('CaptureWriter', options, {
      name: value =>
        typeof value === 'string' && /^[\w-]{1,64}$/.test(value) ? undefined : "1 to 64 letters, digits, '_' and '-'",
      maxBytes: kinds.integer(1, Number.MAX_SAFE_INTEGER),
      keepDays: kinds.integer(1, 100_000),
    })
    const { name = 'capture', maxBytes = 2 ** 30, keepDays } = options
    const absolute = path.resolve(directory)
    let opened: Directory | undefined
    let lock: FileLock | null
    try {
      makeDirectories(absolute)
      opened = native.openDirectory(absolute, true)
      lock = opened.lockFile('recording.lock', 0o644)
    } catch (error) {
      opened?.close()
      throw fromSystemError(error, 'opening', directory)
    }
    try {
      if (lock === null)
        throw new RecordingBusyError(`another process records into ${directory}; stop it, or give another directory`, {
          path: directory,
        })
      return new CaptureWriter(absolute, name, maxBytes, keepDays, opened, lock, readState(absolute))
    } catch (error) {
      lock?.close()
      opened.close()
      throw error
    }
  }

  /** The path of the file that is written; '' before the first message. */
  get path(): string {
    return this.file === '' ? '' : path.join(this.directory, this.file)
  }

  /** Bytes of this file that are on the disk. */
  get size(): number {
    return this.bytes
  }

  /**
   * Records one message.
   *
   * @param message JSON. Line ends in it become spaces, which are the same there.
   * @param receivedNs ns since 1970.
   * @throws {NoSpaceError}, {SystemCallError} when an earlier block cannot be written: this message is not recorded then, earlier ones
   *   are kept, and the next call tries again. {RecordingReplacedError}
   */
  write(message: string, receivedNs: bigint): void {
    if (this.lock === undefined) throw new ClosedError('the writer of captures is closed; open it again')
    if (typeof message !== 'string' || typeof receivedNs !== 'bigint' || receivedNs < 0n || receivedNs >= 2n ** 63n)
      throw new InvalidOptionError(
        `a message is text with its time in ns since 1970 as a bigint, not ${formatValue(receivedNs)}`,
      )
    if (this.waitingLength >= BLOCK) this.flush()
    const day = dayOf(receivedNs)
    // A clock that steps back does not end a file again.
    if (this.file !== '' && day > dayIn(this.file)) this.end()
    if (this.file === '') this.begin(day)
    const line = `${receivedNs} ${message.replaceAll(/[\r\n]+/g, ' ')}\n`
    this.waiting.push(line)
    this.waitingLength += line.length
    this.last = receivedNs
    this.messages++
  }

  /**
   * Writes what waits.
   *
   * @throws {NoSpaceError}, {SystemCallError} when it cannot: it is kept then. {RecordingReplacedError}
   */
  flush(): void {
    const { fd } = this
    if (fd === undefined || this.waitingLength === 0) return
    this.checkDirectory()
    const block = gzipSync(this.waiting.join(''), { level: 4 })
    try {
      for (let done = 0; done < block.length; ) done += fs.writeSync(fd, block, done, undefined, this.bytes + done)
      writeState(this.directory, { file: this.file, bytes: this.bytes + block.length, last: String(this.last) })
    } catch (error) {
      this.removePart(fd)
      throw fromSystemError(error, 'writing', this.path)
    }
    this.bytes += block.length
    this.waiting = []
    this.waitingLength = 0
    if (this.bytes >= this.maxBytes) this.end()
  }

  /** Writes what waits, and ends. Any number of times. @throws {NoSpaceError}, {SystemCallError} */
  close(): void {
    if (this.lock === undefined) return
    try {
      this.flush()
    } finally {
      if (this.fd !== undefined) fs.closeSync(this.fd)
      this.fd = undefined
      this.lock.close()
      this.lock = undefined
      this.opened.close()
    }
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** The state and the next file are written by path. */
  private checkDirectory(): void {
    if (this.opened.isAtPath()) return
    throw new RecordingReplacedError(
      `${this.directory} was removed or replaced while it was recorded into; record into another directory, or start again`,
      { path: this.directory },
    )
  }

  private begin(day: string): void {
    this.checkDirectory()
    this.openFile(nextName(this.directory, this.name, day), 'wx')
    if (this.keepDays === undefined) return
    for (const file of namesBefore(this.directory, this.name, day, this.keepDays)) this.remove(file)
  }

  private remove(file: string): void {
    const target = path.join(this.directory, file)
    try {
      fs.rmSync(target)
    } catch (error) {
      throw fromSystemError(error, 'removing', target)
    }
  }

  /** The file is complete: the next message begins another one. */
  private end(): void {
    this.flush()
    // `flush` may have ended it already, by its size.
    if (this.fd === undefined) return
    fs.closeSync(this.fd)
    this.fd = undefined
    this.file = ''
    this.bytes = 0
  }

  /** What an earlier writer left: its file up to the last complete block, if it is large enough to have it. */
  private continueIn({ file, bytes }: RecordingState): void {
    const target = path.join(this.directory, file)
    const size = fs.statSync(target, { throwIfNoEntry: false })?.size ?? 0
    // After a power loss the file may have less than was written. What it has stays as it is.
    if (size < bytes || bytes >= this.maxBytes) return
    this.openFile(file, 'r+')
    this.bytes = bytes
    if (size > bytes) this.bytes += this.completeBytesAfter(bytes, size)
  }

  /** A kill between a block and the state leaves one more block, complete or not. Returns its bytes; removes a part of one. */
  private completeBytesAfter(bytes: number, size: number): number {
    const fd = this.fd as number
    const rest = Buffer.alloc(size - bytes)
    try {
      fs.readSync(fd, rest, 0, rest.length, bytes)
      const line = gunzipSync(rest).toString().trimEnd().split('\n').at(-1) ?? ''
      this.last = BigInt(/^\d+/.exec(line)?.[0] ?? '')
      return rest.length
    } catch {
      fs.ftruncateSync(fd, bytes)
      return 0
    }
  }

  /** A part of a block would end the file for its readers. */
  private removePart(fd: number): void {
    try {
      fs.ftruncateSync(fd, this.bytes)
    } catch {
      // The caller throws the error that matters. The state says what is complete, and the next writer removes the rest.
    }
  }

  private openFile(file: string, flags: string): void {
    try {
      this.fd = fs.openSync(path.join(this.directory, file), flags)
    } catch (error) {
      throw fromSystemError(error, 'opening', path.join(this.directory, file))
    }
    this.file = file
    this.bytes = 0
    this.files++
  }
}
