import type { Instrument } from '../instruments/instrument.js'

/** Decides by an instrument's number whether a strategy wants its market data: a load from an array for each frame. */
export class SymbolFilter {
  private wanted = new Uint8Array(64)
  private readonly symbols: ReadonlySet<string> | undefined

  /** @param symbols 'BTCUSDT' or 'BTCUSDT.binance'; undefined for all. */
  constructor(symbols: readonly string[] | undefined) {
    this.symbols = symbols === undefined ? undefined : new Set(symbols)
  }

  /** Must be called for each instrument before its first market data. */
  add(instrument: Instrument): void {
    const { number, symbol, name } = instrument
    if (number >= this.wanted.length) {
      const larger = new Uint8Array(Math.max(2 * this.wanted.length, number + 1))
      larger.set(this.wanted)
      this.wanted = larger
    }
    const { symbols } = this
    this.wanted[number] = symbols === undefined || symbols.has(symbol) || symbols.has(name) ? 1 : 0
  }

  wants(instrument: number): boolean {
    return this.wanted[instrument] === 1
  }
}
