// The rules of `ticktape watch`, one by one, on samples that are made here: no process is started.

import type { Sample } from 'ticktape/ops'
import { expect, test } from 'vitest'
import { Alert } from '../../dist/ops/watch/alert.js'
import { RULES, type RuleName } from '../../dist/ops/watch/rules.js'
import { defaultRules, rulesOf, type WatchRules } from '../../dist/ops/watch/rules-file.js'
import { type AlertEvent, Watcher } from '../../dist/ops/watch/watcher.js'

const JOURNAL = { name: 'gateway', writer: { alive: true }, ageMs: 0, readers: [{ name: 'momentum', lag: 0 }] }
const STRATEGY = { name: 'momentum', kind: 'strategy', alive: true, hasHeartbeat: true, lag: 0, silentMs: 0 }
const BY_STATE = { filled: 100, cancelled: 0, rejected: 0, denied: 0, expired: 0 }
const DESK = {
  feed: { ageMs: 0 },
  trading: { state: 'active' },
  venues: [{ name: 'okx', account: 'main', state: 'reconciled' }],
  day: { profit: 0, currency: 'USDT' },
  limits: [{ owner: 'desk', limit: 'maxOpenOrders', used: 1, share: 0.1 }],
  orders: { byState: BY_STATE },
}

interface Parts {
  readonly journal?: object
  readonly process?: object
  readonly desk?: object
  readonly space?: object
  readonly problems?: readonly object[]
  readonly time?: bigint
}

/** A sample of a home in which all is well, but for some parts. */
function sampleWith({ journal, process, desk, space, problems = [], time = 0n }: Parts): Sample {
  return {
    path: '/desk',
    kind: 'home',
    time,
    journals: [{ ...JOURNAL, ...journal }],
    processes: [
      { name: 'gateway', kind: 'gateway', alive: true, hasHeartbeat: false },
      { ...STRATEGY, ...process },
    ],
    desk: { ...DESK, ...desk },
    space: { freeBytes: 50, totalBytes: 100, ...space },
    problems,
  } as unknown as Sample
}

/** For each rule: a part of a sample that is bad, one that is neither bad nor good, and its subject. */
const CASES: Readonly<Record<RuleName, { readonly bad: Parts; readonly between?: Parts; readonly subject: string }>> = {
  'dead-writer': { bad: { journal: { writer: { alive: false } } }, subject: 'gateway' },
  'process-down': { bad: { process: { alive: false } }, subject: 'momentum' },
  'hung-strategy': {
    bad: { process: { lag: 3, silentMs: 6_000 } },
    between: { process: { lag: 3, silentMs: 2_000 } },
    subject: 'momentum',
  },
  'stale-feed': {
    bad: { desk: { feed: { ageMs: 31_000 } } },
    between: { desk: { feed: { ageMs: 20_000 } } },
    subject: 'feed',
  },
  lag: {
    bad: { journal: { readers: [{ name: 'momentum', lag: 100_001 }] } },
    between: { journal: { readers: [{ name: 'momentum', lag: 60_000 }] } },
    subject: 'momentum of gateway',
  },
  halted: { bad: { desk: { trading: { state: 'halted' } } }, subject: 'trading' },
  reducing: { bad: { desk: { trading: { state: 'reducing' } } }, subject: 'trading' },
  'venue-down': {
    bad: { desk: { venues: [{ name: 'okx', account: 'main', state: 'connected' }] } },
    subject: 'okx/main',
  },
  profit: {
    bad: { desk: { day: { profit: -5_001, currency: 'USDT' } } },
    between: { desk: { day: { profit: -4_500, currency: 'USDT' } } },
    subject: 'day',
  },
  'limit-use': {
    bad: { desk: { limits: [{ owner: 'desk', limit: 'maxOpenOrders', used: 95, share: 0.95 }] } },
    between: { desk: { limits: [{ owner: 'desk', limit: 'maxOpenOrders', used: 85, share: 0.85 }] } },
    subject: 'maxOpenOrders of desk',
  },
  'reject-rate': {
    bad: { desk: { orders: { byState: { ...BY_STATE, filled: 110, denied: 10 } } } },
    between: { desk: { orders: { byState: { ...BY_STATE, filled: 150, denied: 10 } } } },
    subject: 'orders',
  },
  'low-space': { bad: { space: { freeBytes: 9 } }, between: { space: { freeBytes: 12 } }, subject: 'space' },
  'not-readable': { bad: { problems: [{ path: '/desk/state', code: 'ERR', message: 'no' }] }, subject: 'files' },
}

const NAMES = Object.keys(CASES) as RuleName[]
/** The defaults, and an amount for the one that has none. */
const ALL = rulesOf({ profit: { below: -5_000, clear: -4_000 } })

test('each rule has a test here', () => {
  expect(NAMES.toSorted()).toEqual(RULES.map(({ name }) => name).toSorted())
})

