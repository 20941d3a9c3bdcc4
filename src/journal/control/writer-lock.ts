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
 * The writer's lock: flock on `writer.lock`, so it is gone the moment its process is, whatever killed it, and holds across
 * pid namespaces and while its process is stopped. The file's text only says who holds it; the lock decides.
 */
export class WriterLock {
  private constructor(
    private readonly lock: FileLock,
    private readonly directory: Directory,
    /** The last holder's epoch, 0 when the file doesn't say. */
    readonly lastEpoch: number,
  ) {}

  /** @throws {WriterLockedError} naming the holder. */
  static acquire(directory: Directory, mode: number): WriterLock {
    const file = pathIn(directory, FileName.LOCK)
    let lock: FileLock | null = null
    try {
      // Whoever only looks whether there is a writer has the lock for microseconds (writer-state.ts).
      for (let look = 0; lock === null && look < LOOKS; look++) {
        if (look > 0) sleepThread(1)
        lock = directory.lockFile(FileName.LOCK, mode)
      }
    } catch (error) {
      throw fromSystemError(error, 'locking', file)
    }
    if (lock === null) throw taken(directory)
    const text = lock.read()
    // New, and made with less than `mode` where the process has a umask.
    if (text === '') lock.setMode(mode)
    return new WriterLock(lock, directory, holderOf(parse(text)).epoch ?? 0)
  }

  /**
   * Claims the journal by its control file too: somebody may have removed `writer.lock` from under a writer that lives.
   *
   * @throws {WriterLockedError}
   */
  claim(control: Control): void {
    if (!control.claim()) throw taken(this.directory)
  }

  /** Says in the file who holds it now, and which pages it will remove. */
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

/** Looks before the lock counts as held, a millisecond apart. */
const LOOKS = 4

function taken(directory: Directory): WriterLockedError {
  const holder = readHolder(directory)
  return new WriterLockedError(
    `${pathOf(directory)} already has a writer (pid ${holder.pid ?? 'unknown'} on ${holder.host ?? 'an unknown host'}, since ${holder.since ?? 'unknown'}); ` +
      'a journal has one: stop that process, or write a journal of your own',
    holder,
    { path: pathIn(directory, FileName.LOCK) },
  )
}

/** Who holds (or last held) the writer's lock, as its file says. */
export function readHolder(directory: Where): LockHolder {
  return holderOf(readLockText(directory))
}

/** What the writer's lock says in its file; nothing when it cannot be read: the lock decides, its text informs. */
export function readLockText(directory: Where): Readonly<Record<string, unknown>> {
  // Without it only a message gets poorer: whoever may not read the file still learns that the lock is held.
  const bytes = tryReadIn(directory, FileName.LOCK, MOST_BYTES)
  return bytes === undefined ? {} : parse(bytes.toString('utf8'))
}

const MOST_BYTES = 4096

/** A holder that died while it signed, or a new file, says nothing. */
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
