import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import { checkOptions, kinds } from '../../base/options.js'
import type { FrameDefinition } from '../../frames/definition.js'
import { MAX_JOURNAL_ID, SLOT_SHIFT } from '../../frames/format.js'
import type { InstrumentEntry } from '../../frames/instruments.js'
import type { Schema } from '../../frames/schema.js'
import { ReplicaMismatchError } from '../errors.js'
import { isSourceName } from '../files/replica-file.js'
import { slotsOf } from '../pages/header.js'
import type { RecoveryReport } from '../recover/recovery.js'
import { AppendPoint } from '../write/append-point.js'
import { closeWriter } from '../write/close.js'
import { InstrumentAdder } from '../write/instrument-adder.js'
import { openWriter } from '../write/open.js'
import type { WriterOptions } from '../write/options.js'
import type { WriterParts } from '../write/parts.js'
import { ReplicaRules, type ReplicaSource } from './replica-rules.js'
import { framesIn, type Run, type RunContents, slotsOfRun, walkRun } from './run.js'
import { WrittenFrames } from './written-frames.js'

export interface ReplicaOptions extends Pick<WriterOptions, 'durability' | 'syncInterval' | 'mode' | 'retain'> {
  /** Accept a journal that is no replica, as a copy of the source. It becomes a replica once a run was found in it. Default false. */
  readonly adopt?: boolean
}

/**
 * The one writer of a replica: a journal that has the frames of another one, byte for byte and at the same positions.
 *
 * It refuses everything that would make the two differ, by name and before a byte is written. What it has already it compares, so runs may
 * be given again, after a crash of any process that is involved.
 */
export class ReplicaWriter implements Disposable {
  readonly path: string
  /** What recovery found when the journal was opened. */
  readonly recovery: RecoveryReport
  /** Slots of runs that the replica had already, and that were found to be the same. */
  compared = 0

  private readonly point: AppendPoint
  private readonly instruments: InstrumentAdder
  private readonly written: WrittenFrames
  private readonly capacity: number
  private lastTime: bigint
  /** The position after the last frame, which is before `position` on an empty page; undefined when there is none, or its page was removed. */
  private end: number | undefined

  /**
   * Opens a replica, or creates it. Recovers it after a crash; it then continues at its last frame.
   *
   * @throws {ReplicaError} for a journal that is no replica, {ReplicaMismatchError} for the replica of another source; {WriterLockedError},
   * {RecoveryRefusedError}, {CorruptJournalError}, {UnsafePathError}, {NotAJournalError}, {JournalFullError}, {InvalidOptionError}.
   */
  static open(directory: string, source: ReplicaSource, options: ReplicaOptions = {}): ReplicaWriter {
    checkSource(source)
    checkOptions('ReplicaWriter.open', options, {
      durability: () => undefined,
      syncInterval: () => undefined,
      mode: () => undefined,
      retain: () => undefined,
      adopt: kinds.boolean,
    })
    const { adopt = false, ...own } = options
    const rules = new ReplicaRules(source, adopt)
    const { pageSize, journalId } = source
    return new ReplicaWriter(openWriter(directory, { ...own, pageSize, journalId }, rules), rules)
  }

