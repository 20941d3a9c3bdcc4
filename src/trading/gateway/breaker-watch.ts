import type { TicktapeError } from '../../base/errors.js'
import type { Writer } from '../../journal/write/writer.js'
import { StateReplacedError } from '../../state/errors.js'
import type { Desk } from '../desk/desk.js'
import { DeskState } from '../risk/checks.js'
import { CircuitBreaker } from '../risk/circuit-breaker.js'
import { Switch } from '../sequence/frames.js'
import type { HomeDirectory } from '../sequence/home.js'

/** The home's circuit breaker, in shared memory: any process may halt it. What it says counts once it is in the sequence. */
export class BreakerWatch {
  private opened: CircuitBreaker
  /** What the last check found; undefined before the first. */
  private halted: boolean | undefined = undefined

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
      this.halted = undefined
      this.onProblem(
        new StateReplacedError(
          `${this.home.breaker} was removed or replaced while the desk ran; the gateway uses the one that is there now`,
          { path: this.home.breaker },
        ),
      )
    }
    return this.opened
  }

  /** A load of shared memory; writes a frame only when the breaker has changed. */
  check(writer: Writer, desk: Desk): void {
    const breaker = this.current()
    const { halted } = breaker
    if (halted === this.halted) return
    const isFirst = this.halted === undefined
    this.halted = halted
    const before = desk.risk.state === DeskState.HALTED
    if (halted === before) return
    if (isFirst && before) {
      // Halted means that the breaker or the sequence says so. The breaker was lost, or is of another boot.
      this.halted = true
      breaker.halt('halted in the sequence')
      return
    }
    const state = halted ? 'halted' : 'active'
    const text = breaker.status().halt?.reason ?? ''
    const position = writer.write(Switch, { state, reason: halted ? 'halted' : 'none', text: asciiOf(text) })
    desk.switchTo(state, position)
  }

  close(): void {
    this.opened.close()
  }
}

/** Bytes of the text in a Switch frame. */
const TEXT_BYTES = 44

function asciiOf(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, TEXT_BYTES)
}
