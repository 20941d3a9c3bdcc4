import * as fs from 'node:fs'
import * as path from 'node:path'
import type { FrameDefinition } from '../../frames/definition.js'
import { FORMAT_VERSION } from '../../frames/format.js'
import { Schema } from '../../frames/schema.js'
import { FileName } from '../files/directory.js'
import { readSchema } from '../files/schema-file.js'
import { isDamage } from '../verify/page.js'

/** The definitions of a journal, as far as they can be read. */
export interface SavedSchema {
  readonly schema: Schema
  /** 'kept': schema.json was intact. 'rebuilt': only its intact definitions were kept. 'lost': there was no intact definition. */
  readonly state: 'kept' | 'rebuilt' | 'lost'
}

/**
 * Reads schema.json; from a damaged file, each intact definition is read by itself. The temporary file of a writer that died is used as
 * well, if it is complete.
 */
export function saveSchema(directory: string): SavedSchema {
  const file = path.join(directory, FileName.SCHEMA)
  try {
    if (fs.existsSync(file)) return { schema: readSchema(directory), state: 'kept' }
  } catch (error) {
    if (!isDamage(error)) throw error
  }
  const whole = parseWhole(readText(file + FileName.TEMPORARY_SUFFIX))
  if (whole !== undefined) return { schema: whole, state: 'rebuilt' }
  const definitions = wholeDefinitions(readText(file))
  return { schema: new Schema(definitions), state: definitions.length === 0 ? 'lost' : 'rebuilt' }
}

function parseWhole(text: string): Schema | undefined {
  try {
    return Schema.parse(text, '')
  } catch {
    return undefined // also damaged
  }
}

/** Matches one definition in the layout that writers use: it begins and ends on lines of its own, indented by four spaces. */
const DEFINITION = /^ {4}\{\n[^]*?^ {4}\}/gm

function wholeDefinitions(text: string): FrameDefinition[] {
  const definitions = new Map<number, FrameDefinition>()
  const names = new Set<string>()
  for (const [part] of text.matchAll(DEFINITION)) {
    const definition = parseWhole(`{"format":${FORMAT_VERSION},"frames":[${part}]}`)?.definitions[0]
    if (definition === undefined || definitions.has(definition.id) || names.has(definition.name)) continue
    definitions.set(definition.id, definition)
    names.add(definition.name)
  }
  return [...definitions.values()]
}

/** The text of a regular file that is not too large; otherwise ''. */
function readText(file: string): string {
  try {
    const fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW | fs.constants.O_NONBLOCK)
    try {
      const stat = fs.fstatSync(fd)
      return stat.isFile() && stat.size <= MOST_BYTES ? fs.readFileSync(fd, 'utf8') : ''
    } finally {
      fs.closeSync(fd)
    }
  } catch {
    return '' // it cannot be read: the report says that definitions are lost
  }
}

const MOST_BYTES = 16 * 1024 * 1024
