/** Strategies and programs in Python, for tests. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { makeFolder } from './folders.ts'
import { skipUnless } from './skips.ts'

/** The folder with the package: what PYTHONPATH needs. */
export const PACKAGE = join(import.meta.dirname, '../../python')
export const PYTHON = process.env['PYTHON'] ?? 'python3'

/** Whether there is no Python that can run the package. */
export const NO_PYTHON = skipUnless(
  spawnSync(PYTHON, ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0,
  'what needs Python',
  `'${PYTHON}' is not there, or is older than Python 3.9; apt-get install python3`,
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
