import { formatValue } from '../../base/format-value.js'
import { AmbiguousSymbolError, UnknownInstrumentError } from '../errors.js'
import { Instrument, type InstrumentSpec } from './instrument.js'

/**
 * All instruments of a home, by number and by symbol. Only the gateway assigns numbers; all other processes read them from
 * the sequence or from a journal's instruments.json, and pass them to `restore`.
 */
export class Instruments {
  private readonly byNumber: (Instrument | undefined)[] = [undefined]
  /** The latest instrument of each name ('BTCUSDT.binance'). */
  private readonly byName = new Map<string, Instrument>()
  /** The latest instruments with this symbol, one for each venue that has it. */
  private readonly bySymbol = new Map<string, Instrument[]>()

  /** How many numbers are in use: numbers are 1 to this. */
  get count(): number {
    return this.byNumber.length - 1
  }

  /** In the order of their numbers. */
  get all(): readonly Instrument[] {
    return this.byNumber.slice(1) as Instrument[]
  }

  get(number: number): Instrument | undefined {
    return this.byNumber[number]
  }

  /**
   * The instrument of these terms: the known one, or a new one with the next number. Changed terms make a new
   * instrument, which takes over the name.
   *
   * @throws {InvalidOptionError}
   */
  add(spec: InstrumentSpec): Instrument {
    const known = this.byName.get(`${spec.symbol}.${spec.venue}`)
    const instrument = new Instrument(this.byNumber.length, spec)
    if (known !== undefined && hasSameTerms(known.spec, instrument.spec)) return known
    this.put(instrument)
    return instrument
  }

  /** An instrument that has its number already. Those with lower numbers must come first. */
  restore(number: number, spec: InstrumentSpec): Instrument {
    const known = this.byNumber[number]
    if (known !== undefined) return known
    const instrument = new Instrument(number, spec)
    this.put(instrument)
    return instrument
  }

  /**
   * The instrument of a symbol ('BTCUSDT') or of a symbol with its venue ('BTCUSDT.binance').
   *
   * @throws {UnknownInstrumentError}, {AmbiguousSymbolError} when two venues have the symbol.
   */
  find(symbol: string, venue?: string): Instrument {
    const found = this.lookUp(symbol, venue)
    if (found !== undefined) return found
    const where = venue === undefined ? '' : ` at ${venue}`
    throw new UnknownInstrumentError(`there is no instrument ${formatValue(symbol)}${where}`, symbol)
  }

  /** As `find`, but undefined when there is none. @throws {AmbiguousSymbolError} */
  lookUp(symbol: string, venue?: string): Instrument | undefined {
    if (venue !== undefined) return this.byName.get(`${symbol}.${venue}`)
    const sharing = this.bySymbol.get(symbol)
    if (sharing === undefined) return this.byName.get(symbol)
    if (sharing.length === 1) return sharing[0]
    const names = sharing.map(instrument => `'${instrument.name}'`).join(' or ')
    throw new AmbiguousSymbolError(`several venues have ${formatValue(symbol)}; write ${names}`, symbol)
  }

  private put(instrument: Instrument): void {
    this.byNumber[instrument.number] = instrument
    this.byName.set(instrument.name, instrument)
    const sharing = (this.bySymbol.get(instrument.symbol) ?? []).filter(other => other.venue !== instrument.venue)
    this.bySymbol.set(instrument.symbol, [...sharing, instrument])
  }
}

function hasSameTerms(a: InstrumentSpec, b: InstrumentSpec): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof InstrumentSpec>
  // A term that is not given, is empty, or is no is the same: a record keeps none of them.
  return [...names].every(name => (a[name] || '') === (b[name] || ''))
}
