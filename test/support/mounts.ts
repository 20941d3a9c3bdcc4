/** Mounts small file systems, which tests fill. Needs root; `noMounts` says why mounting is not possible. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { makeFolder } from './folders.ts'

function run(command: string, args: readonly string[]): string | undefined {
  const { error, status, stderr } = spawnSync(command, args, { encoding: 'utf8' })
  if (error !== undefined) return `${command}: ${error.message}`
  return status === 0 ? undefined : `${command} ${args.join(' ')}: ${stderr.trim()}`
}

function mount(args: readonly string[]): string {
  const place = join(makeFolder(), 'mount')
  mkdirSync(place)
  const problem = run('mount', [...args, place])
  if (problem !== undefined) throw new Error(problem)
  onTestFinished(() => {
    const left = run('umount', [place]) === undefined ? undefined : run('umount', ['-l', place])
    if (left !== undefined) throw new Error(left)
  })
  return place
}

/** Mounts a tmpfs of this many KiB. */
export function mountMemory(kibibytes: number): string {
  return mount(['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs'])
}

/** Mounts an ext4 of this many KiB, in a file. */
export function mountDisk(kibibytes: number): string {
  const image = join(makeFolder(), 'disk')
  writeFileSync(image, '')
  truncateSync(image, kibibytes * 1024)
  const problem = run('mkfs.ext4', ['-q', '-F', '-m', '0', '-O', '^has_journal', image])
  if (problem !== undefined) throw new Error(problem)
  return mount(['-o', 'loop', image])
}

/** Mounts an overlayfs over `lower`. Changes are stored in a tmpfs. */
export function mountOverlay(lower: string): string {
  const changes = mountMemory(8192)
  for (const name of ['upper', 'work']) mkdirSync(join(changes, name))
  return mount([
    '-t',
    'overlay',
    '-o',
    `lowerdir=${lower},upperdir=${changes}/upper,workdir=${changes}/work`,
    'overlay',
  ])
}

export function remount(place: string, how: 'ro' | 'rw'): string | undefined {
  return run('mount', ['-o', `remount,${how}`, place])
}

/** Why no file system of this kind can be mounted here, or undefined. */
function reasonAgainst(kind: 'memory' | 'disk'): string | undefined {
  if (process.getuid?.() !== 0) return 'mounting needs root'
  const place = spawnSync('mktemp', ['-d'], { encoding: 'utf8' }).stdout.trim()
  const image = `${place}.image`
  try {
    if (kind === 'memory') return run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', place])
    writeFileSync(image, '')
    truncateSync(image, 2 ** 20)
    return run('mkfs.ext4', ['-q', '-F', image]) ?? run('mount', ['-o', 'loop', image, place])
  } finally {
    spawnSync('umount', [place])
    spawnSync('rm', ['-rf', place, image])
  }
}

function reasonAgainstOverlay(): string | undefined {
  if (noMemoryMounts !== undefined) return noMemoryMounts
  const place = spawnSync('mktemp', ['-d'], { encoding: 'utf8' }).stdout.trim()
  try {
    const problem = run('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', place])
    if (problem !== undefined) return problem
    for (const name of ['lower', 'upper', 'work', 'merged']) mkdirSync(join(place, name))
    const layers = `lowerdir=${place}/lower,upperdir=${place}/upper,workdir=${place}/work`
    return run('mount', ['-t', 'overlay', '-o', layers, 'overlay', join(place, 'merged')])
  } finally {
    spawnSync('umount', [join(place, 'merged')])
    spawnSync('umount', [place])
    spawnSync('rm', ['-rf', place])
  }
}

export const noMemoryMounts = reasonAgainst('memory')
export const noDiskMounts = reasonAgainst('disk')
export const noOverlayMounts = reasonAgainstOverlay()
