/** Strategies and programs in Python, for tests. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from './folders.ts'
import { skipUnless } from './skips.ts'

/** The folder with the package: what PYTHONPATH needs. */
export const PACKAGE = join(import.meta.dirname, '../../python')

/** The interpreter itself: 'python3' may be a script that looks for it, at each of many starts. Empty when there is none. */
const FOUND = spawnSync(process.env['PYTHON'] ?? 'python3', [
  '-c',
  'import sys; print(sys.executable if sys.version_info >= (3, 9) else "")',
])
export const PYTHON = String(FOUND.stdout ?? '').trim()
// Gateways of this process use it too.
if (PYTHON !== '') process.env['PYTHON'] = PYTHON

/** Whether there is no Python that can run the package. */
export const NO_PYTHON = skipUnless(
  PYTHON !== '',
  'what needs Python',
  'There is no python3, or it is older than Python 3.9; apt-get install python3',
)

/** No caches in the source tree; and the package is found. */
export const ENVIRONMENT: NodeJS.ProcessEnv = {
  ...process.env,
  PYTHONPATH: PACKAGE,
  PYTHONDONTWRITEBYTECODE: '1',
}

/** A strategy's module: the body of a class `Own` with the id 'a', and what is before it. */
export function pythonStrategy(body: string, before = '', name = 'strategy.py'): string {
  const file = join(makeFolder(), name)
  const lines = body.split('\n').map(line => `    ${line}`)
  const text = ['from ticktape import Strategy', before, 'class Own(Strategy):', "    id = 'a'", ...lines]
  writeFileSync(file, [...text, 'strategy = Own', ''].join('\n'))
  return file
}

export interface PythonResult {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end. @param args what is in sys.argv. */
export async function runPython(program: string, ...args: readonly string[]): Promise<PythonResult> {
  const child = spawn(PYTHON, ['-c', program, ...args], { env: ENVIRONMENT, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', chunk => void (stdout += String(chunk)))
  child.stderr.on('data', chunk => void (stderr += String(chunk)))
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, stdout, stderr }
}
