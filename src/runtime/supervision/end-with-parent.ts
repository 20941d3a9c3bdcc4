import { native } from '../../native/index.js'

/** How long a process whose parent has ended may take to end by itself, in ms. */
const GRACE_MS = 2_000

/** The arguments of a process that calls `endWithParent`: its own one, and who has started it. */
export function watchedArguments(argument: string): [argument: string, parent: string] {
  return [argument, String(process.pid)]
}

/**
 * Ends this process, and what it has started in its group, when its parent has ended and the process does not end by itself soon: it may
 * be in an endless loop, or stopped. To be called before any code of users is loaded.
 */
export function endWithParent(): void {
  native.endWithParent(Number(process.argv[3] ?? process.ppid), GRACE_MS)
}
