import { InvalidOptionError } from '../../../base/errors.js'
import { formatValue } from '../../../base/format-value.js'
import type { Random } from '../../exact/random.js'

/**
 * How long a message takes, in ns: always the same, evenly between two times, or by quantiles that were measured, such as
 * `{ quantiles: [[0, 60_000], [0.5, 90_000], [0.99, 700_000], [1, 5_000_000]] }`, with straight lines between them.
 */
export type Delay =
  | number
  | { readonly min: number; readonly max: number }
  | { readonly quantiles: readonly (readonly [share: number, ns: number])[] }

/** Draws delays. Only +, -, * and / are used, so that every machine draws the same. */
export class DelayDraw {
  /** The shortest delay possible. */
  readonly least: number
  private readonly shares: readonly number[]
  private readonly times: readonly number[]
  private readonly random: Random

  /** @throws {InvalidOptionError} */
  constructor(delay: Delay, random: Random, what: string) {
    const points = pointsOf(delay)
    const isValid =
      points !== undefined &&
      points[0][0] === 0 &&
      points[points.length - 1][0] === 1 &&
      points.every(([share, ns], i) => isTime(ns) && (i === 0 || (share > points[i - 1][0] && ns >= points[i - 1][1])))
    if (!isValid) {
      throw new InvalidOptionError(
        `option '${what}' of SimulatedExchange takes ns, { min, max } or { quantiles: [[0, ns], ..., [1, ns]] } that grow, not ${formatValue(delay)}`,
      )
    }
    this.shares = points.map(([share]) => share)
    this.times = points.map(([, ns]) => ns)
    this.least = this.times[0]
    this.random = random
  }

  /** ns, a whole number. */
  next(): number {
    const { shares, times } = this
    const last = times.length - 1
    if (times[0] === times[last]) return times[0]
    const share = this.random.next()
    let i = 1
    while (shares[i] < share) i++
    const part = (share - shares[i - 1]) / (shares[i] - shares[i - 1])
    return Math.round(times[i - 1] + part * (times[i] - times[i - 1]))
  }
}

function pointsOf(delay: Delay): readonly (readonly [number, number])[] | undefined {
  if (typeof delay === 'number') return [point(0, delay), point(1, delay)]
  if (typeof delay !== 'object' || delay === null) return undefined
  if ('quantiles' in delay) {
    const { quantiles } = delay
    const arePairs = Array.isArray(quantiles) && quantiles.every(one => Array.isArray(one) && one.length === 2)
    return arePairs && quantiles.length >= 2 && Object.keys(delay).length === 1 ? quantiles : undefined
  }
  return 'min' in delay && 'max' in delay && Object.keys(delay).length === 2
    ? [point(0, delay.min), point(1, delay.max)]
    : undefined
}

function point(share: number, ns: number): readonly [number, number] {
  return [share, ns]
}

/** Whole ns, up to a day. */
function isTime(ns: unknown): boolean {
  return Number.isInteger(ns) && (ns as number) >= 0 && (ns as number) <= 86_400e9
}
