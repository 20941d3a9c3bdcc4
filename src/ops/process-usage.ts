import { readFileSync } from 'node:fs'
import { processStart } from '../base/process-start.js'

/** What the system says of a process. */
export interface ProcessUsage {
  /** Seconds of processor time since its start. */
  readonly cpuSeconds: number
  readonly residentBytes: number
}

/** Ticks of a second, and bytes of a page, in /proc: the same on all Linux systems that Node runs on, but for the page size. */
const TICKS_PER_SECOND = 100

/** Undefined when there is no such process, or the system has no /proc. */
export function usageOf(pid: number): ProcessUsage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    // The second field is the program's name in parentheses, which may have spaces and parentheses itself.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = Number(fields[UTIME]) + Number(fields[STIME])
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? '0'
    return { cpuSeconds: ticks / TICKS_PER_SECOND, residentBytes: Number(resident) * 1024 }
  } catch {
    return undefined
  }
}

/** Whether the process is still the one with that start time. A start time of 0 is not known: then any process with the pid counts. */
export function isRunning(pid: number, start = 0): boolean {
  if (pid === 0) return false
  const found = processStart(pid)
  return found !== 0 && (start === 0 || found === start)
}

/** Fields of /proc/PID/stat after the program's name. */
const UTIME = 11
const STIME = 12
