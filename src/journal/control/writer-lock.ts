import * as os from 'node:os'
import { thisBoot } from '../../base/boot.js'
import { pathIn, pathOf, tryReadIn, type Where } from '../../base/files/where.js'
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
  static take(directory: Directory, mode: number): WriterLock {
    const file = pathIn(directory, FileName.LOCK)
    let lock: FileLock | null = null
    try {
      // Whoever only looks whether there is a writer has the lock for microseconds (writer-state.ts).
      for (let look = 0; lock === null && look < LOOKS; look++) {
        if (look > 0) Atomics.wait(napping, 0, 0, 1)
        lock = directory.lockFile(FileName.LOCK, mode)
      }
    } catch (error) {
      throw fromSystemError(error, 'locking', file)
    }
    if (lock === null) throw taken(directory)
    const text = lock.read()
    // New, and made with less than `mode` where the process has a umask.
    if (text === '') lock.setMode(mode)
    return new WriterLock(lock, directory, parseHolder(text).epoch ?? 0)
  }

  /**
   * Claims the journal by its control file too: somebody may have removed `writer.lock` from under a writer that lives.
   *
   * @throws {WriterLockedError}
   */
  claim(control: Control): void {
    if (!control.claim()) throw taken(this.directory)
  }

  /** Says in the file who holds it now. */
  sign(epoch: number): void {
    const holder = {
      pid: process.pid,
      processStart: native.processStart(process.pid),
      since: new Date().toISOString(),
      host: os.hostname(),
      epoch,
      bootId: thisBoot(),
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
const napping = new Int32Array(new SharedArrayBuffer(4))

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
  // Without it only the message gets poorer: whoever may not read the file still learns that the lock is held.
  const bytes = tryReadIn(directory, FileName.LOCK, MOST_BYTES)
  return bytes === undefined ? NOBODY : parseHolder(bytes.toString('utf8'))
}

const MOST_BYTES = 4096

const NOBODY: LockHolder = { pid: undefined, since: undefined, host: undefined, epoch: undefined }

function parseHolder(text: string): LockHolder {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return NOBODY // a holder that died while it signed, or a new file
  }
  if (typeof json !== 'object' || json === null) return NOBODY
  const { pid, since, host, epoch } = json as Record<string, unknown>
  return {
    pid: Number.isSafeInteger(pid) ? (pid as number) : undefined,
    since: typeof since === 'string' ? since.slice(0, 64) : undefined,
    host: typeof host === 'string' ? host.slice(0, 255) : undefined,
    epoch: Number.isSafeInteger(epoch) && (epoch as number) > 0 ? (epoch as number) : undefined,
  }
}
