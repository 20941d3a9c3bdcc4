import { InvalidOptionError } from '../../base/errors.js'
import type { FrameDefinition } from '../../frames/definition.js'
import { type InstrumentEntry, InstrumentTable } from '../../frames/instruments.js'
import { Schema } from '../../frames/schema.js'
import { FileName, openToRead } from '../../journal/files/directory.js'
import { readInstruments } from '../../journal/files/instruments-file.js'
import { readSchema } from '../../journal/files/schema-file.js'
import type { Directory } from '../../native/addon.js'

/** What describes a journal's frames, and is not yet in the stream. */
export interface NewDescriptions {
  readonly definitions: readonly FrameDefinition[]
  readonly instruments: readonly InstrumentEntry[]
}

/**
 * The schema and instruments of a source, as far as they are new. A definition is in its file before the first frame of its type, so files
 * that are read after the frames have all that the frames need.
 */
export class DescriptionReader {
  private readonly directory: Directory
  private stamps = ''
  private known = new Map<number, string>()
  private instruments = 0

  constructor(directory: string) {
    this.directory = openToRead(directory)
  }

  /** What is new since the last call; at first everything. Reads a file only when it has changed. */
  read(): NewDescriptions | undefined {
    const sizes = [FileName.SCHEMA, FileName.INSTRUMENTS].map(name => this.directory.stat(name)?.size ?? 0).join(' ')
    // Both files only become longer.
    if (sizes === this.stamps) return undefined
    const definitions = readSchema(this.directory).definitions.filter(definition => {
      const json = new Schema([definition]).toJson()
      const isNew = this.known.get(definition.id) !== json
      this.known.set(definition.id, json)
      return isNew
    })
    const all = readInstruments(this.directory).entries
    const instruments = all.slice(this.instruments)
    this.instruments = all.length
    this.stamps = sizes
    return { definitions, instruments }
  }

  /** From now on everything is new: what the stream has got is not known. */
  forget(): void {
    this.stamps = ''
    this.known = new Map()
    this.instruments = 0
  }

  close(): void {
    this.directory.close()
  }
}

/** The payloads of messages with definitions: texts as schema.json has them, each of at most `most` bytes. @throws {InvalidOptionError} */
export function schemaPayloads(definitions: readonly FrameDefinition[], most: number): Uint8Array[] {
  return packed(definitions, part => new Schema(part).toJson(), most)
}

/** The same of instruments. */
export function instrumentPayloads(entries: readonly InstrumentEntry[], most: number): Uint8Array[] {
  return packed(entries, part => InstrumentTable.EMPTY.with(part, '').toJson(), most)
}

/** @throws {CorruptJournalError} */
export function parseDefinitions(payload: Uint8Array, where: string): FrameDefinition[] {
  return Schema.parse(Buffer.from(payload).toString('utf8'), where).definitions
}

/** @throws {CorruptJournalError} */
export function parseInstruments(payload: Uint8Array, where: string): InstrumentEntry[] {
  return InstrumentTable.parse(Buffer.from(payload).toString('utf8'), where).entries
}

/** Halves a list until each text is small enough. */
function packed<T>(items: readonly T[], textOf: (part: readonly T[]) => string, most: number): Uint8Array[] {
  if (items.length === 0) return []
  const bytes = Buffer.from(textOf(items))
  if (bytes.length <= most) return [bytes]
  if (items.length === 1)
    throw new InvalidOptionError(
      `a definition or an instrument takes ${bytes.length} bytes, but the server takes messages of ${most}; raise its max_payload`,
    )
  const middle = items.length >> 1
  return [...packed(items.slice(0, middle), textOf, most), ...packed(items.slice(middle), textOf, most)]
}
