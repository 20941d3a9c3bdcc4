import * as fs from 'node:fs'
import * as os from 'node:os'
import * as path from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { SqlSession } from '../../data/sql/session.js'
import { printable, printError } from '../output/failure.js'
import { Output } from '../output/output.js'
import { table } from '../output/table.js'
import { printResult, type ResultFormat } from './print.js'

/** Lines of history that are kept. */
const HISTORY = 1000

const HELP = `A statement ends with ';' and may have several lines. Ctrl-C ends the statement that runs, Ctrl-D leaves.
  .tables         the views
  .schema VIEW    the columns of a view
  .quit           leave`

/** Statements from a terminal, until Ctrl-D. */
export async function runConsole(session: SqlSession, format: ResultFormat): Promise<void> {
  const file = historyFile()
  const out = new Output()
  const terminal = createInterface({
    input: process.stdin,
    output: process.stdout,
    history: readHistory(file),
    historySize: HISTORY,
    removeHistoryDuplicates: true,
    prompt: PROMPT,
  })
  out.line(`${session.attachment.views.length} views; '.tables' lists them, '.help' says more`)
  await out.flush()
  const entered: string[] = []
  try {
    await new Promise<void>(resolve => {
      let running: Promise<void> | undefined
      const lines = new LineQueue(async line => {
        if (await handle(line)) terminal.close()
      })
      const handle = statementReader(session, format, out, terminal, entered)
      terminal.on('line', line => void (running = lines.add(line)))
      terminal.on('SIGINT', () => {
        if (lines.busy) session.interrupt()
        else {
          handle.reset()
          process.stdout.write('\n')
          terminal.setPrompt(PROMPT)
          terminal.prompt()
        }
      })
      terminal.on('close', () => void Promise.resolve(running).then(resolve))
      terminal.prompt()
    })
  } finally {
    terminal.close()
    writeHistory(file, entered)
  }
}

const PROMPT = 'sql> '
const CONTINUED = '  -> '

/** Lines are handled one after another, also when several are pasted. */
class LineQueue {
  private last: Promise<void> = Promise.resolve()
  private waiting = 0

  constructor(private readonly handle: (line: string) => Promise<void>) {}

  get busy(): boolean {
    return this.waiting > 0
  }

  add(line: string): Promise<void> {
    this.waiting++
    this.last = this.last.then(() => this.handle(line)).finally(() => this.waiting--)
    return this.last
  }
}

type LineHandler = ((line: string) => Promise<boolean>) & { reset: () => void }

/** Returns true when the user wants to leave. */
function statementReader(
  session: SqlSession,
  format: ResultFormat,
  out: Output,
  terminal: Interface,
  entered: string[],
): LineHandler {
  let statement = ''
  const read = async (line: string): Promise<boolean> => {
    if (statement === '' && line.trim().startsWith('.')) {
      if (dotCommand(session, line.trim(), out)) return true
      await out.flush()
    } else if (line.trim() !== '' || statement !== '') {
      statement += `${line}\n`
      if (/;\s*$/.test(statement)) {
        const sql = statement.trim()
        statement = ''
        entered.push(sql.replace(/\s*\n\s*/g, ' '))
        try {
          await printResult(session.query(sql), format, out)
        } catch (error) {
          printError(error, format === 'json')
        }
      }
    }
    terminal.setPrompt(statement === '' ? PROMPT : CONTINUED)
    terminal.prompt()
    return false
  }
  return Object.assign(read, { reset: () => void (statement = '') })
}

/** Returns true for `.quit`. */
function dotCommand(session: SqlSession, line: string, out: Output): boolean {
  const [command, name] = line.split(/\s+/)
  const { views } = session.attachment
  if (command === '.quit' || command === '.exit') return true
  if (command === '.tables') {
    for (const view of views) out.line(`${view.name}  (${view.columns.length} columns)`)
  } else if (command === '.schema') {
    const view = views.find(one => one.name === name)
    if (view === undefined) out.line(`there is no view '${printable(name ?? '')}'; .tables lists them`)
    else
      for (const text of table([['column', 'type'], ...view.columns.map(one => [one.name, one.type])], 'll'))
        out.line(text)
  } else {
    out.line(HELP)
  }
  return false
}

/** In the directory where programs keep such files; undefined when the user has none. */
function historyFile(): string {
  const state = process.env['XDG_STATE_HOME'] || path.join(os.homedir(), '.local', 'state')
  return path.join(state, 'ticktape', 'sql-history')
}

/** The newest first, as readline has them. A history that cannot be read is none: it is a convenience. */
function readHistory(file: string): string[] {
  try {
    return fs
      .readFileSync(file, 'utf8')
      .split('\n')
      .filter(line => line !== '')
      .reverse()
  } catch {
    return []
  }
}

/** Adds statements to the history. Without a place for it there is none. */
function writeHistory(file: string, entered: readonly string[]): void {
  if (entered.length === 0) return
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
    const lines = [...readHistory(file).reverse(), ...entered].slice(-HISTORY)
    fs.writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 })
  } catch {
    // A read-only home: the statements were run, and that is what counts.
  }
}
