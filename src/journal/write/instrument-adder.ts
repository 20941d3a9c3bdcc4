import { join } from 'node:path'
import { InvalidOptionError } from '../../base/errors.js'
import { formatValue } from '../../base/format-value.js'
import type { InstrumentEntry, InstrumentTable } from '../../frames/instruments.js'
import type { Directory } from '../../native/addon.js'
import { FileName } from '../files/directory.js'
import { readInstruments, writeInstruments } from '../files/instruments-file.js'
import type { JournalWatch } from './journal-watch.js'

/** Adds instruments to the journal's instruments.json. Must be called before the first frame with their numbers is published. */
export class InstrumentAdder {
  /** What the file has; undefined until it is needed. */
  private table: InstrumentTable | undefined

  constructor(
    private readonly directory: Directory,
    private readonly journalWatch: JournalWatch,
    private readonly mode: number,
  ) {}

  /** @throws {InstrumentMismatchError}, {InvalidOptionError}, {CorruptJournalError}; then the file stays as it is. */
  add(entries: readonly InstrumentEntry[]): void {
    if (!Array.isArray(entries))
      throw new InvalidOptionError(`addInstruments() takes a list of instruments, not ${formatValue(entries)}`)
    const { directory, journalWatch } = this
    this.table ??= readInstruments(directory)
    const wanted = this.table.with(entries, join(directory.path, FileName.INSTRUMENTS))
    if (wanted === this.table) return
    journalWatch.check()
    try {
      writeInstruments(directory, wanted, this.mode)
    } catch (error) {
      // Removed between the two: that is what the caller needs to know, not that a file is missing.
      journalWatch.check()
      throw error
    }
    this.table = wanted
  }
}
