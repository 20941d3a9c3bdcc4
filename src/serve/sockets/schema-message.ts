import { statSync } from 'node:fs'
import { join } from 'node:path'
import { FileName } from '../../journal/files/directory.js'
import { readInstruments } from '../../journal/files/instruments-file.js'
import { readSchema } from '../../journal/files/schema-file.js'
import type { Subscription } from './feed.js'
import { socketFrame, TEXT } from './socket-frames.js'

/**
 * What a client needs to decode the frames of a journal: its schema.json and its instruments.json, in one message. It is sent before
 * the first frame, and again before the first frame that needs what was added.
 */
export class SchemaMessage {
  private version = 0
  private sizes = ''
  private message: Buffer | undefined = undefined

  constructor(
    private readonly name: string,
    private readonly path: string,
    private readonly number: number,
  ) {}

  /** Looks for additions. Both files are complete before the first frame that needs them is published, and only grow. */
  refresh(): void {
    const sizes = [FileName.SCHEMA, FileName.INSTRUMENTS].map(
      name => statSync(join(this.path, name), { throwIfNoEntry: false })?.size ?? 0,
    )
    if (String(sizes) === this.sizes) return
    this.sizes = String(sizes)
    this.version++
    const schema = JSON.parse(readSchema(this.path).toJson()) as unknown
    const instruments = readInstruments(this.path).entries
    const { name, number } = this
    this.message = socketFrame(JSON.stringify({ type: 'schema', journal: name, number, schema, instruments }), TEXT)
  }

  /** Sends it to a subscription that has an older one, or none. */
  prepare(subscription: Subscription): void {
    if (this.message === undefined) this.refresh()
    if (subscription.schemaVersion === this.version || this.message === undefined) return
    subscription.schemaVersion = this.version
    subscription.client.write(this.message)
  }
}
