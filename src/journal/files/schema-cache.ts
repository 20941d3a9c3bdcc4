import { pathIn, type Where } from '../../base/files/where.js'
import type { FrameDefinition } from '../../frames/definition.js'
import type { FrameOrigin } from '../../frames/dispatch.js'
import { CorruptJournalError } from '../../frames/errors.js'
import type { InstrumentNames } from '../../frames/instrument-names.js'
import type { LaterNames } from '../../frames/pointer.js'
import { Schema } from '../../frames/schema.js'
import { FileName } from './directory.js'
import { readSchema } from './schema-file.js'

/** The journal's definitions as a reader loaded them last. */
export class SchemaCache implements FrameOrigin, LaterNames {
  private schema = new Schema()

  constructor(
    private readonly directory: Where,
    readonly instruments: InstrumentNames,
  ) {}

  get file(): string {
    return pathIn(this.directory, FileName.SCHEMA)
  }

  /** A type's definition. schema.json contains it before its first frame is published, so the file is read again for an unknown type. */
  find(type: number): FrameDefinition | undefined {
    const known = this.schema.get(type)
    if (known !== undefined) return known
    this.schema = readSchema(this.directory)
    return this.schema.get(type)
  }

  get laterNames(): LaterNames {
    return this
  }

  /** A newer program may have added names to an enum, so the file is read again for a value without one. */
  laterName(type: number, field: string, stored: number): string | undefined {
    const name = (): string | undefined =>
      this.schema.get(type)?.fields.find(one => one.name === field)?.values?.[stored]
    const known = name()
    if (known !== undefined) return known
    this.schema = readSchema(this.directory)
    return name()
  }

  /** @throws {SchemaMismatchError} when the journal has another definition with this id or name. */
  check(definition: FrameDefinition): void {
    this.find(definition.id)
    this.schema.match(definition, this.file)
  }

  /** @throws {CorruptJournalError} always. */
  damaged(what: string, position: number, path: string): never {
    const message = `the frame at position ${position} of ${path} ${what}; run 'ticktape verify' on its journal`
    throw new CorruptJournalError(message, { path, position })
  }
}
