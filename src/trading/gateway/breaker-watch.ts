import type { TicktapeError } from '../../base/errors.js'
import type { Writer } from '../../journal/write/writer.js'
import { StateReplacedError } from '../../state/errors.js'
import type { Desk } from '../desk/desk.js'
import { clipText } from '../operator/clip-text.js'
import type { TradingState } from '../risk/breaker-switch.js'
import { DeskState } from '../risk/checks.js'
import { CircuitBreaker } from '../risk/circuit-breaker.js'
import { SWITCH_TEXT_BYTES, Switch } from '../sequence/frames.js'
import type { HomeDirectory } from '../sequence/home.js'

/** In the order of DeskState: what is later lets pass less. */
const STATES: readonly TradingState[] = ['active', 'reducing', 'halted']

/**
 * The home's circuit breaker, in shared memory: any process may halt the desk, or let it only reduce positions. What it says
 * counts once it is in the sequence.
 */
export class BreakerWatch {
  private opened: CircuitBreaker
  /** What the last check found; undefined before the first. */
  private found: TradingState | undefined = undefined

  constructor(
    private readonly home: HomeDirectory,
    private readonly onProblem: (problem: TicktapeError) => void,
  ) {
    this.opened = CircuitBreaker.open(home.breaker)
  }

  /**
   * The breaker at the home's path. When its file was removed or replaced, it is the one that is there now: the old
   * one can no longer halt the desk. A halt that is on record stays.
   */
  current(): CircuitBreaker {
    if (this.opened.isReplaced) {
      this.opened = CircuitBreaker.open(this.home.breaker)
      this.found = undefined
      this.onProblem(
        new StateReplacedError(
          `${this.home.breaker} was removed or replaced while the desk ran; the gateway uses the one that is there now`,
          { path: this.home.breaker },
        ),
      )
    }
    return this.opened
  }

  /** Whether the breaker says something that `check` has not seen. A plain load of shared memory. */
  get hasChanged(): boolean {
    return this.opened.isReplaced || this.opened.state !== this.found
  }

  /** Writes a frame when the breaker has changed. To be called between two bursts. */
  check(writer: Writer, desk: Desk): void {
    if (!this.hasChanged) return
    const breaker = this.current()
    const { state } = breaker
    const isFirst = this.found === undefined
    const before = STATES[desk.risk.state]
    this.found = state
    if (state === before) return
    if (isFirst && desk.risk.state > STATES.indexOf(state)) {
      // The stricter one counts, the breaker or the sequence. The breaker was lost, or is of another boot.
      this.found = before
      if (desk.risk.state === DeskState.HALTED) breaker.halt('halted in the sequence')
      else breaker.reduce('reducing in the sequence')
      return
    }
    const { halt, reducing } = breaker.status()
    const text = halt?.reason ?? reducing?.reason ?? ''
    const reason = state === 'active' ? 'none' : state
    const position = writer.write(Switch, { state, reason, text: clipText(text, SWITCH_TEXT_BYTES) })
    desk.switchTo(state, position)
  }

  close(): void {
    this.opened.close()
  }
}
