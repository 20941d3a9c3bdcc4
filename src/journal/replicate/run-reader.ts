import { Page as P, SLOT_SHIFT } from '../../frames/format.js'
import { ReaderRegistration } from '../control/reader-registry.js'
import { JournalNotFoundError } from '../errors.js'
import type { Start } from '../read/options.js'
import { Reader } from '../read/reader.js'
import { clearCrcs, type Run } from './run.js'

/** A run as it was read, with what says which page of which journal it is from. */
export interface SourceRun extends Run {
  readonly page: number
  /** ns since 1970: when the source created the page. A page that was created again has another time. */
  readonly pageCreated: bigint
  readonly frames: number
}

/** What the pages of a journal have in common. */
export interface JournalKind {
  /** Bytes. */
  readonly pageSize: number
  /** 0 to 65,535. */
  readonly journalId: number
}

/** Reads a journal run by run, and keeps its pages until they are confirmed. It never delays the journal's writer, nor wakes it. */
export class RunReader implements Disposable {
  /** Where the last run ended. */
  private end: number

  private constructor(
    private readonly reader: Reader,
    private readonly registration: ReaderRegistration | undefined,
  ) {
    this.end = reader.position
  }

  /**
   * @param name a named reader of the journal: retention keeps the pages that this reader has not confirmed. Without it, retention may
   * remove pages before they are read.
   * @param durable read frames only once they are durable.
   * @throws as `Reader.open`, and {ReaderBusyError} when a live reader has the name.
   */
  static open(
    directory: string,
    options: { readonly from: Start; readonly name?: string; readonly durable?: boolean },
  ): RunReader {
    const { from, name, durable } = options
    const reader = Reader.open(directory, { from, durable })
    try {
      return new RunReader(reader, name === undefined ? undefined : register(reader, name))
    } catch (error) {
      reader.close()
      throw error
    }
  }

  get kind(): JournalKind {
    const { pageSize, journalId } = this.reader.frames.page.identity
    return { pageSize, journalId }
  }

  /** The position of the next frame. */
  get position(): number {
    return this.reader.position
  }

  /** The number of slots that are published and not yet read. */
  get lag(): number {
    return this.reader.lag
  }

  /**
   * The next run: frames that exist now, of at most `mostBytes` together, but one frame at least; undefined when there is none.
   *
   * @throws {CorruptJournalError}, {PositionGoneError}, {JournalReplacedError}.
   */
  next(mostBytes: number): SourceRun | undefined {
    const source = this.reader.frames
    const slots = source.take(mostBytes >> SLOT_SHIFT)
    if (slots === 0) return undefined
    const { page, slot } = source
    const at = P.HEADER_SIZE + ((slot - slots) << SLOT_SHIFT)
    const bytes = page.memory.u8.slice(at, at + (slots << SLOT_SHIFT))
    const frames = clearCrcs(bytes)
    const after = this.end
    this.end = page.firstPosition + slot
    return {
      after,
      position: page.firstPosition + slot - slots,
      bytes,
      page: page.number,
      pageCreated: page.identity.created,
      frames,
    }
  }

  /** Continues at a position where a run ended or begins. @throws {PositionError}, {PositionGoneError} */
  seek(position: number): void {
    this.reader.seek({ position })
    this.end = position
  }

  /** Frames below this position need not be kept for this reader any more. */
  confirm(position: number): void {
    this.registration?.checkpoint(position, false)
  }

  close(): void {
    this.registration?.release()
    this.reader.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

function register(reader: Reader, name: string): ReaderRegistration {
  const control = reader.sleepOn
  if (control === undefined)
    throw new JournalNotFoundError(`${reader.path} has no control file to keep a reader's position in`, {
      path: reader.path,
    })
  return ReaderRegistration.acquire(control, name)
}
