import { Decimal } from 'decimal.js'

/** A library of its own settings: other tests may have set others. */
const Exact = Decimal.clone({ precision: 80, rounding: Decimal.ROUND_HALF_EVEN })

/** A position by average cost, with a decimal library and no other code of ours: in ticks and steps. */
export class DecimalPosition {
  quantity = new Exact(0)
  cost = new Exact(0)
  realised = new Exact(0)

  /** @param steps above 0 bought, below 0 sold. */
  fill(steps: number, ticks: number): void {
    const { quantity } = this
    let left = new Exact(steps)
    if (quantity.s !== left.s && !quantity.isZero()) {
      // A part of the position is closed, of its own sign.
      const closed = left.abs().gt(quantity.abs()) ? quantity : left.negated()
      const part = closed.eq(quantity) ? this.cost : this.cost.times(closed).div(quantity)
      this.realised = this.realised.plus(closed.times(ticks)).minus(part)
      this.cost = this.cost.minus(part)
      this.quantity = quantity.minus(closed)
      left = left.plus(closed)
    }
    this.quantity = this.quantity.plus(left)
    this.cost = this.cost.plus(left.times(ticks))
  }

  /**
   * What a strategy is shown of it: the nearest doubles. An average price has 18 decimals, and money has 36.
   *
   * @param ticks of a unit of price, and `steps` of a unit of quantity.
   */
  shown(ticks: number, steps: number): { quantity: number; averagePrice: number; realised: number } {
    const { quantity, cost, realised } = this
    return {
      quantity: quantity.div(steps).toNumber(),
      averagePrice: quantity.isZero() ? 0 : cost.div(quantity).div(ticks).toDecimalPlaces(18).toNumber(),
      realised: realised.div(ticks).div(steps).toDecimalPlaces(36).toNumber() + 0,
    }
  }
}
