/** Programs in C++, for tests: compiled against the headers in cpp/. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { skipUnless } from './skips.ts'

/** The folder with the library. */
export const CPP = join(import.meta.dirname, '../../cpp')

const isThere = (compiler: string): boolean => spawnSync(compiler, ['--version']).status === 0
const COMPILER = process.env['CXX'] ?? (isThere('g++') ? 'g++' : 'clang++')

/** Whether there is no compiler, or no system that the library runs on. */
export const NO_CPP = skipUnless(
  process.platform === 'linux' && isThere(COMPILER),
  'what needs a C++ compiler',
  'There is none, or this is not Linux; apt-get install g++',
)

/** Every warning that we promise not to have. Without optimization: that takes half the time. */
const WARNINGS = '-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror'.split(' ')
const FLAGS = ['-std=c++17', '-O0', '-pthread', `-I${join(CPP, 'include')}`, ...WARNINGS]

/** One part of a program: a source with a `main` of its own, as text, and headers beside it. */
export interface Part {
  readonly name: string
  readonly source: string
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Compiles several sources into one program, which runs the one that its first argument names, or else the first one: most of a compiler's
 * time goes into the headers that all of them include. @param header that of the library. @throws with what the compiler says.
 */
export function compile(folder: string, program: string, header: string, parts: readonly Part[]): string {
  const file = join(folder, program)
  const lines = [`#include <${header}>`, '#include <string>']
  for (const { name, source, headers = {} } of parts) {
    mkdirSync(join(folder, name))
    for (const [path, text] of Object.entries({ ...headers, 'main.cpp': source }))
      writeFileSync(join(folder, name, path), text)
    // Headers of the system and of the library are included already: only the part's own ones end up in this namespace.
    lines.push(
      `#define main main_${name}`,
      `namespace part_${name} {`,
      `#include "${name}/main.cpp"`,
      '}',
      '#undef main',
    )
  }
  lines.push('int main(int words, char** word) {', '  const std::string part = words > 1 ? word[1] : "";')
  for (const { name } of parts)
    lines.push(`  if (part == "${name}") return part_${name}::main_${name}(words - 1, word + 1);`)
  writeFileSync(
    `${file}.cpp`,
    [...lines, `  return part_${parts[0].name}::main_${parts[0].name}(words, word);`, '}', ''].join('\n'),
  )
  const { status, stderr, error } = spawnSync(COMPILER, [...FLAGS, '-o', file, `${file}.cpp`], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${COMPILER} ${file}.cpp: ${error?.message ?? stderr}`)
  return file
}
