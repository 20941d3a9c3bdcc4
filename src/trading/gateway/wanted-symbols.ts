import { UnknownSymbolError } from '../errors.js'

interface Wanted {
  readonly id: string
  readonly symbols?: readonly string[]
}

/** The most known symbols to list in one message. */
const MAX_LISTED = 10

/** Reports, once for each strategy, the symbols that it asks for and that have no events. */
export class WantedSymbols {
  private readonly left: Set<Wanted>

  constructor(
    strategies: readonly Wanted[],
    private readonly report: (problem: UnknownSymbolError) => void,
  ) {
    this.left = new Set(strategies.filter(strategy => strategy.symbols !== undefined))
  }

  /** @param why the rest of the message for symbols that are not known: 'of which there has been no event so far'. */
  check(known: ReadonlySet<string>, why: string): void {
    if (known.size === 0) return
    for (const strategy of this.left) {
      const missing = (strategy.symbols ?? []).filter(symbol => !known.has(symbol))
      if (missing.length === 0) continue
      this.left.delete(strategy)
      // A symbol also matches its name with the venue.
      const symbols = [...known].filter(symbol => !known.has(symbol.slice(0, symbol.lastIndexOf('.'))))
      const listed = symbols.slice(0, MAX_LISTED).join(', ')
      const more = symbols.length > MAX_LISTED ? ` and ${symbols.length - MAX_LISTED} more` : ''
      this.report(
        new UnknownSymbolError(
          `strategy '${strategy.id}' asks for ${missing.join(', ')}, ${why}; there is ${listed}${more}`,
          strategy.id,
          missing,
        ),
      )
    }
  }
}
