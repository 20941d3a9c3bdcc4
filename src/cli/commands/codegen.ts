import type { Command } from 'commander'
import { readSchema } from '../../journal/files/schema-file.js'
import { isJournal, notAJournal } from '../../journal/inspect/inspect.js'
import { cppStructs } from '../codegen/cpp.js'
import { pythonTypes } from '../codegen/python.js'
import { UsageError } from '../output/failure.js'
import { wrapped } from '../output/help.js'
import { Output } from '../output/output.js'

export function registerCodegen(program: Command): void {
  program
    .command('codegen')
    .description("types for programs in other languages, from a journal's schema.json")
    .argument('<language>', LANGUAGES.join(', '))
    .argument('<dir>', "the journal's directory")
    .addHelpText('after', wrapped(HELP))
    .action(async (language: string, directory: string) => codegen(language, directory))
}

/** What is made for each language. */
const GENERATORS = { cpp: cppStructs, python: pythonTypes } as const
const LANGUAGES = Object.keys(GENERATORS)

const HELP = `
cpp: a header with a struct for each frame, for the library for C++ in cpp/ (docs/cpp.md).
python: a module with a class for each frame, for type checkers and editors. Programs run without it: the package for Python reads schema.json itself.

Exit codes: 0 done, 2 could not.

Examples:
  $ ticktape codegen python /dev/shm/desk/gateway > frames.py
  then, in a strategy:  def on_book(self, book: 'frames.BookTop') -> None: ...
  $ ticktape codegen cpp /dev/shm/desk/gateway > frames.h
  then, in a program:   reader.poll(ticktape::handlers(ticktape::on<frames::BookTop>(onBook)))`

async function codegen(language: string, directory: string): Promise<void> {
  if (!(language in GENERATORS)) throw new UsageError(`'${language}' is not a language; type ${LANGUAGES.join(', ')}`)
  if (!isJournal(directory)) throw notAJournal(directory)
  const out = new Output()
  out.add(GENERATORS[language as keyof typeof GENERATORS](readSchema(directory).definitions))
  await out.flush()
}
