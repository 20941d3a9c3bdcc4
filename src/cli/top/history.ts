/** Values that a sparkline shows. */
const LENGTH = 10
const BARS = '▁▂▃▄▅▆▇█'

/** The last values of some series, by name. */
export class History {
  private readonly series = new Map<string, number[]>()

  add(name: string, value: number): void {
    const values = this.series.get(name) ?? []
    values.push(value)
    if (values.length > LENGTH) values.shift()
    this.series.set(name, values)
  }

  /** The last values as bars, the highest at full height. */
  sparkline(name: string): string {
    const values = this.series.get(name) ?? []
    const most = Math.max(...values, 0)
    const bars = values.map(value => (most === 0 ? BARS[0] : BARS[Math.round((value / most) * (BARS.length - 1))]))
    return bars.join('').padStart(LENGTH)
  }
}
