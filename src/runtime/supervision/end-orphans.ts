import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { processStart } from '../../base/process-start.js'
import type { HeartbeatInfo } from '../../state/heartbeats/cell.js'
import { killGroup } from './kill-group.js'

/** How long processes that an ended gateway has left may take to end by themselves, in ms: most are doing so already. */
const GRACE_MS = 300
/** How long a process that was killed may take to be gone, in ms. */
const GONE_MS = 5_000
const NAP_MS = 5

/**
 * Ends the processes that an earlier gateway has started and could not end: it was killed, and they are hung or suspended.
 * They would hold the locks of their journals. Each is known by its pid and its start time, so that no other process is hit.
 *
 * @returns the names of those that had to be killed.
 */
export async function endOrphans(known: readonly HeartbeatInfo[]): Promise<string[]> {
  const left = (): HeartbeatInfo[] => known.filter(isAlive)
  const graceEnd = performance.now() + GRACE_MS
  while (left().length > 0 && performance.now() < graceEnd) await sleep(NAP_MS)
  const hung = left()
  for (const { pid } of hung) killGroup(pid)
  const end = performance.now() + GONE_MS
  while (left().length > 0 && performance.now() < end) await sleep(NAP_MS)
  return hung.map(({ name }) => name)
}

function isAlive({ pid, processStart: start }: HeartbeatInfo): boolean {
  return pid > 1 && pid !== process.pid && start > 0 && processStart(pid) === start && !isZombie(pid)
}

/** Whether a process has ended, and only its exit status is left, which its new parent does not ask for. */
function isZombie(pid: number): boolean {
  try {
    // The state follows the name, which may have any characters but ends with the last bracket.
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return /^\) [ZX]/.test(stat.slice(stat.lastIndexOf(')')))
  } catch {
    return false // No /proc, or it is gone: the start time says so.
  }
}
