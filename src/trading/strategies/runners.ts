import * as fs from 'node:fs'
import * as path from 'node:path'
import { packageRoot } from '../../native/package-files.js'
import type { CommandLine } from '../../runtime/supervision/command-process.js'

/**
 * What runs the strategies of another language: a program, found by a strategy's file. It is started with one of these words,
 * and one argument behind it; docs/strategy-protocol.md says what it answers.
 *
 * - `inspect FILE`: says which strategies a module has;
 * - `run CONFIG`: takes part in a desk;
 * - `replay CONFIG`: handles again what one run has handled.
 */
export interface Runner {
  /** Whether it runs the strategies of a file. */
  readonly runs: (file: string) => boolean
  /** For messages: what must be installed. */
  readonly needs: string
  readonly command: (word: 'inspect' | 'run' | 'replay', file: string) => CommandLine
}

/** One for each language. */
const RUNNERS: readonly Runner[] = [
  {
    runs: file => path.extname(file) === '.py',
    needs: `Python 3.9 or later, as 'python3'; --python or the variable PYTHON names another one`,
    command: (word, file) => ({
      words: [pythonProgram(), '-m', 'ticktape.strategy', word],
      folder: path.dirname(path.resolve(file)),
      // Files beside the strategy must not take the place of Python's own modules.
      environment: { PYTHONPATH: pythonPath(), PYTHONSAFEPATH: '1' },
    }),
  },
  {
    // A program that is compiled answers for itself: one that is made with the library for C++.
    runs: isProgram,
    needs: 'a program for this machine',
    command: (word, file) => ({ words: [path.resolve(file), word], folder: path.dirname(path.resolve(file)) }),
  },
]

/** Whether a file is an executable of Linux: not a script, and no module. */
function isProgram(file: string): boolean {
  const magic = Buffer.alloc(4)
  try {
    const descriptor = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
    try {
      if (!fs.fstatSync(descriptor).isFile()) return false
      fs.readSync(descriptor, magic, 0, magic.length, 0)
    } finally {
      fs.closeSync(descriptor)
    }
  } catch {
    // Whoever uses the file says why it cannot be read.
    return false
  }
  return magic.toString('latin1') === '\x7fELF'
}

/** What runs the strategies in a file; undefined for a module in JavaScript and for a description with a command. */
export function runnerOf(file: string): Runner | undefined {
  return RUNNERS.find(({ runs }) => runs(file))
}

function pythonProgram(): string {
  const program = process.env['PYTHON'] || 'python3'
  // It is started in the folder of the strategy.
  return program.includes('/') ? path.resolve(program) : program
}

/** What the user has set comes first: another version of the Python package, for example. */
function pythonPath(): string {
  const own = packageRoot === undefined ? [] : [path.join(packageRoot, 'python')]
  return [...(process.env['PYTHONPATH'] || '').split(':').filter(one => one !== ''), ...own].join(':')
}
