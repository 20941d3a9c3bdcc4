import type { Reason } from '../messages/reasons.js'
import type { Ledger, Line } from './ledger.js'
import type { OrderCounts, OutcomeWatch } from './outcome-watch.js'
import type { Samples, Sharpe } from './samples.js'

/** Amounts by currency. */
export type Amounts = Readonly<Record<string, number>>

export interface CurrencyReport {
  readonly currency: string
  /** Profit at the last prices, less fees. */
  readonly profit: number
  readonly fees: number
  /** The largest fall of the profit from a peak, measured at every quote; 0 when it never fell. Times in ms since 1970. */
  readonly maxDrawdown: { readonly amount: number; readonly fromMs: number; readonly toMs: number }
  /** `definition` says what it is. null when profit changed in fewer than two samples. */
  readonly sharpe: (Sharpe & { readonly definition: string }) | null
}

export interface InstrumentReport {
  /** With the venue: 'BTCUSDT.sim'. */
  readonly instrument: string
  readonly fills: number
  readonly bought: number
  readonly sold: number
  /** At the end. Below 0 when short. */
  readonly position: number
  /** The price at which the position is valued: the middle of the last quote. */
  readonly lastPrice: number
  /** The value of all fills, in `quoteCurrency`. */
  readonly turnover: number
  readonly quoteCurrency: string
  readonly fees: Amounts
  /** Profit without fees at the last price, in `currency`. */
  readonly profit: number
  readonly currency: string
}

export interface StrategyReport {
  readonly strategy: string
  /** Orders that were passed on to a venue. */
  readonly sent: number
  readonly fills: number
  readonly cancels: number
  readonly amends: number
  /** Orders that the desk denied, and that the venue rejected, by reason. */
  readonly denied: Readonly<Partial<Record<Reason, number>>>
  readonly rejected: Readonly<Partial<Record<Reason, number>>>
  /** Less fees. */
  readonly profit: Amounts
}

/** What came of a backtest. Plain data: the same as JSON. */
export interface BacktestReport {
  /** Market events. */
  readonly events: number
  /** ms since 1970 of the first and the last event. */
  readonly fromMs: number
  readonly toMs: number
  /** How long it took, and how fast it was. */
  readonly wallMs: number
  readonly eventsPerSecond: number
  readonly currencies: readonly CurrencyReport[]
  /** The value of all fills, by quote currency. */
  readonly turnover: Amounts
  readonly instruments: readonly InstrumentReport[]
  readonly strategies: readonly StrategyReport[]
  /** Orders that are still open at the end. */
  readonly openOrders: number
  /** Profit less fees at regular times, by currency. */
  readonly curve: {
    readonly everySeconds: number
    readonly timesMs: readonly number[]
    readonly profit: Readonly<Record<string, readonly number[]>>
  }
  /** Where the journals are; null when they were not kept. */
  readonly home: string | null
}

export interface BacktestFacts
  extends Pick<BacktestReport, 'events' | 'fromMs' | 'toMs' | 'wallMs' | 'openOrders' | 'home'> {
  readonly ledger: Ledger
  readonly samples: Samples
  readonly watch: OutcomeWatch
  readonly strategies: readonly { readonly id: string; readonly number: number }[]
}

export function makeReport(facts: BacktestFacts): BacktestReport {
  const { ledger, samples, events, fromMs, toMs, wallMs, openOrders, home } = facts
  const msOf = (ns: number): number => fromMs + ns / 1e6
  const instruments = instrumentsOf(ledger)
  return {
    events,
    fromMs,
    toMs,
    wallMs,
    eventsPerSecond: Math.round((events / Math.max(wallMs, 0.001)) * 1000),
    currencies: [...ledger.currencies.values()].map(({ name, equity, fees, drawdown }) => {
      const sharpe = samples.sharpe(name)
      return {
        currency: name,
        profit: rounded(equity),
        fees: rounded(fees),
        maxDrawdown: { amount: rounded(drawdown.amount), fromMs: msOf(drawdown.from), toMs: msOf(drawdown.to) },
        sharpe: sharpe === undefined ? null : { ...sharpe, definition: definitionOf(sharpe) },
      }
    }),
    turnover: amountsOf(instruments.map(({ quoteCurrency, turnover }) => [quoteCurrency, turnover])),
    instruments,
    strategies: facts.strategies.map(({ id, number }) => strategyOf(id, number, facts.watch.countsOf(number), ledger)),
    openOrders,
    curve: {
      everySeconds: samples.everySeconds,
      timesMs: samples.times.map(msOf),
      profit: Object.fromEntries([...samples.values].map(([name, values]) => [name, values.map(rounded)])),
    },
    home,
  }
}

function definitionOf({ everySeconds, changes }: Sharpe): string {
  return `mean of the ${changes} changes of profit from one sample to the next, one every ${everySeconds} s, divided by their standard deviation (n - 1), times the square root of the samples in a year of 365 days; no rate for idle money`
}

function instrumentsOf(ledger: Ledger): InstrumentReport[] {
  return ledger.instruments
    .filter(({ lines }) => lines.length > 0)
    .map(({ instrument, price, lines }) => {
      const sum = (of: (line: Line) => number): number => lines.reduce((total, line) => total + of(line), 0)
      return {
        instrument: instrument.name,
        fills: sum(({ fills }) => fills),
        bought: instrument.quantity.valueOf(sum(({ boughtSteps }) => boughtSteps)),
        sold: instrument.quantity.valueOf(sum(({ soldSteps }) => soldSteps)),
        position: instrument.quantity.valueOf(sum(({ position }) => position)),
        lastPrice: price,
        turnover: rounded(sum(({ turnover }) => turnover)),
        quoteCurrency: instrument.quote,
        fees: amountsOf(lines.flatMap(({ fees }) => [...fees])),
        profit: rounded(sum(({ counted }) => counted)),
        currency: instrument.settlement,
      }
    })
}

function strategyOf(id: string, number: number, counts: OrderCounts, ledger: Ledger): StrategyReport {
  const own = ledger.lines.filter(({ strategy }) => strategy === number)
  const { sent, fills, cancels, amends, denied, rejected } = counts
  return {
    strategy: id,
    sent,
    fills,
    cancels,
    amends,
    denied: Object.fromEntries(denied),
    rejected: Object.fromEntries(rejected),
    profit: amountsOf(
      own.flatMap(({ currency, counted, fees }) => [
        [currency.name, counted] as const,
        ...[...fees].map(([name, fee]) => [name, -fee] as const),
      ]),
    ),
  }
}

function amountsOf(amounts: Iterable<readonly [string, number]>): Amounts {
  const sums: Record<string, number> = {}
  for (const [name, amount] of amounts) sums[name] = (sums[name] ?? 0) + amount
  return Object.fromEntries(Object.entries(sums).map(([name, amount]) => [name, rounded(amount)]))
}

/** To twelve significant digits: the others are rounding errors of sums in doubles. */
function rounded(value: number): number {
  return Number(value.toPrecision(12)) + 0
}
