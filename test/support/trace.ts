/** The system calls of a process, recorded by strace. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from './folders.ts'

const ROOT = join(import.meta.dirname, '../..')

/** The reason why tracing does not work here, or undefined. */
export const noTracing = tryTracing()

function tryTracing(): string | undefined {
  const { error, status, stderr } = spawnSync('strace', ['-o', '/dev/null', 'true'], { encoding: 'utf8' })
  if (error !== undefined) return 'strace is not installed'
  return status === 0 ? undefined : `strace is not permitted: ${stderr.trim()}`
}

/** Runs a module and returns its main thread's system calls between its `mark('begin')` and `mark('end')`, one a line. */
export function traceCode(code: string, args: readonly unknown[]): string[] {
  const file = join(makeFolder(), 'trace')
  const prelude = `
    import { accessSync } from 'node:fs'
    import { f64, frame, on, Reader, Writer } from 'ticktape'
    const args = process.argv.slice(1)
    const [dir] = args
    const Count = frame('Count', 2, { n: f64 })
    const mark = name => { try { accessSync('/mark-' + name) } catch { return } }
  `
  const command = ['-f', '-o', file, process.execPath, '--input-type=module', '-e', prelude + code, ...args.map(String)]
  const { status, stderr } = spawnSync('strace', command, { cwd: ROOT, encoding: 'utf8' })
  if (status !== 0) throw new Error(`the traced process ended with ${status}: ${stderr}`)
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .map(line => line.trim())
  const begin = lines.findIndex(line => line.includes('/mark-begin'))
  const end = lines.findIndex(line => line.includes('/mark-end'))
  if (begin < 0 || end < 0) throw new Error('the marks are missing from the trace')
  const pid = lines[begin].split(' ')[0]
  return whole(
    lines
      .slice(begin + 1, end)
      .filter(line => line.startsWith(`${pid} `))
      .map(line => line.slice(pid.length).trim()),
  )
}

/** Joins the two parts in which strace writes a call that was interrupted by a call of another thread. */
function whole(lines: readonly string[]): string[] {
  const calls: string[] = []
  let begun = ''
  for (const line of lines) {
    const [, first] = /^(.*?)\s*<unfinished \.\.\.>$/.exec(line) ?? []
    const [, rest] = /^<\.\.\. \w+ resumed>(.*)$/.exec(line) ?? []
    if (first !== undefined) {
      begun = first
    } else if (rest === undefined) {
      calls.push(line)
    } else {
      // Calls that began before the mark are left out.
      if (begun !== '') calls.push(begun + rest)
      begun = ''
    }
  }
  return calls
}
