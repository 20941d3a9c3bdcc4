import { Amount } from '../../exact/amount.js'
import type { Holding, Wallet } from './account.js'
import type { Market } from './market.js'

/**
 * Moves money and positions between accounts. Each function takes from one what it gives to another, so that the sums
 * over all accounts never change.
 */
export class Ledger {
  /** The exchange's own account in the currency of a market: it gets fees, and pays for bankrupt accounts. */
  private readonly houseWallet: (market: Market) => Wallet
  private readonly value = new Amount()
  private readonly whole = new Amount()
  private readonly part = new Amount()
  /** The fee of the last `fee` call. */
  readonly lastFee = new Amount()

  constructor(houseWallet: (market: Market) => Wallet) {
    this.houseWallet = houseWallet
  }

  /** `buyer` gets `steps` from `seller` at a price. Fees come on top. */
  trade(market: Market, buyer: Holding, seller: Holding, ticks: number, steps: number): void {
    if (market.isSpot) {
      const cash = market.value(this.value, ticks, steps, market.valueFactor)
      buyer.wallet.total.subtractAmount(cash)
      seller.wallet.total.addAmount(cash)
      buyer.baseWallet.total.addProduct(steps, market.baseFactor)
      seller.baseWallet.total.addProduct(-steps, market.baseFactor)
      buyer.position += steps
      seller.position -= steps
      return
    }
    const value = market.value(this.value, ticks, steps, 1)
    this.change(buyer, ticks, steps, value, 1)
    this.change(seller, ticks, steps, value, -1)
  }

  /** The fee on one side of a trade; negative for a rebate. Leaves it in `lastFee`. */
  fee(holding: Holding, ticks: number, steps: number, isMaker: boolean): void {
    const { market } = holding
    const factor = isMaker ? market.makerFactor : market.takerFactor
    const fee = market.value(this.lastFee, ticks, steps, factor)
    if (factor === 0) return
    holding.wallet.total.subtractAmount(fee)
    this.houseWallet(market).total.addAmount(fee)
  }

  /** Profit or loss up to a price goes to the wallet; the position then costs that price. */
  markToMarket(holding: Holding, ticks: number): void {
    if (holding.position === 0) return
    const { market } = holding
    const value = market.value(this.value, ticks, Math.abs(holding.position), 1)
    if (holding.position < 0) value.negate()
    this.realise(holding, value, holding.cost)
    holding.cost.copy(value)
  }

  /** Closes a position at a price, with no trade. What rounding leaves over is the exchange's. */
  closeAt(holding: Holding, ticks: number): void {
    if (holding.position === 0) return
    this.markToMarket(holding, ticks)
    const { market, cost } = holding
    // What the position is worth leaves the account's books. Over all accounts that is 0, but for rounding.
    const sign = market.inverse ? market.valueFactor : -market.valueFactor
    this.houseWallet(market).total.addScaled(cost, sign)
    cost.clear()
    holding.position = 0
  }

  /** A payment between an account and the exchange; positive to the account. */
  pay(wallet: Wallet, house: Wallet, units: Amount): void {
    wallet.total.addAmount(units)
    house.total.subtractAmount(units)
  }

  /** `sign` 1: it bought `steps` of this value; -1: it sold them. */
  private change(holding: Holding, ticks: number, steps: number, value: Amount, sign: number): void {
    const { position, cost, market } = holding
    const closing = position * sign >= 0 ? 0 : Math.min(steps, Math.abs(position))
    holding.position = position + sign * steps
    if (closing === 0) {
      addSigned(cost, value, sign)
      return
    }
    // The part of the trade that closes, with the sign of the position.
    const closed = closing === steps ? this.whole.copy(value) : market.value(this.whole, ticks, closing, 1)
    const opened = closing === steps ? undefined : value
    if (sign > 0) closed.negate()
    const part = this.part
    if (closing === Math.abs(position)) part.copy(cost)
    else shareOf(part, cost, closing, Math.abs(position))
    this.realise(holding, closed, part)
    cost.subtractAmount(part)
    if (opened !== undefined) {
      addSigned(cost, opened, sign)
      // `closed` has the sign of the old position, which is the opposite of the trade's.
      cost.addAmount(closed)
    }
  }

  /** The wallet gets what a position is worth more than it cost; less, for an inverse contract. */
  private realise(holding: Holding, worth: Amount, cost: Amount): void {
    const factor = holding.market.inverse ? -holding.market.valueFactor : holding.market.valueFactor
    holding.wallet.total.addScaled(worth, factor)
    holding.wallet.total.addScaled(cost, -factor)
  }
}

function addSigned(sum: Amount, value: Amount, sign: number): void {
  if (sign > 0) sum.addAmount(value)
  else sum.subtractAmount(value)
}

/** Sets `into` to `whole * above / below`, rounded towards zero. */
export function shareOf(into: Amount, whole: Amount, above: number, below: number): void {
  if (whole.isSmall) {
    const product = whole.toNumber() * above
    if (Math.abs(product) <= Number.MAX_SAFE_INTEGER) {
      // Both are whole and exact, and so is the remainder.
      into.clear().add((product - (product % below)) / below)
      return
    }
  }
  into.set((whole.toBigInt() * BigInt(above)) / BigInt(below))
}
