import * as os from 'node:os'
import { thisBoot } from '../../base/boot.js'
import { pathIn, pathOf, tryReadIn, type Where } from '../../base/files/where.js'
import { sleepThread } from '../../base/sleep.js'
import type { Directory, FileLock } from '../../native/addon.js'
import { crashPoint } from '../../native/crash-point.js'
import { native } from '../../native/index.js'
import { type LockHolder, WriterLockedError } from '../errors.js'
import { FileName } from '../files/directory.js'
import { fromSystemError } from '../system-error.js'
import type { Control } from './control.js'

/**
 * The writer's lock: flock on `writer.lock`. The system releases it when the process ends, however it ends. It also holds across pid
 * namespaces, and while the process is stopped. The file's text says who holds the lock, but only the lock decides.
 */
export class WriterLock {
  private constructor(
    private readonly lock: FileLock,
    private readonly directory: Directory,
    /** The last holder's epoch; 0 when the file does not contain it. */
    readonly lastEpoch: number,
  ) {}

  /** @throws {WriterLockedError} naming the holder. */
  static acquire(directory: Directory, mode: number): WriterLock {
    const file = pathIn(directory, FileName.LOCK)
    let lock: FileLock | null = null
    try {
      // A process that checks whether there is a writer holds the lock for microseconds (writer-state.ts).
      for (let attempt = 0; lock === null && attempt < ATTEMPTS; attempt++) {
        if (attempt > 0) sleepThread(1)
        lock = directory.lockFile(FileName.LOCK, mode)
      }
    } catch (error) {
      throw fromSystemError(error, 'locking', file)
    }
    if (lock === null) throw taken(directory)
    const text = lock.read()
    // A new file. A umask may have removed permissions that `mode` has.
    if (text === '') lock.setMode(mode)
    return new WriterLock(lock, directory, holderOf(parse(text)).epoch ?? 0)
  }

  /**
   * Also locks the control file: `writer.lock` may have been removed while a writer is alive.
   *
   * @throws {WriterLockedError}
   */
  claim(control: Control): void {
    if (!control.claim()) throw taken(this.directory)
  }

  /** Writes into the file who holds the lock, and the limits of its retention. */
  sign(epoch: number, retain?: object): void {
    const holder = {
      pid: process.pid,
      processStart: native.processStart(process.pid),
      since: new Date().toISOString(),
      host: os.hostname(),
      epoch,
      bootId: thisBoot(),
      retain,
    }
    try {
      this.lock.write(`${JSON.stringify(holder)}\n`)
    } catch (error) {
      throw fromSystemError(error, 'signing', pathIn(this.directory, FileName.LOCK))
    }
    crashPoint('lock-signed')
  }

  release(): void {
    this.lock.close()
  }
}

/** Attempts, a millisecond apart, before the lock counts as held. */
const ATTEMPTS = 4

function taken(directory: Directory): WriterLockedError {
  const holder = readHolder(directory)
  return new WriterLockedError(
    `${pathOf(directory)} already has a writer (pid ${holder.pid ?? 'unknown'} on ${holder.host ?? 'an unknown host'}, since ${holder.since ?? 'unknown'}); ` +
      'a journal has only one: stop that process, or write another journal',
    holder,
    { path: pathIn(directory, FileName.LOCK) },
  )
}

/** Who holds, or last held, the writer's lock, from the text of its file. */
export function readHolder(directory: Where): LockHolder {
  return holderOf(readLockText(directory))
}

/** The text of the writer's lock file, parsed; empty when it cannot be read. The lock decides; its text only informs. */
export function readLockText(directory: Where): Readonly<Record<string, unknown>> {
  // Without it a message has less information, but a process that may not read the file still learns that the lock is held.
  const bytes = tryReadIn(directory, FileName.LOCK, MOST_BYTES)
  return bytes === undefined ? {} : parse(bytes.toString('utf8'))
}

const MOST_BYTES = 4096

/** Empty for a new file, and for one whose holder died while it wrote the text. */
function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(text)
    return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function holderOf({ pid, since, host, epoch }: Readonly<Record<string, unknown>>): LockHolder {
  return {
    pid: Number.isSafeInteger(pid) ? (pid as number) : undefined,
    since: typeof since === 'string' ? since.slice(0, 64) : undefined,
    host: typeof host === 'string' ? host.slice(0, 255) : undefined,
    epoch: Number.isSafeInteger(epoch) && (epoch as number) > 0 ? (epoch as number) : undefined,
  }
}
