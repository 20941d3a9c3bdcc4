import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import * as os from 'node:os'
import { native } from '../../dist/native/index.js'
import type { Conditions } from './question.js'

/** The cores for the two sides: the first and the last that this process may use. */
export function chooseCpus(): readonly [number, number] {
  const cpus = native.getAffinity()
  return [cpus[0], cpus[cpus.length - 1]]
}

/** How long a cache line takes from one core to the other and back, in ns; undefined without the baseline or a second core. */
export function cacheLineNs({ baseline, cpus }: Pick<Conditions, 'baseline' | 'cpus'>): number | undefined {
  if (baseline === undefined || cpus[0] === cpus[1]) return undefined
  const { stdout, status } = spawnSync(baseline, ['lines', '--cpus', cpus.join(',')], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${baseline} lines ended with ${status}`)
  return (JSON.parse(stdout) as { ns: number }).ns
}

/** A description of the machine on which the numbers were measured. */
export function describeMachine(cpus: readonly [number, number]): [string, string][] {
  const model = os.cpus()[0]?.model ?? 'unknown'
  return [
    ['Processor', `${model}, ${os.availableParallelism()} cores usable`],
    ['Memory', `${Math.round(os.totalmem() / 2 ** 30)} GiB`],
    ['Virtual machine', /\bhypervisor\b/.test(read('/proc/cpuinfo')) ? 'yes' : 'no'],
    ['Kernel', `${os.type()} ${os.release()}`],
    ['Node', process.version],
    ['V8', process.versions.v8],
    ['Clock source', read('/sys/devices/system/clocksource/clocksource0/current_clocksource').trim() || 'unknown'],
    ['Cores of the two sides', cpus.join(' and ')],
    ['Load average at the start', os.loadavg()[0].toFixed(2)],
  ]
}

function read(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
