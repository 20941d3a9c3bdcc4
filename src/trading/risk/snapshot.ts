import { UnknownInstrumentError } from '../errors.js'
import type { Instruments } from '../instruments/instruments.js'
import type { Desk } from './desk.js'
import type { Holding } from './holding.js'
import type { Market } from './market.js'
import type { Owner, OwnerKind } from './owner.js'
import type { TotalsData } from './totals.js'

/** A desk as plain data: numbers, and whole numbers as text. Reserves are not in it: open orders make them again. */
export interface DeskData {
  readonly elapsed: number
  readonly currencies: readonly { readonly name: string; readonly decimals: number }[]
  readonly markets: readonly MarketData[]
  readonly owners: readonly OwnerData[]
}

interface MarketData {
  readonly instrument: number
  /** null before the first quote: JSON has no NaN. */
  readonly bid: number | null
  readonly ask: number | null
  readonly quotedAt: number | null
  readonly middle2: number | null
  readonly tradable: boolean
}

interface OwnerData {
  readonly kind: OwnerKind
  readonly number: number
  readonly name: string
  readonly errors: number
  readonly paused: boolean
  readonly fenced: boolean
  readonly reconciled: boolean
  readonly rate: readonly number[]
  readonly totals: readonly TotalsData[]
  readonly holdings: readonly { readonly instrument: number; readonly position: number; readonly cash: string }[]
}

export function saveDesk(desk: Desk): DeskData {
  return {
    elapsed: desk.elapsed,
    currencies: desk.currencies.map(({ name, decimals }) => ({ name, decimals })),
    markets: desk.markets.flatMap(market => (market === undefined ? [] : [saveMarket(market)])),
    owners: [...desk.owners()].map(saveOwner),
  }
}

export function loadDesk(desk: Desk, instruments: Instruments, data: DeskData): void {
  desk.elapsed = data.elapsed
  for (const { name } of data.currencies) desk.currency(name)
  for (const saved of data.markets) {
    const instrument = instruments.get(saved.instrument)
    if (instrument === undefined)
      throw new UnknownInstrumentError(
        `there is no instrument ${saved.instrument}; load the instruments first`,
        String(saved.instrument),
      )
    loadMarket(desk.market(instrument), saved)
  }
  for (const saved of data.owners) loadOwner(desk, instruments, saved, data)
}

function saveMarket({ instrument, bid, ask, quotedAt, middle2, tradable }: Market): MarketData {
  return {
    instrument: instrument.number,
    bid: finite(bid),
    ask: finite(ask),
    quotedAt: finite(quotedAt),
    middle2: finite(middle2),
    tradable,
  }
}

function loadMarket(market: Market, data: MarketData): void {
  market.bid = data.bid ?? Number.NaN
  market.ask = data.ask ?? Number.NaN
  market.quotedAt = data.quotedAt ?? Number.NEGATIVE_INFINITY
  market.middle2 = data.middle2 ?? Number.NaN
  market.moveCeiling()
  market.tradable = data.tradable
}

function saveOwner(owner: Owner): OwnerData {
  const { kind, number, name, errors, paused, fenced, reconciled } = owner
  return {
    kind,
    number,
    name,
    errors,
    paused,
    fenced,
    reconciled,
    rate: owner.rate?.save() ?? [],
    // By currency: the order of their first use is not the same after a start.
    totals: owner.totals.flatMap(totals => (totals === undefined ? [] : [totals.save()])),
    holdings: owner.holdings.flatMap(holding => (holding === undefined ? [] : [saveHolding(holding)])),
  }
}

function saveHolding({ market, position, cash }: Holding): OwnerData['holdings'][number] {
  return { instrument: market.instrument.number, position, cash: String(cash.toBigInt()) }
}

function loadOwner(desk: Desk, instruments: Instruments, data: OwnerData, all: DeskData): void {
  const owner = ownerOf(desk, instruments, data)
  if (owner === undefined) return
  owner.errors = data.errors
  owner.paused = data.paused
  owner.fenced = data.fenced
  owner.reconciled = data.reconciled
  owner.rate?.load(data.rate)
  for (const { instrument, position, cash } of data.holdings) {
    const known = instruments.get(instrument)
    if (known === undefined) continue
    const holding = desk.holding(owner, desk.market(known))
    holding.position = position
    holding.cash.setBigInt(refined(cash, holding.market.settlement.name, desk, all))
    if (holding.isExposed) holding.revalue()
    holding.countProfit()
  }
  for (const saved of data.totals) {
    const refine = (text: string): string => String(refined(text, saved.currency, desk, all))
    const totals = owner.totalsIn(desk.currency(saved.currency))
    totals.load({
      currency: saved.currency,
      otherFees: refine(saved.otherFees),
      peak: refine(saved.peak),
      dayBase: refine(saved.dayBase),
      earlierBases: saved.earlierBases.map(refine),
    })
    totals.judge()
  }
}

function ownerOf(desk: Desk, instruments: Instruments, { kind, number, name }: OwnerData): Owner | undefined {
  switch (kind) {
    case 'desk':
      return desk.desk
    case 'strategy':
      return desk.addStrategy(number, name)
    case 'account':
      return desk.addAccount(number, name)
    case 'instrument': {
      const instrument = instruments.get(number)
      return instrument === undefined ? undefined : desk.instrumentOwner(desk.market(instrument))
    }
  }
}

/** An amount on the grid that its currency has now: it may have become finer since. */
function refined(text: string, currency: string, desk: Desk, data: DeskData): bigint {
  const before = data.currencies.find(({ name }) => name === currency)?.decimals ?? 0
  return BigInt(text) * 10n ** BigInt(Math.max(0, desk.currency(currency).decimals - before))
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
