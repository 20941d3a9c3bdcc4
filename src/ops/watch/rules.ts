import type { Sample } from '../types.js'
import { RejectWindow } from './reject-window.js'

/** What a rule measures: a value for each subject, such as a reader or an account. */
export interface Measured {
  readonly subject: string
  /** Undefined when it is not known now: the alert stays as it is. */
  readonly value: number | undefined
}

/** When an alert fires, and when it clears. */
export interface Threshold {
  /** It fires when the value is above or below this, and clears when it is back behind `clear`. */
  readonly above?: number
  readonly below?: number
  /** Default: the value at which it fires. */
  readonly clear?: number
  /** For so long, ms. Default 0. */
  readonly forMs?: number
  /** For so long, ms. Default 0. */
  readonly clearForMs?: number
}

/** A kind of rule. */
export interface Rule {
  readonly name: RuleName
  /** What the value is, in words and with its unit. */
  readonly what: string
  /** Undefined: off, unless a file of rules has it. */
  readonly byDefault: Threshold | undefined
  /** Makes the function that measures: some remember earlier samples. */
  readonly measure: () => (sample: Sample) => readonly Measured[]
}

export const RULE_NAMES = [
  'dead-writer',
  'process-down',
  'hung-strategy',
  'stale-feed',
  'lag',
  'halted',
  'reducing',
  'venue-down',
  'profit',
  'limit-use',
  'reject-rate',
  'low-space',
  'not-readable',
] as const
export type RuleName = (typeof RULE_NAMES)[number]

/** All rules with their defaults. */
export const RULES: readonly Rule[] = [
  {
    name: 'dead-writer',
    what: 'no process writes the journal (1)',
    byDefault: { above: 0, forMs: 15_000 },
    // Strategies and venues end and start again, which process-down watches; operators open their journal for moments.
    measure: stateless(({ kind, journals }) =>
      journals
        .filter(({ name }) => kind === 'journals' || name === 'gateway')
        .map(({ name, writer }) => ({ subject: name, value: Number(!writer.alive) })),
    ),
  },
  {
    name: 'process-down',
    what: 'a process of the desk does not run (1)',
    byDefault: { above: 0, forMs: 30_000 },
    measure: stateless(({ processes }) =>
      processes
        .filter(({ kind }) => kind !== 'gateway')
        .map(({ name, alive }) => ({ subject: name, value: Number(!alive) })),
    ),
  },
  {
    name: 'hung-strategy',
    what: 'ms without a sign of life while frames wait',
    byDefault: { above: 5_000, clear: 1_000 },
    measure: stateless(({ processes }) =>
      processes
        .filter(({ hasHeartbeat }) => hasHeartbeat)
        .map(({ name, lag, silentMs }) => ({ subject: name, value: lag > 0 ? silentMs : 0 })),
    ),
  },
  {
    name: 'stale-feed',
    what: 'ms since the last market event; of a journal since its last frame',
    byDefault: { above: 30_000, clear: 5_000 },
    measure: stateless(({ kind, desk, journals }) =>
      kind === 'home'
        ? [{ subject: 'feed', value: desk?.feed.ageMs }]
        : journals.map(({ name, ageMs }) => ({ subject: name, value: ageMs })),
    ),
  },
  {
    name: 'lag',
    what: 'slots that a named reader has not read',
    byDefault: { above: 100_000, clear: 50_000, forMs: 30_000 },
    measure: stateless(({ journals }) =>
      journals.flatMap(({ name: journal, readers }) =>
        readers.map(({ name, lag }) => ({ subject: `${name} of ${journal}`, value: lag })),
      ),
    ),
  },
  {
    name: 'halted',
    what: 'trading is halted (1)',
    byDefault: { above: 0 },
    measure: stateless(({ kind, desk }) =>
      kind === 'home'
        ? [{ subject: 'trading', value: desk === undefined ? undefined : Number(desk.trading.state === 'halted') }]
        : [],
    ),
  },
  {
    name: 'reducing',
    what: 'only what makes a position smaller passes (1)',
    byDefault: { above: 0 },
    measure: stateless(({ kind, desk }) =>
      kind === 'home'
        ? [{ subject: 'trading', value: desk === undefined ? undefined : Number(desk.trading.state === 'reducing') }]
        : [],
    ),
  },
  {
    name: 'venue-down',
    what: 'an account is not connected, or not reconciled (1)',
    byDefault: { above: 0, forMs: 30_000 },
    measure: stateless(
      ({ desk }) =>
        desk?.venues.map(({ name, account, state }) => ({
          subject: `${name}/${account}`,
          value: Number(state !== 'reconciled'),
        })) ?? [],
    ),
  },
  {
    name: 'profit',
    what: "the day's profit, fees included, in the desk's currency",
    // There is no amount that is right for every desk; limit-use watches maxDailyLoss.
    byDefault: undefined,
    measure: stateless(({ desk }) => (desk === undefined ? [] : [{ subject: 'day', value: desk.day?.profit }])),
  },
  {
    name: 'limit-use',
    what: 'the part of a limit of risk that is used',
    byDefault: { above: 0.9, clear: 0.8, forMs: 10_000 },
    measure: stateless(
      ({ desk }) =>
        desk?.limits
          .filter(({ used }) => used !== undefined)
          .map(({ owner, limit, share }) => ({ subject: `${limit} of ${owner}`, value: share })) ?? [],
    ),
  },
  {
    name: 'reject-rate',
    what: 'the part of orders that were rejected or denied, of those that ended in the last minute',
    byDefault: { above: 0.2, clear: 0.1, forMs: 10_000 },
    measure: () => {
      const window = new RejectWindow()
      return ({ desk, time }) =>
        desk === undefined ? [] : [{ subject: 'orders', value: window.shareAt(time, desk.orders.byState) }]
    },
  },
  {
    name: 'low-space',
    what: 'the part of the file system that is free',
    byDefault: { below: 0.1, clear: 0.15, forMs: 15_000 },
    measure: stateless(({ space }) => [
      { subject: 'space', value: space === undefined ? undefined : space.freeBytes / space.totalBytes },
    ]),
  },
  {
    name: 'not-readable',
    what: 'files that cannot be read',
    byDefault: { above: 0, forMs: 60_000 },
    measure: stateless(({ problems }) => [{ subject: 'files', value: problems.length }]),
  },
]

function stateless(measure: (sample: Sample) => readonly Measured[]): Rule['measure'] {
  return () => measure
}
