import { spawnSync } from 'node:child_process'
import * as fs from 'node:fs'
import { join } from 'node:path'

const ROOT = join(import.meta.dirname, '..', '..')

/** Compiles the C++ version of ticktape/state. Undefined when there is no compiler. */
export function buildStateBaseline(): string | undefined {
  const folder = join(ROOT, 'build-bench', 'baseline')
  fs.mkdirSync(folder, { recursive: true })
  const program = join(folder, 'state')
  for (const compiler of ['g++', 'clang++']) {
    const { status, error, stderr } = spawnSync(
      compiler,
      ['-std=c++17', '-O3', '-o', program, join(ROOT, 'bench', 'baseline', 'state.cpp')],
      { encoding: 'utf8' },
    )
    if (error !== undefined) continue
    if (status !== 0) throw new Error(`${compiler} failed: ${stderr}`)
    return program
  }
  return undefined
}

/** Runs it and returns the JSON it prints. */
export function runStateBaseline(program: string, words: readonly (string | number)[]): unknown {
  const { status, stdout, stderr } = spawnSync(program, words.map(String), { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr}`)
  return JSON.parse(stdout) as unknown
}
