import { UnknownSymbolError } from '../errors.js'

interface Wanted {
  readonly id: string
  readonly symbols?: readonly string[]
}

/** Known symbols in one message. */
const MOST_SHOWN = 10

/** Tells, once for each strategy, of the symbols that it asks for and nobody has. */
export class WantedSymbols {
  private readonly left: Set<Wanted>

  constructor(
    strategies: readonly Wanted[],
    private readonly tell: (problem: UnknownSymbolError) => void,
  ) {
    this.left = new Set(strategies.filter(strategy => strategy.symbols !== undefined))
  }

  /** @param why there is nothing of the symbols that are not known, in words: 'of which no event has come so far'. */
  check(known: ReadonlySet<string>, why: string): void {
    if (known.size === 0) return
    for (const strategy of this.left) {
      const missing = (strategy.symbols ?? []).filter(symbol => !known.has(symbol))
      if (missing.length === 0) continue
      this.left.delete(strategy)
      const shown = [...known].slice(0, MOST_SHOWN).join(', ')
      const more = known.size > MOST_SHOWN ? ` and ${known.size - MOST_SHOWN} more` : ''
      this.tell(
        new UnknownSymbolError(
          `strategy '${strategy.id}' asks for ${missing.join(', ')}, ${why}; there is ${shown}${more}`,
          strategy.id,
          missing,
        ),
      )
    }
  }
}
