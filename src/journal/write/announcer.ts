import { join } from 'node:path'
import type { FrameDefinition } from '../../frames/definition.js'
import { FrameDefinitionError } from '../../frames/errors.js'
import type { Schema } from '../../frames/schema.js'
import type { Directory } from '../../native/addon.js'
import { FileName } from '../files/directory.js'
import { writeSchema } from '../files/schema-file.js'
import type { JournalWatch } from './journal-watch.js'

/** Adds a definition to the journal's schema.json, unless it is there already. Must be called before its first frame is published. */
export class Announcer {
  private readonly file: string

  constructor(
    private readonly directory: Directory,
    private readonly journalWatch: JournalWatch,
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
        `a ${definition.name} takes ${definition.slots} slots, but a page of ${directory.path} has ${pageSlots}; create a journal with larger pages`,
      )
    }
    if (schema.match(definition, file) !== undefined) return
    // The file first: if writing it fails, the next call must try again.
    this.journalWatch.check()
    try {
      writeSchema(directory, schema.with(definition), this.mode)
    } catch (error) {
      // The journal may have been removed since the check. Then the caller must learn that, not that a file is missing.
      this.journalWatch.check()
      throw error
    }
    schema.add(definition, file)
  }
}
