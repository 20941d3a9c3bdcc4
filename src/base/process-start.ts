import { native } from '../native/index.js'

/** The start time of a process in clock ticks since boot, which with its pid identifies it; 0 when there is none. */
export function processStart(pid: number): number {
  return native.processStart(pid) ?? 0
}
