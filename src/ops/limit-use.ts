import type { Names } from '../trading/inspect/names.js'
import type { OrderLine } from '../trading/inspect/orders.js'
import type { PositionLine } from '../trading/inspect/positions.js'
import type { Instrument } from '../trading/instruments/instrument.js'
import type { LimitName, Limits, RiskOptions } from '../trading/risk/limits.js'
import type { LimitSample } from './types.js'

/** Limits of which a part is used, and not each order by itself. */
const USED: readonly LimitName[] = ['maxPosition', 'maxExposure', 'maxOpenOrders', 'maxDailyLoss', 'maxDrawdown']

export interface DeskState {
  readonly names: Names
  readonly open: readonly OrderLine[]
  readonly byStrategy: readonly PositionLine[]
  readonly byAccount: readonly PositionLine[]
  readonly byDesk: readonly PositionLine[]
  /** The day's profit over the whole desk; undefined without a breaker. */
  readonly dayProfit: number | undefined
}

/**
 * The limits in effect and their use. As risk counts it: pending orders as if they were filled in the worst way, all buys or all sells;
 * but in floating point, because nothing is decided by it. A loss of one strategy, and drawdowns, are known to the gateway alone.
 */
export function limitUse(limits: RiskOptions, state: DeskState): LimitSample[] {
  const { open, byDesk, byStrategy, byAccount, names } = state
  const owners: Owned[] = [
    { owner: 'desk', limits, positions: byDesk, orders: open, dayProfit: state.dayProfit },
    ...Object.entries(limits.strategies ?? {}).map(([id, own]) => ({
      owner: `strategies/${id}`,
      limits: own,
      positions: byStrategy.filter(({ owner }) => owner === id),
      orders: open.filter(({ strategy }) => strategy === id),
    })),
    ...Object.entries(limits.instruments ?? {}).map(([symbol, own]) => {
      const isOwn = ({ instrument }: { readonly instrument: string }): boolean => {
        const found = names.instruments.all.find(({ name }) => name === instrument)
        return found !== undefined && names.isInstrument(found.number, symbol)
      }
      return {
        owner: `instruments/${symbol}`,
        limits: own,
        positions: byDesk.filter(isOwn),
        orders: open.filter(isOwn),
      }
    }),
    ...Object.entries(limits.accounts ?? {}).map(([account, own]) => ({
      owner: `accounts/${account}`,
      limits: own,
      positions: byAccount.filter(({ owner }) => owner === account),
      orders: open.filter(order => order.account === account),
    })),
  ]
  return owners.flatMap(owned =>
    USED.flatMap(limit => {
      const value = owned.limits[limit]
      if (value === undefined || value === Number.POSITIVE_INFINITY) return []
      const { used, of } = useOf(limit, owned, names)
      return [
        { owner: owned.owner, limit, value, used, share: used === undefined ? undefined : shareOf(used, value), of },
      ]
    }),
  )
}

interface Owned {
  readonly owner: string
  readonly limits: Limits
  readonly positions: readonly PositionLine[]
  readonly orders: readonly OrderLine[]
  readonly dayProfit?: number | undefined
}

interface Use {
  readonly used: number | undefined
  readonly of: string
}

function useOf(limit: LimitName, owned: Owned, names: Names): Use {
  switch (limit) {
    case 'maxOpenOrders':
      return { used: owned.orders.length, of: '' }
    case 'maxDailyLoss':
      return { used: owned.dayProfit === undefined ? undefined : Math.max(0, -owned.dayProfit), of: '' }
    case 'maxPosition':
      return largest(holdingsOf(owned, names).map(({ instrument, most }) => [instrument.name, most] as const))
    case 'maxExposure':
      return largest(exposures(owned, names))
    default:
      return { used: undefined, of: '' }
  }
}

interface Held {
  readonly instrument: Instrument
  /** The largest position that pending orders can make of it, long or short. */
  readonly most: number
  /** Its value in the quote currency in the worst case; 0 without a price. */
  readonly money: number
}

/** What one owner has in each instrument, with what its open orders may add. */
function holdingsOf({ positions, orders }: Owned, names: Names): Held[] {
  return names.instruments.all.flatMap(instrument => {
    const own = positions.filter(({ instrument: name }) => name === instrument.name)
    const pending = orders.filter(({ instrument: name }) => name === instrument.name)
    if (own.length === 0 && pending.length === 0) return []
    const position = own.reduce((sum, { quantity }) => sum + Number(quantity), 0)
    const price = own.find(one => one.price !== undefined)?.price
    const valueOf = (quantity: number, at: number): number =>
      quantity * Number(instrument.multiplier.step) * (instrument.inverse ? 1 : at)
    const value = valueOf(position, price ?? 0)
    const sums = { buy: { quantity: 0, money: 0 }, sell: { quantity: 0, money: 0 } }
    for (const { side, quantity, filledQuantity, price: limit } of pending) {
      const rest = quantity - filledQuantity
      sums[side].quantity += rest
      sums[side].money += valueOf(rest, limit > 0 ? limit : (price ?? 0))
    }
    const { buy, sell } = sums
    const long = position + buy.quantity
    const short = sell.quantity - position
    const money = [
      Math.abs(value),
      ...(long > 0 ? [value + buy.money] : []),
      ...(short > 0 ? [sell.money - value] : []),
    ]
    return [{ instrument, most: Math.max(Math.abs(position), long, short), money: Math.max(...money) }]
  })
}

/** By quote currency: amounts in different ones are never added up. */
function exposures(owned: Owned, names: Names): (readonly [string, number])[] {
  const sums = new Map<string, number>()
  for (const { instrument, money } of holdingsOf(owned, names))
    sums.set(instrument.quote, (sums.get(instrument.quote) ?? 0) + money)
  return [...sums]
}

function largest(uses: readonly (readonly [of: string, used: number])[]): Use {
  let found: Use = { used: 0, of: '' }
  for (const [of, used] of uses) if (found.of === '' || used > (found.used ?? 0)) found = { used, of }
  return found
}

/** A limit of 0 is used up by anything. */
function shareOf(used: number, value: number): number {
  return value === 0 ? Math.sign(used) : used / value
}
