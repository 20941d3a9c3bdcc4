import { checkOptions, kinds } from '../../base/options.js'
import { Random } from '../../trading/exact/random.js'

/** What a fake venue does wrong, on demand. Probabilities are from 0 to 1. */
export interface FakeFaults {
  /** A request about an order is lost on its way. */
  readonly loseRequest?: number
  /** An answer to a request, or a private message, is lost. */
  readonly loseAnswer?: number
  /** An answer or a private message comes twice. */
  readonly doubleAnswer?: number
  /** Each answer and private message takes a random time up to this, ms: they overtake each other. */
  readonly delayMs?: number
  /** The socket is dropped when a request about an order comes: half of the time before it acts, half of the time after. */
  readonly dropSocket?: number
  /** A part of the order is filled while its cancel is on its way. */
  readonly fillDuringCancel?: number
  /** A question is answered with "service unavailable". */
  readonly unavailable?: number
}

const PROBABILITY = kinds.number(0, 1)

/** @throws {InvalidOptionError} */
export function checkFaults(faults: unknown): FakeFaults {
  checkOptions('the faults of a fake venue', faults, {
    loseRequest: PROBABILITY,
    loseAnswer: PROBABILITY,
    doubleAnswer: PROBABILITY,
    delayMs: kinds.number(0, 60_000),
    dropSocket: PROBABILITY,
    fillDuringCancel: PROBABILITY,
    unavailable: PROBABILITY,
  })
  return faults as FakeFaults
}

/** Draws faults from a seed. */
export class FaultDraw {
  faults: FakeFaults = {}
  private readonly random: Random
  private readonly timers = new Set<NodeJS.Timeout>()

  constructor(seed: number) {
    this.random = new Random(seed)
  }

  happens(name: Exclude<keyof FakeFaults, 'delayMs'>): boolean {
    const probability = this.faults[name] ?? 0
    return probability > 0 && this.random.next() < probability
  }

  /** Sends an answer as the faults want it: not at all, once or twice, now or later. */
  deliver(send: () => void): void {
    if (this.happens('loseAnswer')) return
    const times = this.happens('doubleAnswer') ? 2 : 1
    for (let i = 0; i < times; i++) this.after(send)
  }

  half(): boolean {
    return this.random.next() < 0.5
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer)
  }

  private after(send: () => void): void {
    const { delayMs = 0 } = this.faults
    if (delayMs === 0) return send()
    const timer = setTimeout(() => {
      this.timers.delete(timer)
      send()
    }, this.random.next() * delayMs)
    this.timers.add(timer)
  }
}
