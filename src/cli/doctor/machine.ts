import * as fs from 'node:fs'
import * as path from 'node:path'

/** The result of a check. */
export interface DoctorFinding {
  readonly check: string
  /** 'skipped': it could not be checked, or has no meaning on this machine. */
  readonly status: 'ok' | 'warn' | 'bad' | 'skipped'
  /** What the check found. */
  readonly found: string
  /** What it means for journals; '' when nothing. */
  readonly means: string
  /** The command to type, or ''. */
  readonly type: string
}

export type Check = (machine: Machine) => DoctorFinding

/** The parts of a machine that are checked. Tests replace them. */
export interface Machine {
  readonly platform: NodeJS.Platform
  /** A file's text without white space around it; undefined when it cannot be read. */
  read(file: string): string | undefined
  /** The target of a symbolic link; undefined when the path is not a link. */
  link(file: string): string | undefined
  /** Names in a directory; none when it cannot be read. */
  list(directory: string): string[]
  /** The file system a path is on: the magic number of its type, and bytes; undefined when there is no such path. */
  space(file: string): { readonly type: number; readonly size: number; readonly free: number } | undefined
}

/** This machine. `root` stands before every path. */
export function thisMachine(root = '/'): Machine {
  const at = (file: string): string => path.join(root, file)
  return {
    platform: process.platform,
    read: file => attempt(() => fs.readFileSync(at(file), 'utf8').trim()),
    link: file => attempt(() => fs.readlinkSync(at(file))),
    list: directory => attempt(() => fs.readdirSync(at(directory))) ?? [],
    space: file =>
      attempt(() => {
        const { type, bsize, blocks, bavail } = fs.statfsSync(at(file))
        return { type, size: blocks * bsize, free: bavail * bsize }
      }),
  }
}

/** Returns undefined for a missing or unreadable file; the checks report that as a finding. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}

export function ok(check: string, found: string, means = ''): DoctorFinding {
  return { check, status: 'ok', found, means, type: '' }
}

export function warn(check: string, found: string, means: string, type: string): DoctorFinding {
  return { check, status: 'warn', found, means, type }
}

export function bad(check: string, found: string, means: string, type: string): DoctorFinding {
  return { check, status: 'bad', found, means, type }
}

export function skipped(check: string, why: string): DoctorFinding {
  return { check, status: 'skipped', found: why, means: '', type: '' }
}

/** One of /proc/self/limits; undefined when unknown, Infinity when unlimited. */
export function softLimit(machine: Machine, name: string): number | undefined {
  const line = machine
    .read('/proc/self/limits')
    ?.split('\n')
    .find(one => one.startsWith(name))
  const value = line?.slice(name.length).trim().split(/\s+/)[0]
  if (value === undefined) return undefined
  return value === 'unlimited' ? Number.POSITIVE_INFINITY : Number(value)
}

/** Whether the process has the capability with this number. */
export function hasCapability(machine: Machine, number: number): boolean {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(machine.read('/proc/self/status') ?? '')?.[1]
  return mask !== undefined && ((BigInt(`0x${mask}`) >> BigInt(number)) & 1n) === 1n
}

/** The word in brackets of a list such as `always [madvise] never`. */
export function chosen(text: string | undefined): string | undefined {
  return /\[([^\]]+)\]/.exec(text ?? '')?.[1]
}
