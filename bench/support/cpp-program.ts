import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')

/** Compiles one file of bench/baseline to a program of its own. Undefined when there is no compiler. */
export function buildCpp(name: string): string | undefined {
  const folder = join(ROOT, 'build-bench', 'baseline')
  fs.mkdirSync(folder, { recursive: true })
  const program = join(folder, name)
  for (const compiler of ['g++', 'clang++']) {
    const { status, error, stderr } = spawnSync(
      compiler,
      ['-std=c++17', '-O3', '-o', program, join(ROOT, 'bench', 'baseline', `${name}.cpp`)],
      { encoding: 'utf8' },
    )
    if (error !== undefined) continue
    if (status !== 0) throw new Error(`${compiler} failed: ${stderr}`)
    return program
  }
  return undefined
}

/** Runs it and returns the JSON it prints. */
export function runCpp(program: string, words: readonly (string | number)[]): unknown {
  const { status, stdout, stderr } = spawnSync(program, words.map(String), { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`)
  return JSON.parse(stdout) as unknown
}
