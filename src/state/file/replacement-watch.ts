import * as fs from 'node:fs'
import { systemCode } from '../../base/system-error.js'
import type { StateFile } from './state-file.js'

/** How often paths are looked at, in ms. */
const INTERVAL_MS = 1000

interface Watched {
  readonly file: StateFile
  /** Weak: a counter that a program forgets to close must not keep its memory. */
  readonly user: WeakRef<{ close(): void }>
}

const watched = new Set<Watched>()
let timer: NodeJS.Timeout | undefined

/**
 * Closes the user of a state file soon after the file was removed or replaced: other processes would open another file at that path,
 * so what is written here would reach none of them. Then `file.throwIfClosed` says so.
 *
 * It takes a second at most, while the event loop turns.
 */
export function closeWhenReplaced(file: StateFile, user: { close(): void }): void {
  watched.add({ file, user: new WeakRef(user) })
  timer ??= setInterval(checkAll, INTERVAL_MS).unref()
}

/** Whether a file's path still names it. What is done by path next is done to another file's things if not. */
export function isAtItsPath({ path, mapping }: StateFile): boolean {
  const found = fs.statSync(path, { throwIfNoEntry: false })
  return found?.ino === mapping.inode && found.dev === mapping.device
}

function checkAll(): void {
  for (const one of watched) {
    const { file, user } = one
    if (file.isClosed || user.deref() === undefined) watched.delete(one)
    // Not synchronously: a slow disk must not stop the event loop.
    else fs.stat(file.path, (error, found) => check(one, error, found))
  }
  if (watched.size > 0) return
  clearInterval(timer)
  timer = undefined
}

function check({ file, user }: Watched, error: Error | null, found: fs.Stats): void {
  if (file.isClosed) return
  const { inode, device } = file.mapping
  // Another error says nothing about the file.
  const isReplaced = error === null ? found.ino !== inode || found.dev !== device : GONE.has(systemCode(error) ?? '')
  if (!isReplaced) return
  file.isReplaced = true
  user.deref()?.close()
}

const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR'])