test.each(NAMES)('%s fires once after its duration, and clears once', name => {
  const { bad, between = bad, subject } = CASES[name]
  const { forMs = 0 } = ALL[name] ?? {}
  const watcher = new Watcher({ [name]: ALL[name] })
  let at = 0
  const after = (ms: number, parts: Parts): string[] => {
    at += ms
    const events = watcher.check(sampleWith({ ...parts, time: BigInt(at) * 1_000_000n }), at)
    return events.map((event: AlertEvent) => `${event.event} ${event.rule} ${event.subject}`)
  }
  expect(after(1000, {})).toEqual([])
  // A moment of it is nothing, when the rule has a duration.
  if (forMs > 0) {
    expect(after(1000, bad)).toEqual([])
    expect(after(1000, {})).toEqual([])
    expect(after(1000, bad)).toEqual([])
    expect(after(forMs - 1, bad)).toEqual([])
  }
  expect(after(1, bad)).toEqual([`fired ${name} ${subject}`])
  expect(after(1000, bad)).toEqual([])
  expect(watcher.firing).toBe(1)
  // Between both limits it neither clears nor fires again.
  expect(after(1000, between)).toEqual([])
  expect(after(1000, between)).toEqual([])
  const good = name === 'reject-rate' ? { desk: { orders: { byState: { ...BY_STATE, filled: 400, denied: 10 } } } } : {}
  expect(after(1000, good)).toEqual([`cleared ${name} ${subject}`])
  expect(after(1000, good)).toEqual([])
  expect(watcher.firing).toBe(0)
})

test('a value that is not known changes nothing; a subject that is gone is good again', () => {
  const watcher = new Watcher(defaultRules())
  const at = (ms: number, parts: Parts): AlertEvent[] => watcher.check(sampleWith(parts), ms)
  expect(at(0, { desk: { trading: { state: 'halted' } } })).toHaveLength(1)
  // The sequence cannot be read: whether it is still halted is not known.
  const blind = { ...sampleWith({ problems: [{}] }), desk: undefined } as unknown as Sample
  expect(watcher.check(blind, 1000)).toEqual([])
  expect(watcher.firing).toBe(1)
  expect(at(2000, {}).map(({ event, rule }) => [event, rule])).toEqual([['cleared', 'halted']])
  // A reader that was forgotten.
  expect(at(3000, { journal: { readers: [{ name: 'old', lag: 200_000 }] } })).toEqual([])
  expect(at(40_000, { journal: { readers: [{ name: 'old', lag: 200_000 }] } })).toHaveLength(1)
  expect(at(41_000, {}).map(({ event, subject }) => [event, subject])).toEqual([['cleared', 'old of gateway']])
})

test('a rate of few orders says nothing, and one of the last hour is forgotten', () => {
  const watcher = new Watcher({ 'reject-rate': { above: 0.2 } })
  const seconds = (at: number, denied: number, filled: number): string[] => {
    const orders = { byState: { ...BY_STATE, filled, denied } }
    const sample = sampleWith({ desk: { orders }, time: BigInt(at) * 1_000_000_000n })
    return watcher.check(sample, at * 1000).map(({ event }) => event)
  }
  expect(seconds(0, 0, 0)).toEqual([])
  expect(seconds(10, 9, 0)).toEqual([])
  expect(seconds(20, 10, 0)).toEqual(['fired'])
  expect(seconds(50, 10, 10)).toEqual([])
  expect(seconds(90, 10, 30)).toEqual(['cleared'])
})

test('with durations for both directions an alert does not flutter', () => {
  const alert = new Alert({ above: 10, clear: 5, forMs: 100, clearForMs: 50 })
  const values: [number, number | undefined][] = [
    [0, 11],
    [50, 9],
    [60, 11],
    [159, 11],
    [160, 11],
    [170, 4],
    [200, 6],
    [210, 4],
    [260, 4],
  ]
  expect(values.map(([at, value]) => alert.update(value, at))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    'fired',
    undefined,
    undefined,
    undefined,
    'cleared',
  ])
})

test('a file changes, adds and switches off rules; what is wrong with it is said', () => {
  const rules: WatchRules = rulesOf({
    lag: { above: 5 },
    profit: { below: -10 },
    halted: false,
    'low-space': { forMs: 0 },
  })
  // Another limit than the default has no `clear` of the default.
  expect(rules.lag).toEqual({ above: 5, forMs: 30_000 })
  expect(rules.profit).toEqual({ below: -10 })
  expect(rules.halted).toBeUndefined()
  expect(rules['low-space']).toEqual({ below: 0.1, clear: 0.15, forMs: 0 })
  expect(defaultRules().profit).toBeUndefined()
  const bad: [unknown, RegExp][] = [
    [[], /rules are an object/],
    [{ lagg: {} }, /there is no rule 'lagg'; did you mean 'lag'\?/],
    [{ lag: { over: 5 } }, /the rule 'lag' has no field 'over'/],
    [{ lag: { above: '5' } }, /'above' of the rule 'lag' is a number, not "5"/],
    [{ lag: { forMs: -1 } }, /'forMs' of the rule 'lag' is a number of ms, not -1/],
    [{ lag: { above: 5, clear: 6 } }, /'clear' of the rule 'lag' is 6: at this value it would fire at once again/],
    [{ lag: { above: 5, below: 1 } }, /needs one of 'above' and 'below'/],
    [{ profit: {} }, /the rule 'profit' needs one of 'above' and 'below'/],
    [{ lag: 5 }, /the rule 'lag' is an object with above, below, clear, forMs, clearForMs, or false, not 5/],
  ]
  for (const [json, message] of bad) expect(() => rulesOf(json)).toThrow(message)
})
