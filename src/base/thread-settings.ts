import { native } from '../native/index.js'
import { InvalidOptionError, SystemCallError } from './errors.js'
import { formatValue } from './format-value.js'
import { systemCode } from './system-error.js'

/** The CPUs the calling thread may run on. */
export function getAffinity(): number[] {
  return native.getAffinity()
}

/**
 * Binds the calling thread to these CPUs, for example a spinning reader to a CPU of its own. V8's threads are not moved. The addon's threads
 * that the calling thread starts (they create pages, sync and wait) avoid that CPU when there is one, and use the same CPUs when there are
 * several. Call it first in the process or worker.
 *
 * @throws {InvalidOptionError}, {SystemCallError} when the system refuses (macOS, a CPU that does not exist).
 */
export function setAffinity(cpus: readonly number[]): void {
  if (
    !Array.isArray(cpus) ||
    cpus.length === 0 ||
    !cpus.every(cpu => Number.isInteger(cpu) && cpu >= 0 && cpu < MOST_CPUS)
  ) {
    throw new InvalidOptionError(`setAffinity() takes a list of CPU numbers, not ${formatValue(cpus)}`)
  }
  attempt('binding this thread to CPUs', () => native.setAffinity(cpus))
}

/**
 * Sets the scheduling of the calling thread: 'fifo' with priority 1 to 99 (it runs until it sleeps; needs CAP_SYS_NICE), or 'other' with a
 * nice value of -20 to 19. Threads of the addon do not inherit it.
 *
 * @throws {InvalidOptionError}, {SystemCallError} when the system refuses.
 */
export function setScheduling(policy: 'fifo' | 'other', priority: number): void {
  if (policy !== 'fifo' && policy !== 'other')
    throw new InvalidOptionError(`setScheduling() takes 'fifo' or 'other', not ${formatValue(policy)}`)
  const [least, most] = policy === 'fifo' ? [1, 99] : [-20, 19]
  if (!Number.isInteger(priority) || priority < least || priority > most) {
    throw new InvalidOptionError(
      `setScheduling('${policy}') takes a priority from ${least} to ${most}, not ${formatValue(priority)}`,
    )
  }
  attempt('setting how this thread is scheduled', () => native.setScheduling(policy, priority))
}

/**
 * Locks all present and future mappings of the process in memory (mlockall). Pages of journals count: see 'ulimit -l'.
 *
 * @throws {SystemCallError} when the system refuses.
 */
export function lockMemory(): void {
  attempt("locking the process's memory; see 'ulimit -l'", () => native.lockMemory())
}

/** The size of the kernel's own sets of CPUs. */
const MOST_CPUS = 1024

function attempt(doing: string, action: () => void): void {
  try {
    action()
  } catch (error) {
    const code = systemCode(error)
    throw new SystemCallError(`${code === '' ? String(error) : code} ${doing}`, code, { cause: error })
  }
}
