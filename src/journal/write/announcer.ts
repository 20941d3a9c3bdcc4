import { join } from 'node:path'
import type { FrameDefinition } from '../../frames/definition.js'
import { FrameDefinitionError } from '../../frames/errors.js'
import type { Schema } from '../../frames/schema.js'
import { FileName } from '../files/directory.js'
import { writeSchema } from '../files/schema-file.js'

/** Puts a definition into the journal's schema.json, if it is not there yet: before anybody can see its first frame. */
export class Announcer {
  private readonly file: string

  constructor(
    private readonly directory: string,
    private readonly schema: Schema,
    private readonly mode: number,
    /** Slots of a page. */
    private readonly pageSlots: number,
  ) {
    this.file = join(directory, FileName.SCHEMA)
  }

  /** @throws {SchemaMismatchError} for one that contradicts the journal's, {FrameDefinitionError} for one larger than a page. */
  announce(definition: FrameDefinition): void {
    const { directory, file, schema, pageSlots } = this
    if (definition.slots > pageSlots) {
      throw new FrameDefinitionError(
        `a ${definition.name} takes ${definition.slots} slots, the pages of ${directory} have ${pageSlots}; give it larger pages`,
      )
    }
    if (schema.match(definition, file) !== undefined) return
    // On disk first: when that fails, the next try must not take the definition for written.
    writeSchema(directory, schema.with(definition), this.mode)
    schema.add(definition, file)
  }
}
