import { bad, type Check, ok, skipped, warn } from './machine.js'

const CLOCKS = '/sys/devices/system/clocksource/clocksource0'
const CPUS = '/sys/devices/system/cpu'

/** Clocks that user space reads without a system call. */
const FAST_CLOCKS = new Set(['tsc', 'arch_sys_counter', 'hyperv_clocksource_tsc_page', 'kvm-clock'])

const clockSource: Check = machine => {
  const current = machine.read(`${CLOCKS}/current_clocksource`)
  if (current === undefined) return skipped('clock source', `${CLOCKS} cannot be read`)
  const available = machine.read(`${CLOCKS}/available_clocksource`)?.split(/\s+/) ?? []
  const type = available.includes('tsc')
    ? `echo tsc > ${CLOCKS}/current_clocksource`
    : `cat ${CLOCKS}/available_clocksource    # tsc=reliable on the kernel's command line, if the processor's counter is steady`
  if (!FAST_CLOCKS.has(current))
    return bad('clock source', current, 'the time of each frame is a system call, not a load from a register', type)
  if (current === 'kvm-clock' && available.includes('tsc'))
    return warn('clock source', current, 'slower to read than tsc, which this machine has', type)
  return ok('clock source', current)
}

const cores: Check = machine => {
  const count = cpusIn(machine.read(`${CPUS}/online`))
  if (count === undefined) return skipped('cores', `${CPUS}/online cannot be read`)
  if (count === 1)
    return warn(
      'cores',
      '1',
      "a reader that spins takes the writer's time away",
      "reader.run(handlers, { wait: 'event-loop' })    # or 'park'; no spinning",
    )
  return ok('cores', String(count))
}

const isolated: Check = machine => {
  const count = cpusIn(machine.read(`${CPUS}/online`)) ?? 1
  const text = machine.read(`${CPUS}/isolated`)
  if (text === undefined) return skipped('isolated cores', `${CPUS}/isolated cannot be read`)
  if (text !== '') return ok('isolated cores', text, 'setAffinity() binds a spinning thread to one')
  if (count < 4) return ok('isolated cores', `none of ${count}`, 'too few to isolate any')
  return warn(
    'isolated cores',
    `none of ${count}`,
    'the kernel may run other work on the core of a spinning process, for milliseconds at a time',
    "isolcpus=2,3 nohz_full=2,3 rcu_nocbs=2,3    # on the kernel's command line; then setAffinity([2]) in the program",
  )
}

const governor: Check = machine => {
  const governors = new Set(
    machine
      .list(CPUS)
      .filter(name => /^cpu\d+$/.test(name))
      .flatMap(name => machine.read(`${CPUS}/${name}/cpufreq/scaling_governor`) ?? []),
  )
  if (governors.size === 0) return ok('governor', 'none', 'this system does not control the frequencies')
  const found = [...governors].sort().join(', ')
  if (found === 'performance') return ok('governor', found)
  return warn(
    'governor',
    found,
    'a core that was idle starts slow: the first frames after a pause take longer',
    'cpupower frequency-set -g performance',
  )
}

/** The kernel versions since which MADV_POPULATE_WRITE and futex_waitv exist. */
const POPULATE_SINCE = [5, 14]
const WAITV_SINCE = [5, 16]

const kernel: Check = machine => {
  const release = machine.read('/proc/sys/kernel/osrelease')
  const match = /^(\d+)\.(\d+)/.exec(release ?? '')
  if (release === undefined || match === null) return skipped('kernel', '/proc/sys/kernel/osrelease cannot be read')
  const has = ([major, minor]: readonly number[]): boolean =>
    Number(match[1]) > major || (Number(match[1]) === major && Number(match[2]) >= minor)
  if (!has(POPULATE_SINCE))
    return warn(
      'kernel',
      release,
      'no MADV_POPULATE (5.14): new pages are populated block by block; no futex_waitv (5.16): waiting on several journals polls every few ms',
      'uname -r    # upgrade to 5.16 or later',
    )
  if (!has(WAITV_SINCE))
    return warn(
      'kernel',
      release,
      'no futex_waitv (5.16): waiting on several journals polls every few ms',
      'uname -r    # upgrade to 5.16 or later',
    )
  return ok('kernel', release)
}

/** The inode of the first pid namespace of every Linux machine. */
const FIRST_PID_NAMESPACE = 'pid:[4026531836]'

const pidNamespace: Check = machine => {
  const namespace = machine.link('/proc/self/ns/pid')
  if (namespace === undefined) return skipped('pid namespace', '/proc/self/ns/pid cannot be read')
  if (namespace === FIRST_PID_NAMESPACE) return ok('pid namespace', "the host's")
  return warn(
    'pid namespace',
    'its own (a container)',
    'locks hold across containers, but pids shown for writers and readers may mean others; /dev/shm is shared only if configured',
    'docker run --pid=host --ipc=host    # or one --ipc=container:NAME for all',
  )
}

/** How many CPUs a list such as `0-3,8` names. */
function cpusIn(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text)) return undefined
  return text.split(',').reduce((sum, range) => {
    const [first, last = first] = range.split('-').map(Number)
    return sum + last - first + 1
  }, 0)
}

export const processorChecks: readonly Check[] = [clockSource, cores, isolated, governor, kernel, pidNamespace]
