import { ImportError } from '../errors.js'
import type { Row, RowFile } from './rows.js'
import { MOST_CHARACTERS, textOf } from './text-file.js'

/**
 * A file with a JSON object a line. Its columns are the keys of the first one.
 *
 * @throws {ImportError} with the line, for what is no object of numbers, texts, booleans and nulls.
 */
export async function openJsonLines(file: string): Promise<RowFile> {
  const lines = linesOf(file)
  const first = await lines.next()
  const batch = first.done === true ? [] : first.value
  if (batch.length === 0) throw new ImportError(`${file} is empty`, { path: file })
  const columns = Object.keys(objectOf(batch[0], file))
  async function* rows(): AsyncGenerator<readonly Row[], void, undefined> {
    yield batch.map(one => rowOf(one, columns, file))
    for await (const more of lines) yield more.map(one => rowOf(one, columns, file))
  }
  return { columns, unit: 'line', times: new Set(), rows: rows(), close: async () => void (await lines.return()) }
}

interface Line {
  readonly line: number
  readonly text: string
}

async function* linesOf(file: string): AsyncGenerator<readonly Line[], void, undefined> {
  let rest = ''
  let line = 0
  const take = (texts: readonly string[]): Line[] =>
    texts.map(text => ({ line: ++line, text })).filter(({ text }) => text.trim() !== '')
  for await (const part of textOf(file)) {
    const texts = (rest + part).split('\n')
    rest = texts.pop() ?? ''
    if (rest.length > MOST_CHARACTERS)
      throw new ImportError(`line ${line + texts.length + 1} of ${file} has more than ${MOST_CHARACTERS} characters`, {
        path: file,
      })
    const batch = take(texts)
    if (batch.length > 0) yield batch
  }
  const last = take(rest === '' ? [] : [rest])
  if (last.length > 0) yield last
}

function rowOf(one: Line, columns: readonly string[], file: string): Row {
  const values = objectOf(one, file)
  for (const name in values)
    if (!columns.includes(name))
      throw new ImportError(`line ${one.line} of ${file} has '${name}', which the first line has not`, { path: file })
  return { line: one.line, values: columns.map(name => textValue(values[name], name, one, file)) }
}

function textValue(value: unknown, name: string, { line }: Line, file: string): string | undefined {
  if (value === null || value === undefined) return undefined
  if (typeof value === 'string') return value
  if (typeof value === 'boolean') return String(value)
  throw new ImportError(`line ${line} of ${file} has a list or an object in '${name}'`, { path: file })
}

function objectOf({ line, text }: Line, file: string): Record<string, unknown> {
  try {
    const value = JSON.parse(withNumbersAsTexts(text)) as unknown
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch (error) {
    throw new ImportError(`line ${line} of ${file} is not JSON: ${(error as Error).message}`, {
      path: file,
      cause: error,
    })
  }
  throw new ImportError(`line ${line} of ${file} is no object`, { path: file })
}

/**
 * JSON.parse makes doubles of numbers, which loses digits: a text keeps all that the file has. What is no number of JSON stays, and so is an
 * error later; so is a number in place of a name.
 */
function withNumbersAsTexts(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\s*:)/g, token =>
    token.startsWith('"') ? token : `"${token}"`,
  )
}
