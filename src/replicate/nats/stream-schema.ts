import type { FrameDefinition } from '../../frames/definition.js'
import type { FrameOrigin } from '../../frames/dispatch.js'
import { CorruptJournalError } from '../../frames/errors.js'
import { InstrumentNames } from '../../frames/instrument-names.js'
import { type InstrumentEntry, InstrumentTable } from '../../frames/instruments.js'
import { Schema } from '../../frames/schema.js'
import { parseDefinitions, parseInstruments } from './descriptions.js'
import type { Stream, StreamMessage } from './stream.js'

/** What a stream says of its frames: definitions and instruments. */
export class StreamSchema implements FrameOrigin {
  readonly instruments: InstrumentNames
  /** Grows with each definition that is new. */
  version = 0
  private readonly schema = new Schema()
  private table = InstrumentTable.EMPTY
  private named = 0

  /** @param path the stream, for error messages. */
  constructor(private readonly path: string) {
    this.instruments = new InstrumentNames(names => this.nameNew(names))
  }

  /** Gets what the stream has now. There are few: a publisher sends them when it starts, and when they change. */
  async load(stream: Stream): Promise<void> {
    for (const kind of ['schema', 'instruments'] as const) {
      for (let from = 1; ; ) {
        const message = await stream.nextOf(kind, from)
        if (message === undefined) break
        this.take(stream.name, message)
        from = message.sequence + 1
      }
    }
  }

  /** Takes a message with descriptions. @throws {CorruptJournalError}, {SchemaMismatchError}, {InstrumentMismatchError} */
  take(stream: string, { kind, data, sequence }: Pick<StreamMessage, 'kind' | 'data' | 'sequence'>): void {
    const where = `message ${sequence} of stream ${stream}`
    if (kind === 'instruments') this.table = this.table.with(parseInstruments(data, where), this.path)
    if (kind !== 'schema') return
    for (const definition of parseDefinitions(data, where)) {
      // Of an enum, one with fewer names may come again.
      if (this.schema.add(definition, this.path)) this.version++
    }
  }

  find(type: number): FrameDefinition | undefined {
    return this.schema.get(type)
  }

  /** @throws {SchemaMismatchError} when the stream has another definition with this id or name. */
  check(definition: FrameDefinition): void {
    this.schema.match(definition, this.path)
  }

  /** @throws {CorruptJournalError} always. */
  damaged(what: string, position: number, path: string): never {
    throw new CorruptJournalError(
      `the frame at position ${position} of ${path} ${what}; check the source with 'ticktape verify'`,
      { path, position },
    )
  }

  instrument(number: number): InstrumentEntry | undefined {
    return this.table.get(number)
  }

  get allInstruments(): InstrumentEntry[] {
    return this.table.entries
  }

  private nameNew(names: InstrumentNames): boolean {
    const { table } = this
    if (table.size === this.named) return false
    for (const { number, symbol } of table.entries) names.name(number, symbol)
    this.named = table.size
    return true
  }
}
