import * as fs from 'node:fs'
import { inspect } from 'node:util'
import { fromSystemError } from '../../base/system-error.js'
import { CredentialsError } from '../errors.js'
import { isFields } from '../fields.js'

/** A text that must not be written anywhere: it shows itself only to who asks for it by name. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return HIDDEN
  }

  toJSON(): string {
    return HIDDEN
  }

  [inspect.custom](): string {
    return HIDDEN
  }
}

const HIDDEN = '[hidden]'

export type Credentials<Name extends string> = Readonly<Record<Name, Secret>>

/**
 * The credentials of an account: from a JSON file that only its owner may read, or from the environment, as `<PREFIX>_<NAME>`.
 * Undefined when there is no file and none of the variables is set.
 *
 * @throws {CredentialsError}, whose message never holds any of them.
 */
export function readCredentials<Name extends string>(
  names: readonly Name[],
  prefix: string,
  file: string | undefined,
  environment: NodeJS.ProcessEnv = process.env,
): Credentials<Name> | undefined {
  if (file !== undefined) return complete(names, readFile(file), `the credentials in ${file}`, name => `"${name}"`)
  const variable = (name: Name): string => `${prefix}_${name.toUpperCase()}`
  const found = Object.fromEntries(names.map(name => [name, environment[variable(name)]]))
  if (Object.values(found).every(value => value === undefined)) return undefined
  return complete(names, found, 'the credentials in the environment', name => variable(name as Name))
}

function complete<Name extends string>(
  names: readonly Name[],
  found: Readonly<Record<string, unknown>>,
  what: string,
  nameOf: (name: string) => string,
): Credentials<Name> {
  const missing = names.filter(name => typeof found[name] !== 'string' || found[name] === '')
  if (missing.length > 0) throw new CredentialsError(`${what} lack ${missing.map(nameOf).join(' and ')}`)
  return Object.fromEntries(names.map(name => [name, new Secret(found[name] as string)])) as Credentials<Name>
}

/** More than any credentials need. */
const MOST_BYTES = 65_536

function readFile(file: string): Readonly<Record<string, unknown>> {
  const fail = (what: string): CredentialsError => new CredentialsError(`${file} ${what}`, { path: file })
  let fd: number
  try {
    fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
  } catch (error) {
    throw fromSystemError(error, 'reading', file)
  }
  try {
    const { mode, uid, size } = fs.fstatSync(fd)
    if ((mode & fs.constants.S_IFMT) !== fs.constants.S_IFREG)
      throw fail('is no file: credentials are a JSON object in one')
    if ((mode & 0o077) !== 0)
      throw fail('may be read by others: type chmod 600 on it, and replace the credentials in it')
    if (uid !== process.geteuid?.()) throw fail('belongs to another user: copy it to a file of your own')
    if (size > MOST_BYTES) throw fail('is too large for credentials')
    let value: unknown
    try {
      value = JSON.parse(fs.readFileSync(fd, 'utf8'))
    } catch {
      // The parser's message quotes the text: it is left out.
      throw fail('is not JSON')
    }
    if (!isFields(value)) throw fail('has no JSON object')
    return value
  } finally {
    fs.closeSync(fd)
  }
}
