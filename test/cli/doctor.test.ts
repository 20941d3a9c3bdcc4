import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Reader } from 'ticktape'
import { describe, expect, test } from 'vitest'
import { examine } from '../../dist/cli/doctor/doctor.js'
import { type DoctorFinding, type Machine, thisMachine } from '../../dist/cli/doctor/machine.js'
import { makeFolder } from '../support/folders.ts'
import { CAPACITY, makeJournal, pageFile, ticktape } from '../support/journals.ts'

const GIB = 2 ** 30

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max file size             unlimited            unlimited            bytes
Max locked memory         unlimited            unlimited            bytes
Max open files            65536                65536                files
Max address space         unlimited            unlimited            bytes
`

/** A machine configured for trading: no check finds a problem. */
const GOOD: Readonly<Record<string, string>> = {
  '/proc/meminfo': 'MemTotal:       32000000 kB\nMemAvailable:   28000000 kB',
  '/proc/sys/vm/overcommit_memory': '0',
  '/proc/self/limits': LIMITS,
  '/proc/self/status': 'CapEff:\t0000000000000000',
  '/proc/swaps': 'Filename Type Size Used Priority',
  '/proc/sys/vm/swappiness': '60',
  '/proc/sys/vm/max_map_count': '65530',
  '/proc/sys/vm/dirty_writeback_centisecs': '500',
  '/proc/sys/vm/dirty_ratio': '20',
  '/proc/sys/kernel/osrelease': '6.1.0-18-amd64',
  '/sys/kernel/mm/transparent_hugepage/shmem_enabled': 'always [within_size] advise never deny force',
  '/sys/devices/system/clocksource/clocksource0/current_clocksource': 'tsc',
  '/sys/devices/system/clocksource/clocksource0/available_clocksource': 'tsc hpet acpi_pm',
  '/sys/devices/system/cpu/online': '0-7',
  '/sys/devices/system/cpu/isolated': '2-3',
  '/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor': 'performance',
  '/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor': 'performance',
}

/** Creates files below a folder as in /proc and /sys of a machine. Undefined: the file does not exist. */
function machineWith(
  changes: Readonly<Record<string, string | undefined>> = {},
  extra: Partial<Machine> = {},
  pidNamespace = 'pid:[4026531836]',
): Machine {
  const root = makeFolder()
  for (const [file, text] of Object.entries({ ...GOOD, ...changes })) {
    if (text === undefined) continue
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), `${text}\n`)
  }
  mkdirSync(join(root, '/proc/self/ns'), { recursive: true })
  symlinkSync(pidNamespace, join(root, '/proc/self/ns/pid'))
  const { read, link, list } = thisMachine(root)
  return {
    platform: 'linux',
    read,
    link,
    list,
    space: () => ({ type: 0x01021994, size: 16 * GIB, free: 15 * GIB }),
    ...extra,
  }
}

function find(findings: readonly DoctorFinding[], check: string): DoctorFinding {
  const found = findings.find(finding => finding.check === check)
  if (found === undefined) throw new Error(`no finding about ${check}`)
  return found
}

test('on a well configured machine all findings are ok', () => {
  const findings = examine(machineWith())
  expect(findings.filter(({ status, check }) => status !== 'ok' && check !== 'addon')).toEqual([])
  expect(findings.length).toBeGreaterThan(15)
})

function limit(name: string, value: string): Record<string, string> {
  return { '/proc/self/limits': LIMITS.replace(new RegExp(`^(${name} +)\\S+`, 'm'), `$1${value}`) }
}

/** A well configured machine whose disks are all of one kind. */
function on(type: number, free = 10 * GIB): Machine {
  return machineWith({}, { space: () => ({ type, size: 16 * GIB, free }) })
}

describe('each check finds its problem, explains it and advises a command', () => {
  const cpu = '/sys/devices/system/cpu'
  const clock = '/sys/devices/system/clocksource/clocksource0'
  const cases: [string, DoctorFinding['status'], Record<string, string | undefined>, string][] = [
    ['memory', 'warn', { '/proc/meminfo': 'MemTotal: 1000 kB\nMemAvailable: 90 kB' }, 'ps aux'],
    ['memory', 'bad', { '/proc/meminfo': 'MemTotal: 1000 kB\nMemAvailable: 20 kB' }, 'ps aux'],
    ['overcommit', 'warn', { '/proc/sys/vm/overcommit_memory': '2' }, 'sysctl -w vm.overcommit_memory=0'],
    ['locked memory', 'warn', limit('Max locked memory', '8388608'), 'ulimit -l unlimited'],
    ['swap', 'warn', { '/proc/swaps': 'Filename\n/swapfile file 100 0 -2' }, 'swapoff -a'],
    [
      'huge pages in /dev/shm',
      'warn',
      { '/sys/kernel/mm/transparent_hugepage/shmem_enabled': 'always within_size advise [never] deny force' },
      'echo within_size',
    ],
    ['clock source', 'bad', { [`${clock}/current_clocksource`]: 'hpet' }, 'echo tsc'],
    [
      'clock source',
      'bad',
      { [`${clock}/current_clocksource`]: 'acpi_pm', [`${clock}/available_clocksource`]: 'acpi_pm' },
      'tsc=reliable',
    ],
    ['clock source', 'warn', { [`${clock}/current_clocksource`]: 'kvm-clock' }, 'echo tsc'],
    ['cores', 'warn', { [`${cpu}/online`]: '0' }, 'event-loop'],
    ['isolated cores', 'warn', { [`${cpu}/isolated`]: '' }, 'isolcpus='],
    [
      'governor',
      'warn',
      { [`${cpu}/cpu1/cpufreq/scaling_governor`]: 'powersave' },
      'cpupower frequency-set -g performance',
    ],
    ['kernel', 'warn', { '/proc/sys/kernel/osrelease': '5.10.0-28-amd64' }, 'uname -r'],
    ['kernel', 'warn', { '/proc/sys/kernel/osrelease': '5.15.0-100-generic' }, 'uname -r'],
    ['open files', 'warn', limit('Max open files', '1024'), 'ulimit -n'],
    ['open files', 'bad', limit('Max open files', '64'), 'ulimit -n'],
    ['file size', 'bad', limit('Max file size', '1000000'), 'ulimit -f'],
    ['file size', 'warn', limit('Max file size', '100000000'), 'ulimit -f'],
    ['address space', 'warn', limit('Max address space', '8000000000'), 'ulimit -v'],
    ['mappings', 'warn', { '/proc/sys/vm/max_map_count': '1000' }, 'sysctl -w vm.max_map_count'],
    ['writeback', 'warn', { '/proc/sys/vm/dirty_writeback_centisecs': '0' }, 'vm.dirty_writeback_centisecs=500'],
    ['writeback', 'warn', { '/proc/sys/vm/dirty_writeback_centisecs': '6000' }, 'vm.dirty_writeback_centisecs=500'],
    ['writeback', 'warn', { '/proc/sys/vm/dirty_ratio': '5' }, 'vm.dirty_ratio=20'],
  ]
  test.each(cases)('%s: %s for %o', (check, status, changes, type) => {
    const findings = examine(machineWith(changes))
    expect(find(findings, check)).toMatchObject({
      status,
      means: expect.stringMatching(/./) as string,
      type: expect.stringContaining(type) as string,
    })
    expect(findings.filter(finding => finding.status !== 'ok' && finding.check !== 'addon')).toHaveLength(1)
  })

  test('a container with a pid namespace of its own', () => {
    expect(find(examine(machineWith({}, {}, 'pid:[4026532999]')), 'pid namespace')).toMatchObject({
      status: 'warn',
      type: expect.stringContaining('--pid=host') as string,
    })
  })

  const spaces: [DoctorFinding['status'], number, number, string][] = [
    ['ok', 16 * GIB, 10 * GIB, ''],
    ['warn', 16 * GIB, GIB, 'ticktape prune'],
    ['warn', 64 * 2 ** 20, 60 * 2 ** 20, '--shm-size'],
    ['bad', 64 * 2 ** 20, 20 * 2 ** 20, 'ticktape prune'],
  ]
  test.each(spaces)('/dev/shm: %s with %i bytes and %i free', (status, size, free, type) => {
    const machine = machineWith({}, { space: () => ({ type: 0x01021994, size, free }) })
    expect(find(examine(machine), '/dev/shm')).toMatchObject({ status, type: expect.stringContaining(type) as string })
  })

  test('no /dev/shm at all', () => {
    expect(find(examine(machineWith({}, { space: () => undefined })), '/dev/shm')).toMatchObject({
      status: 'bad',
      type: expect.stringContaining('mount') as string,
    })
  })
})

test('with permission to lock memory its limit is ok, and so is swap that is not used', () => {
  const findings = examine(
    machineWith({
      '/proc/self/limits': LIMITS.replace(/^(Max locked memory +)\S+/m, '$165536'),
      '/proc/self/status': 'CapEff:\t0000000000004000',
      '/proc/swaps': 'Filename\n/a b 1 0 -2',
      '/proc/sys/vm/swappiness': '0',
    }),
  )
  expect(find(findings, 'locked memory').status).toBe('ok')
  expect(find(findings, 'swap').status).toBe('ok')
})

test('a file that cannot be read is a skipped check, never an error', () => {
  const nothing = Object.fromEntries(Object.keys(GOOD).map(file => [file, undefined]))
  const findings = examine(machineWith(nothing))
  expect(findings.filter(({ status }) => status === 'skipped').length).toBeGreaterThan(10)
  const garbage = Object.fromEntries(Object.keys(GOOD).map(file => [file, '\u0000\u0001 garbage [']))
  expect(examine(machineWith(garbage)).length).toBe(findings.length)
})

test('on macOS it reports which checks do not apply', () => {
  const findings = examine(machineWith({}, { platform: 'darwin' }))
  expect(findings[0]).toMatchObject({ status: 'skipped', found: expect.stringContaining('Linux only') as string })
  expect(findings).toHaveLength(2)
})

describe('a directory', () => {
  test.each([
    [0xef53, 'ok'],
    [0x58465342, 'ok'],
    [0x794c7630, 'warn'],
    [0x9123683e, 'warn'],
    [0x6969, 'bad'],
    [0xff534d42, 'bad'],
    [0x1234, 'ok'],
  ])('on file system 0x%s is %s', (type, status) => {
    expect(find(examine(on(type), makeFolder()), 'file system').status).toBe(status)
  })

  test.each([
    [256, 'ok'],
    [255, 'warn'],
    [32, 'warn'],
    [31, 'bad'],
  ])('with room for %i MiB is %s', (mebibytes, status) => {
    const findings = examine(on(0xef53, mebibytes * 2 ** 20), makeFolder())
    expect(find(findings, 'room for pages').status).toBe(status)
  })

  test('with a journal is checked for readers that block retention and for damage', async () => {
    const directory = join(makeFolder('memory'), 'j')
    await makeJournal(directory, 3000)
    Reader.open(directory, { from: { name: 'slow', start: { position: CAPACITY } } }).close()
    const findings = examine(on(0x01021994), directory)
    expect(find(findings, 'journal').status).toBe('ok')
    expect(find(findings, 'named readers')).toMatchObject({
      status: 'warn',
      found: expect.stringContaining('slow') as string,
      type: expect.stringContaining('--forget slow') as string,
    })
    truncateSync(pageFile(directory, 1), 100)
    expect(find(examine(on(0x01021994), directory), 'journal')).toMatchObject({
      status: 'bad',
      type: expect.stringContaining('ticktape verify') as string,
    })
  })
})

test('the command checks this machine, and its exit code is the result', async () => {
  const { status, stdout, stderr } = ticktape('doctor', '--json')
  const { findings } = JSON.parse(stdout) as { findings: DoctorFinding[] }
  expect(findings.length).toBeGreaterThan(15)
  expect(status).toBe(findings.some(finding => finding.status === 'bad') ? 1 : 0)
  expect(stderr).toBe('')
  expect(ticktape('doctor').stdout).toContain('/dev/shm')

  const directory = join(makeFolder('memory'), 'j')
  await makeJournal(directory, 3000)
  truncateSync(pageFile(directory, 1), 100)
  expect(ticktape('doctor', directory)).toMatchObject({
    status: 1,
    stdout: expect.stringMatching(/^bad .*journal/m) as string,
  })
  expect(ticktape('doctor', join(directory, 'none'))).toMatchObject({
    status: 2,
    stderr: expect.stringMatching(/^ERR_JOURNAL_NOT_FOUND: /) as string,
  })
})