  private constructor(
    private readonly parts: WriterParts,
    private readonly rules: ReplicaRules,
  ) {
    const { directory, settings } = parts
    this.path = directory.path
    this.recovery = parts.report
    this.lastTime = parts.lastTime
    this.capacity = parts.page.capacity
    this.point = new AppendPoint(parts)
    this.instruments = new InstrumentAdder(directory, parts.journalWatch, settings.mode)
    this.written = new WrittenFrames(directory, this.capacity)
    try {
      this.end = parts.slot > 0 ? this.position : this.written.endBefore(parts.page.number)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** The position of the next frame, unless the source continues on another page. */
  get position(): number {
    this.point.throwIfClosed()
    return this.point.published
  }

  /** The position after the last frame, which is before `position` on an empty page; `position` when it is not known. */
  get lastEnd(): number {
    return this.end ?? this.position
  }

  /** Frames below this position survive power loss, or, with the durability 'process', the death of the process. */
  get durable(): number {
    this.point.throwIfClosed()
    return this.parts.durableLog?.position ?? this.point.published
  }

  /** The definitions that the replica has. */
  get schema(): Schema {
    return this.parts.schema
  }

  /** ns since 1970 of the last frame; 0 when there is none. */
  get time(): bigint {
    return this.lastTime
  }

  /** Adds definitions of the source, in its order. Call it before the first run with their frames. @throws {SchemaMismatchError} */
  addDefinitions(definitions: readonly FrameDefinition[]): void {
    this.point.throwIfClosed()
    for (const definition of definitions) this.point.entries.of(definition)
  }

  /** Adds instruments of the source. Call it before the first run with their numbers. @throws {InstrumentMismatchError} */
  addInstruments(entries: readonly InstrumentEntry[]): void {
    this.point.throwIfClosed()
    this.instruments.add(entries)
  }

  /**
   * Appends the frames of a run that the replica does not have yet, and publishes them in one store. Those that it has are compared.
   * Returns what the run has, and how many slots and frames of that were appended.
   *
   * @throws {ReplicaMismatchError} when the run does not continue the replica, or has other frames; nothing is written then.
   * {JournalFullError}, {JournalReplacedError}, {SyncFailedError} as `Writer.begin`.
   */
  append(run: Run): RunContents & { readonly appended: number; readonly appendedFrames: number } {
    const { point } = this
    point.throwIfClosed()
    const end = this.checkPlace(run)
    const cursor = this.position
    const had = Math.max(0, Math.min(end, cursor) - run.position)
    // Times of frames that the replica has are checked by comparing their bytes.
    const contents = walkRun(run, this.parts.schema, had > 0 ? 0n : this.lastTime, this.path)
    if (had > 0) this.compare(run, had)
    if (end <= cursor) return { ...contents, appended: 0, appendedFrames: 0 }
    if (this.rules.isUnproven)
      this.refuse(run, 'and none before it had a frame of the copy, so nothing shows that it is a copy of this source')
    const page = Math.floor(run.position / this.capacity)
    while (point.page.number < page) point.roll()
    const added = run.bytes.subarray(had << SLOT_SHIFT)
    point.appendFrames(added)
    this.lastTime = contents.lastTime
    this.end = end
    const appendedFrames = had === 0 ? contents.frames : framesIn(added)
    return { ...contents, appended: slotsOfRun(run) - had, appendedFrames }
  }

  /** Resolves with the durable position once every frame so far is durable. @throws {SyncFailedError}, {JournalReplacedError} */
  async flush(): Promise<number> {
    const { durableLog, journalWatch } = this.parts
    const { position } = this
    const durable = durableLog === undefined ? position : await durableLog.flush(position)
    journalWatch.check()
    return durable
  }

  /** Makes all frames durable and releases the lock. Any number of times. @throws {SyncFailedError}; it is closed all the same. */
  close(): void {
    this.written.close()
    closeWriter(this.point, this.parts)
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** Checks that a run lies on a page, and that nothing is missing between the replica and the run. Returns the run's end. */
  private checkPlace(run: Run): number {
    const { after, position } = run
    const { capacity } = this
    const end = position + slotsOfRun(run)
    if (!isPosition(position) || !isPosition(after) || after > position)
      this.refuse(run, `and the run before it ended at ${after}, which is not possible`)
    if (end > (Math.floor(position / capacity) + 1) * capacity)
      this.refuse(run, `and ends at ${end}, which is on another page`)
    if (position !== after && position % capacity !== 0)
      this.refuse(run, `but the run before it ended at ${after}, and no page begins between them`)
    if (position < this.position) return end
    if (this.end !== undefined && after !== this.end)
      this.refuse(run, `after one that ended at ${after}, but the replica ends at ${this.end}`)
    // A source whose first page is empty continues on a later one.
    if (this.end === undefined && position !== this.position && after !== this.position)
      this.refuse(run, `but the replica ends at ${this.position}`)
    return end
  }

  /** Compares the first slots of a run with the frames that the replica has there. */
  private compare(run: Run, slots: number): void {
    const difference = this.written.difference(run, slots)
    if (difference === 'gone') return
    if (difference !== undefined)
      throw new ReplicaMismatchError(
        `${this.path} has another frame at position ${difference} than its source: one of the two was changed, repaired, or lost frames that it had published. Make a new replica from a copy of the source`,
        { path: this.path, position: difference },
      )
    this.compared += slots
    if (this.rules.isUnproven) this.rules.prove(this.parts.directory, this.parts.settings.mode)
  }

  private refuse(run: Run, how: string): never {
    throw new ReplicaMismatchError(`a run for ${this.path} begins at position ${run.position}, ${how}`, {
      path: this.path,
      position: run.position,
    })
  }
}

function isPosition(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function checkSource(of: ReplicaSource): void {
  checkOptions("ReplicaWriter.open's source", of, {
    source: () => undefined,
    pageSize: kinds.integer(1, 2 ** 31),
    journalId: kinds.integer(0, MAX_JOURNAL_ID),
    firstPosition: kinds.integer(0, Number.MAX_SAFE_INTEGER),
  })
  if (!isSourceName(of.source))
    throw new InvalidOptionError(`a source is named by 32 hexadecimal digits, not ${formatValue(of.source)}`)
  if (of.firstPosition % slotsOf(of.pageSize) !== 0)
    throw new InvalidOptionError(`a replica begins at the first slot of a page, not at position ${of.firstPosition}`)
}
