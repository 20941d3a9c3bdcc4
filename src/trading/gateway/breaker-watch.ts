import * as path from 'node:path'
import type { Writer } from '../../journal/write/writer.js'
import type { Desk } from '../desk/desk.js'
import { DeskState } from '../risk/checks.js'
import { CircuitBreaker } from '../risk/circuit-breaker.js'
import { Switch } from '../sequence/frames.js'

/** The home's circuit breaker, in shared memory: any process may pull it. What it says enters the sequence before it counts. */
export class BreakerWatch {
  private readonly breaker: CircuitBreaker
  private wasHalted = false
  private isFirst = true

  constructor(home: string) {
    this.breaker = CircuitBreaker.open(path.join(home, 'state', 'breaker'))
  }

  /** A load of shared memory; writes a frame only when the breaker has changed. */
  look(writer: Writer, desk: Desk): void {
    const { halted } = this.breaker
    if (halted === this.wasHalted && !this.isFirst) return
    if (this.isFirst && halted === (desk.risk.state === DeskState.HALTED)) {
      this.isFirst = false
      this.wasHalted = halted
      return
    }
    this.isFirst = false
    this.wasHalted = halted
    const state = halted ? 'halted' : 'active'
    const reason = halted ? 'halted' : 'none'
    const text = halted ? (this.breaker.status().halt?.reason ?? '') : ''
    writer.write(Switch, { state, reason, text: asciiOf(text) })
    desk.switchTo(state)
  }

  close(): void {
    this.breaker.close()
  }
}

const TEXT_BYTES = 44

function asciiOf(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, TEXT_BYTES)
}
