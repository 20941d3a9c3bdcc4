import { systemCode } from '../../base/system-error.js'

/**
 * Kills a process that leads a group of its own, and all that it has started. What it has started as the leader of another
 * group stays. Nothing happens when none of them is there any more.
 */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // EPERM: only processes of other users are left in the group.
    const code = systemCode(error)
    if (code !== 'ESRCH' && code !== 'EPERM') throw error
  }
}
