import { StrategyError } from '../errors.js'
import type { OpenDesk } from './open-desk.js'
import type { OperatorSource, OutsideCommand, OutsideResult } from './operator-source.js'
import { notReplaced, type StrategyChanges } from './strategy-changes.js'

/** Carries out operators' commands about processes, and records their results. */
export class OperatorCommands {
  constructor(
    private readonly open: OpenDesk,
    private readonly operator: OperatorSource,
    private readonly changes: StrategyChanges,
  ) {}

  /** Begins to carry out commands. Those that an earlier gateway had begun are not repeated; a result says so. */
  start(): void {
    for (const one of this.open.unfinished.values())
      this.operator.answer(one, {
        state: 'failed',
        problem: 'gateway-ended',
        text: 'the gateway ended before it was done',
      })
    this.open.unfinished.clear()
    this.operator.onOutside = outside => {
      // It does not reject.
      void this.perform(outside)
    }
  }

  private async perform(outside: OutsideCommand): Promise<void> {
    const result = await this.do(outside).catch(
      (error: unknown): OutsideResult => ({
        state: 'failed',
        problem: error instanceof StrategyError ? 'bad-module' : 'other',
        text: error instanceof Error ? error.message : String(error),
      }),
    )
    this.open.later(() => this.operator.answer(outside, result))
  }

  private async do({ command }: OutsideCommand): Promise<OutsideResult> {
    const { action, strategy, detail } = command
    const { changes } = this
    if (action !== 'add-strategy' && !changes.has(strategy))
      return { state: 'refused', problem: 'no-such-strategy', text: `no strategy '${strategy}' runs` }
    switch (action) {
      case 'add-strategy': {
        if (changes.has(strategy))
          return { state: 'refused', problem: 'strategy-exists', text: `a strategy '${strategy}' runs already` }
        const [added] = await changes.add(detail, strategy)
        return done(added?.keeper?.phase === 'running' ? 'it is ready' : 'it was started, and is not ready')
      }
      case 'replace-strategy':
        if (changes.isInside(strategy)) return { state: 'refused', problem: 'other', text: notReplaced(strategy) }
        return done(how(await changes.replace(strategy, detail), 'the earlier one'))
      default:
        return done(how(await changes.remove(strategy), 'it'))
    }
  }
}

function done(text: string): OutsideResult {
  return { state: 'done', problem: 'none', text }
}

function how(orderly: boolean, what: string): string {
  return orderly ? `${what} stopped in order` : `${what} did not stop by itself`
}
