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
const FLAGS = [
  ...['-std=c++17', '-O0', '-pthread', `-I${join(CPP, 'include')}`],
  ...['-Wall', '-Wextra', '-Wpedantic', '-Wshadow', '-Wconversion', '-Wno-sign-conversion', '-Werror'],
]

/** Compiles programs of a test file. What all of them include is compiled once: most of a compiler's time goes into it. */
export class Compiler {
  /** @param folder for what it makes. @param header what all programs include, such as 'ticktape/ticktape.h'. */
  constructor(
    private readonly folder: string,
    header: string,
  ) {
    const all = join(folder, 'all.h')
    writeFileSync(all, `#include <${header}>\n`)
    this.run('-x', 'c++-header', '-o', `${all}.gch`, all)
  }

  /** @param folders where headers of its own are. Returns the program. @throws with what the compiler says. */
  compile(name: string, source: string, ...folders: readonly string[]): string {
    const program = join(this.folder, name)
    const own = [this.folder, ...folders].map(folder => `-I${folder}`)
    this.run(...own, '-include', 'all.h', '-o', program, source)
    return program
  }

  /** The same for a program as text, and headers as text beside it. */
  compileText(name: string, source: string, headers: Readonly<Record<string, string>>): string {
    const folder = join(this.folder, `${name}-source`)
    mkdirSync(folder)
    for (const [file, text] of Object.entries(headers)) writeFileSync(join(folder, file), text)
    writeFileSync(join(folder, 'main.cpp'), source)
    return this.compile(name, join(folder, 'main.cpp'))
  }

  private run(...words: readonly string[]): void {
    const { status, stderr, error } = spawnSync(COMPILER, [...FLAGS, ...words], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`${COMPILER} ${words.join(' ')}: ${error?.message ?? stderr}`)
  }
}
