export interface TradedData {
  readonly lasts: readonly number[]
  readonly volumes: readonly number[]
}

/** The last price and the traded quantity of each instrument, by number: what a Ticker has beside its quote. */
export class Traded {
  private readonly lasts: number[] = []
  private readonly volumes: number[] = []

  record(instrument: number, price: number, quantity: number): void {
    this.lasts[instrument] = price
    this.volumes[instrument] = this.volume(instrument) + quantity
  }

  save(): TradedData {
    return {
      lasts: Array.from(this.lasts, value => value ?? 0),
      volumes: Array.from(this.volumes, value => value ?? 0),
    }
  }

  load({ lasts, volumes }: TradedData): void {
    for (const [instrument, last] of lasts.entries()) {
      this.lasts[instrument] = last
      this.volumes[instrument] = volumes[instrument] ?? 0
    }
  }

  /** 0 before the first trade. */
  last(instrument: number): number {
    return this.lasts[instrument] ?? 0
  }

  volume(instrument: number): number {
    return this.volumes[instrument] ?? 0
  }
}
