/** The same as plain data, by the strategy's number. */
export interface RunningData {
  readonly tickerWanted: boolean
  readonly epochs: readonly number[]
  readonly lost: readonly boolean[]
}

/** The strategies that take part, by their numbers. */
export class RunningStrategies {
  /** Whether one of them wants Ticker frames. They are then written for all. */
  tickerWanted = false
  /** The epoch in which each runs; 0 before its first. */
  private readonly runs: number[] = []
  /** Whether its journal still has what it sent before a power loss. */
  private readonly isLost: boolean[] = []

  epochOf(strategy: number): number {
    return this.runs[strategy] ?? 0
  }

  /** Whether what its journal still has was sent before a power loss: no order of it may leave. */
  hasLost(strategy: number): boolean {
    return this.isLost[strategy] ?? false
  }

  start(strategy: number, epoch: number, wantsTicker: boolean): void {
    this.runs[strategy] = epoch
    this.isLost[strategy] = false
    this.tickerWanted ||= wantsTicker
  }

  end(strategy: number): void {
    this.runs[strategy] = 0
    this.isLost[strategy] = false
  }

  /** What is taken from its journal before its epoch ends was sent before a power loss. */
  lose(strategy: number): void {
    this.isLost[strategy] = true
  }

  /** Lists without gaps. */
  save(): RunningData {
    return {
      tickerWanted: this.tickerWanted,
      epochs: Array.from(this.runs, epoch => epoch ?? 0),
      lost: Array.from(this.isLost, isLost => isLost ?? false),
    }
  }

  load({ tickerWanted, epochs, lost }: RunningData): void {
    this.tickerWanted = tickerWanted
    this.runs.splice(0, this.runs.length, ...epochs)
    this.isLost.splice(0, this.isLost.length, ...lost)
  }
}
