import * as path from 'node:path'
import type { Writer } from '../../journal/write/writer.js'
import type { Desk } from '../desk/desk.js'
import { DeskState } from '../risk/checks.js'
import { CircuitBreaker } from '../risk/circuit-breaker.js'
import { Switch } from '../sequence/frames.js'

/** The home's circuit breaker, in shared memory: any process may halt it. What it says counts once it is in the sequence. */
export class BreakerWatch {
  readonly breaker: CircuitBreaker
  /** What the last check found; undefined before the first. */
  private halted: boolean | undefined = undefined

  constructor(home: string) {
    this.breaker = CircuitBreaker.open(path.join(home, 'state', 'breaker'))
  }

  /** A load of shared memory; writes a frame only when the breaker has changed. */
  check(writer: Writer, desk: Desk): void {
    const { halted } = this.breaker
    if (halted === this.halted) return
    const isFirst = this.halted === undefined
    this.halted = halted
    const before = desk.risk.state === DeskState.HALTED
    if (halted === before) return
    if (isFirst && before) {
      // Halted means that the breaker or the sequence says so. The breaker was lost, or is of another boot.
      this.halted = true
      this.breaker.halt('halted in the sequence')
      return
    }
    const state = halted ? 'halted' : 'active'
    const text = this.breaker.status().halt?.reason ?? ''
    const position = writer.write(Switch, { state, reason: halted ? 'halted' : 'none', text: asciiOf(text) })
    desk.switchTo(state, position)
  }

  close(): void {
    this.breaker.close()
  }
}

/** Bytes of the text in a Switch frame. */
const TEXT_BYTES = 44

function asciiOf(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, TEXT_BYTES)
}
