import { join } from 'node:path'
import type { FrameDefinition } from '../../frames/definition.js'
import { FrameDefinitionError } from '../../frames/errors.js'
import type { Schema } from '../../frames/schema.js'
import type { Directory } from '../../native/addon.js'
import { FileName } from '../files/directory.js'
import { writeSchema } from '../files/schema-file.js'
import type { PlaceWatch } from './place-watch.js'

/** Puts a definition into the journal's schema.json, if it is not there yet: before anybody can see its first frame. */
export class Announcer {
  private readonly file: string

  constructor(
    private readonly directory: Directory,
    private readonly place: PlaceWatch,
    private readonly schema: Schema,
    private readonly mode: number,
    /** Slots of a page. */
    private readonly pageSlots: number,
  ) {
    this.file = join(directory.path, FileName.SCHEMA)
  }

  /** @throws {SchemaMismatchError} for one that contradicts the journal's, {FrameDefinitionError} for one larger than a page. */
  announce(definition: FrameDefinition): void {
    const { directory, file, schema, pageSlots } = this
    if (definition.slots > pageSlots) {
      throw new FrameDefinitionError(
        `a ${definition.name} takes ${definition.slots} slots, the pages of ${directory.path} have ${pageSlots}; give it larger pages`,
      )
    }
    if (schema.match(definition, file) !== undefined) return
    // On disk first: when that fails, the next try must not take the definition for written.
    this.place.check()
    writeSchema(directory, schema.with(definition), this.mode)
    schema.add(definition, file)
  }
}
