import { InstrumentNames } from '../../frames/instrument-names.js'
import { type InstrumentEntry, InstrumentTable } from '../../frames/instruments.js'
import type { Directory } from '../../native/addon.js'
import { FileName } from './directory.js'
import { readInstruments } from './instruments-file.js'

/** The size of a file that is not there. */
const NO_FILE = -1

/** The journal's instruments as a reader loaded them last. The file is read when a number is first asked for. */
export class InstrumentCache {
  /** For views: it never throws. */
  readonly names: InstrumentNames
  private table = InstrumentTable.EMPTY
  /** The size of the file when it was read, in bytes. Entries are only added, so a file that has changed is larger. */
  private size = NO_FILE
  /** The size of the file when reading it for names failed. */
  private failedSize = NO_FILE
  /** How many entries `names` has. */
  private named = 0

  constructor(private readonly directory: Directory) {
    this.names = new InstrumentNames(names => this.tryLoad(names))
  }

  /** @throws as `readInstruments`. */
  get(number: number): InstrumentEntry | undefined {
    const known = this.table.get(number)
    if (known !== undefined) return known
    this.load(this.currentSize())
    return this.table.get(number)
  }

  /** @throws as `readInstruments`. */
  get all(): InstrumentEntry[] {
    this.load(this.currentSize())
    return this.table.entries
  }

  /**
   * Loads the names that are new. A file that cannot be read names no instruments: views then show numbers, and the other
   * methods say what is wrong with it. It is not tried again until it has changed, because views may ask for many numbers.
   */
  private tryLoad(names: InstrumentNames): boolean {
    let size = NO_FILE
    try {
      size = this.currentSize()
      if (size !== this.failedSize) this.load(size)
    } catch {
      this.failedSize = size
    }
    const { table } = this
    if (table.size === this.named) return false
    for (const { number, symbol } of table.entries) names.name(number, symbol)
    this.named = table.size
    return true
  }

  private currentSize(): number {
    return this.directory.stat(FileName.INSTRUMENTS)?.size ?? NO_FILE
  }

  private load(size: number): void {
    if (size === this.size) return
    this.table = readInstruments(this.directory)
    this.size = size
  }
}
