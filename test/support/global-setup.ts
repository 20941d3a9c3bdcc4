/**
 * Fails the run when the tests have left something behind: files named ticktape-* in the temporary folder or in /dev/shm, or processes.
 * Every run has its own folders, so that simultaneous runs do not see each other's files.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const RUN = `ticktape-test-${process.pid}`
const MARK = 'TICKTAPE_TEST_RUN'
const DISK = tmpdir()
const MEMORY = existsSync('/dev/shm') ? '/dev/shm' : DISK

export default function setup(): () => Promise<void> {
  const roots = [...new Set([DISK, MEMORY])]
  const folders = roots.map(root => join(root, RUN))
  for (const path of roots.flatMap(contents).filter(isOfDeadRun)) rmSync(path, { recursive: true, force: true })
  for (const folder of folders) mkdirSync(folder, { mode: 0o700 })
  const before = new Set(roots.flatMap(strays))

  process.env[MARK] = RUN
  process.env['TMPDIR'] = join(DISK, RUN)
  process.env['TICKTAPE_TEST_MEMORY'] = join(MEMORY, RUN)

  return async () => {
    const processes = await lastingProcesses()
    for (const { pid } of processes) process.kill(pid, 'SIGKILL')
    const files = [...folders.flatMap(contents), ...roots.flatMap(strays).filter(path => !before.has(path))]
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })

    const left = [...files, ...processes.map(({ pid, command }) => `process ${pid}: ${command}`)]
    if (left.length === 0) return
    console.error(`The tests left behind:\n  ${left.join('\n  ')}`)
    process.exitCode = 1 // An error thrown here is printed, but vitest exits with 0.
  }
}

function contents(folder: string): string[] {
  return readdirSync(folder).map(name => join(folder, name))
}

/** A run that was killed could not remove its files. */
function isOfDeadRun(path: string): boolean {
  const pid = /\/ticktape-test-(\d+)$/.exec(path)?.[1]
  return pid !== undefined && process.platform === 'linux' && !existsSync(`/proc/${pid}`)
}

/** Files that have our name and are outside the folders of this run and of other running runs. */
function strays(root: string): string[] {
  return contents(root).filter(path => /\/ticktape-(?!test-)[^/]*$/.test(path))
}

/** Processes started by the tests that are still there after two seconds. */
async function lastingProcesses(): Promise<{ pid: number; command: string }[]> {
  for (let turn = 0; turn < 20 && markedProcesses().length > 0; turn++) await sleep(100)
  return markedProcesses()
}

/** They are recognised by their environment, which is inherited. Workers of vitest do not count. Linux only. */
function markedProcesses(): { pid: number; command: string }[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter(name => readProcess(name, 'environ').includes(`${MARK}=${RUN}`))
    .map(name => ({ pid: Number(name), command: readProcess(name, 'cmdline').join(' ') }))
    .filter(({ command }) => !command.includes('vitest'))
}

function readProcess(pid: string, file: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1').split('\0')
  } catch {
    return [] // It has ended, or belongs to another user.
  }
}
