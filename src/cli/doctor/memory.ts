import { formatBytes } from '../output/units.js'
import { bad, type Check, chosen, hasCapability, ok, skipped, softLimit, warn } from './machine.js'

const MIB = 2 ** 20
const GIB = 2 ** 30
/** Two pages of the default size: the one being written, and the one ahead of it. */
const ONE_JOURNAL = 32 * MIB

const CAP_IPC_LOCK = 14

const sharedMemory: Check = machine => {
  const space = machine.space('/dev/shm')
  if (space === undefined) {
    return bad(
      '/dev/shm',
      'not there',
      'there is no place for journals in memory',
      'mount -t tmpfs -o size=50% tmpfs /dev/shm',
    )
  }
  const found = `${formatBytes(space.size)}, ${formatBytes(space.free)} free`
  if (space.free < ONE_JOURNAL) {
    return bad(
      '/dev/shm',
      found,
      `one journal with the default page size needs ${formatBytes(ONE_JOURNAL)}: appends will fail with JournalFullError`,
      'ls -lS /dev/shm    # or: ticktape prune DIR',
    )
  }
  if (space.size < GIB) {
    return warn(
      '/dev/shm',
      found,
      'small, as containers have it by default: a few journals fill it',
      'docker run --shm-size=2g    # or: mount -o remount,size=2G /dev/shm',
    )
  }
  if (space.free < space.size / 10)
    return warn(
      '/dev/shm',
      found,
      'nearly full: the next pages will not fit',
      'ls -lS /dev/shm    # or: ticktape prune DIR',
    )
  return ok('/dev/shm', found)
}

const memory: Check = machine => {
  const text = machine.read('/proc/meminfo')
  const kib = (name: string): number | undefined => {
    const value = new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(text ?? '')?.[1]
    return value === undefined ? undefined : Number(value) * 1024
  }
  const total = kib('MemTotal')
  const available = kib('MemAvailable')
  if (total === undefined || available === undefined) return skipped('memory', '/proc/meminfo does not say')
  const found = `${formatBytes(total)}, ${formatBytes(available)} available`
  if (available < total / 20)
    return bad(
      'memory',
      found,
      'pages in /dev/shm count as memory: the kernel may kill a process to make room',
      'ps aux --sort=-rss | head',
    )
  if (available < total / 10) return warn('memory', found, 'little is left for new pages', 'ps aux --sort=-rss | head')
  return ok('memory', found)
}

const overcommit: Check = machine => {
  const mode = machine.read('/proc/sys/vm/overcommit_memory')
  if (mode === undefined) return skipped('overcommit', '/proc/sys/vm/overcommit_memory cannot be read')
  if (mode === '2')
    return warn(
      'overcommit',
      '2 (strict)',
      'Node.js reserves far more address space than it uses; starting it or mapping a page may fail with ENOMEM',
      'sysctl -w vm.overcommit_memory=0',
    )
  return ok(
    'overcommit',
    mode === '1' ? '1 (always)' : '0 (heuristic)',
    'pages are reserved when they are made, whatever is promised',
  )
}

const lockedMemory: Check = machine => {
  const limit = softLimit(machine, 'Max locked memory')
  if (limit === undefined) return skipped('locked memory', '/proc/self/limits cannot be read')
  if (limit === Number.POSITIVE_INFINITY || hasCapability(machine, CAP_IPC_LOCK))
    return ok('locked memory', 'unlimited')
  if (limit >= GIB) return ok('locked memory', formatBytes(limit))
  return warn(
    'locked memory',
    formatBytes(limit),
    'the process cannot be kept in memory whole, so it may fault when it should not',
    'ulimit -l unlimited    # systemd: LimitMEMLOCK=infinity',
  )
}

const swap: Check = machine => {
  const text = machine.read('/proc/swaps')
  if (text === undefined) return skipped('swap', '/proc/swaps cannot be read')
  const areas = text
    .split('\n')
    .slice(1)
    .filter(line => line !== '')
  if (areas.length === 0) return ok('swap', 'none')
  const swappiness = machine.read('/proc/sys/vm/swappiness') ?? 'unknown'
  const found = `${areas.length} area${areas.length === 1 ? '' : 's'}, swappiness ${swappiness}`
  if (Number(swappiness) <= 1) return ok('swap', found, 'used only when memory runs out')
  return warn(
    'swap',
    found,
    'pages in /dev/shm can be swapped out; reading one back takes milliseconds',
    'sysctl -w vm.swappiness=1    # or, when all that is swapped out fits into memory: swapoff -a',
  )
}

const hugePages: Check = machine => {
  const mode = chosen(machine.read('/sys/kernel/mm/transparent_hugepage/shmem_enabled'))
  if (mode === undefined) return skipped('huge pages in /dev/shm', 'the kernel does not offer them')
  if (mode === 'always' || mode === 'within_size' || mode === 'force') return ok('huge pages in /dev/shm', mode)
  return warn(
    'huge pages in /dev/shm',
    mode,
    'pages are mapped 4 KiB at a time: more page faults, and more misses in the address cache',
    'echo within_size > /sys/kernel/mm/transparent_hugepage/shmem_enabled',
  )
}

export const memoryChecks: readonly Check[] = [sharedMemory, memory, overcommit, lockedMemory, swap, hugePages]
