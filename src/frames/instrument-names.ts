/** Symbols of instruments for views. Each is made once, and kept: reading a known one allocates nothing. */
export class InstrumentNames {
  /** The symbols of low numbers, which are all there are in practice: an array is faster than a map. */
  private readonly low: (string | undefined)[] = ['']
  /** The symbols of other numbers. */
  private readonly high = new Map<number, string>()
  /** Numbers that have no symbol, as `#12`. */
  private readonly unknown = new Map<number, string>()

  /**
   * @param load reads symbols again: it calls `name` for each that there is. Returns false when nothing has changed since.
   * It must not throw.
   */
  constructor(private readonly load: (names: InstrumentNames) => boolean) {}

  /**
   * The symbol of a number; '' for 0, which is no instrument. Symbols are loaded again for a number that is not known,
   * once; if it is still not known, the result is '#' and the number. It never throws.
   *
   * @param number as an int32.
   */
  symbolOf(number: number): string {
    const { low } = this
    const known = number >= 0 && number < low.length ? low[number] : undefined
    return known ?? this.find(number)
  }

  /** Sets the symbol of a number, 1 to 2^32 - 1. */
  name(number: number, symbol: string): void {
    if (number >= LOW_NUMBERS) {
      this.high.set(number | 0, symbol)
      return
    }
    while (this.low.length <= number) this.low.push(undefined)
    this.low[number] = symbol
  }

  private find(number: number): string {
    const found = this.high.get(number) ?? this.unknown.get(number)
    if (found !== undefined) return found
    if (this.load(this)) {
      // There may be symbols now for numbers that were not known before.
      this.unknown.clear()
      const loaded = number >= 0 && number < this.low.length ? this.low[number] : this.high.get(number)
      if (loaded !== undefined) return loaded
    }
    // A damaged journal may have any number of them.
    if (this.unknown.size >= MOST_UNKNOWN) this.unknown.clear()
    const made = `#${number >>> 0}`
    this.unknown.set(number, made)
    return made
  }
}

/** Half a MB of memory for each reader, if a journal has a symbol for the last of them. */
const LOW_NUMBERS = 65_536
const MOST_UNKNOWN = 4096

/** For frames that are in no journal: rings and tables have no instruments.json. */
export const NO_INSTRUMENTS = new InstrumentNames(() => false)
