import * as fs from 'node:fs'
import * as path from 'node:path'
import { tryReadIn } from '../../base/files/where.js'
import type { FrameDefinition } from '../../frames/definition.js'
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
  try {
    if (fs.existsSync(path.join(directory, FileName.SCHEMA))) return { schema: readSchema(directory), state: 'kept' }
  } catch (error) {
    if (!isDamage(error)) throw error
  }
  const whole = parseWhole(readText(directory, FileName.SCHEMA + FileName.TEMPORARY_SUFFIX))
  if (whole !== undefined) return { schema: whole, state: 'rebuilt' }
  const definitions = wholeDefinitions(readText(directory, FileName.SCHEMA))
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
    const definition = Schema.parseDefinition(part)
    if (definition === undefined || definitions.has(definition.id) || names.has(definition.name)) continue
    definitions.set(definition.id, definition)
    names.add(definition.name)
  }
  return [...definitions.values()]
}

/** A file's text, if it is a regular file that is not too large to read; else ''. Then the report says that definitions are lost. */
function readText(directory: string, name: string): string {
  return tryReadIn(directory, name, MOST_BYTES)?.toString('utf8') ?? ''
}

const MOST_BYTES = 16 * 1024 * 1024
