/** What processes hold, from /proc: Linux only. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

export interface ProcessUse {
  /** Memory of its own, in KiB: heaps and stacks, without files that are mapped. */
  readonly own: number
  readonly files: number
  /** Of files. */
  readonly mappings: number
}

/** @throws when the process has ended. */
export function useOf(pid: number): ProcessUse {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return {
    own: Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]),
    files: readdirSync(`/proc/${pid}/fd`).length,
    mappings: readFileSync(`/proc/${pid}/maps`, 'latin1')
      .split('\n')
      .filter(line => line.includes(' /')).length,
  }
}

/** The processes that a process has started and that are still there. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
}

/** The allocated KiB and the number of the files below a folder. Files may be removed meanwhile. */
export function sizeOf(folder: string): { readonly kib: number; readonly files: number } {
  let [kib, files] = [0, 0]
  for (const name of readdirSync(folder, { recursive: true })) {
    const stat = statSync(join(folder, String(name)), { throwIfNoEntry: false })
    if (stat?.isFile() !== true) continue
    kib += stat.blocks / 2
    files++
  }
  return { kib, files }
}

/**
 * How much a series has grown: by how much the least value of its second half is above that of its first. Memory that is collected goes up
 * and down by any amount; what is kept shows where it is lowest.
 */
export function growthOf(values: readonly number[]): number {
  const middle = values.length >> 1
  return Math.min(...values.slice(middle)) - Math.min(...values.slice(0, middle))
}
