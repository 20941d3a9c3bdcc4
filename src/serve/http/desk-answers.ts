import { readFileSync } from 'node:fs'
import { systemCode } from '../../base/system-error.js'
import type { Sample } from '../../ops/types.js'
import { FINAL_STATES, type OrderLine } from '../../trading/inspect/orders.js'
import { ORDER_STATES } from '../../trading/messages/order-terms.js'
import { namedLimits } from '../../trading/operator/limits-change.js'
import { POSITION_OWNERS } from '../../trading/positions/desk-positions.js'
import { type BreakerStatus, CircuitBreaker } from '../../trading/risk/circuit-breaker.js'
import type { RiskOptions } from '../../trading/risk/limits.js'
import type { HomeDirectory } from '../../trading/sequence/home.js'
import { badRequest } from '../errors.js'
import type { LiveDesk } from '../reading/live-desk.js'
import { type MarketSource, marketValueJson } from '../reading/market-table.js'
import { profitOf } from '../reading/profit-history.js'
import type { Query } from './query.js'

export const ORDER_PARAMETERS = ['strategy', 'instrument', 'state', 'all', 'limit'] as const

/** The orders as the sequence says they are: the open ones; with `all` or `state` those that are final, too. */
export function ordersAnswer({ fold, isReady, position }: LiveDesk, query: Query): unknown {
  const strategy = query.text('strategy')
  const instrument = query.text('instrument')
  const states = query.list('state')
  const all = query.flag('all')
  const limit = query.integer('limit', 1, 1000) ?? 100
  for (const state of states ?? [])
    if (!(ORDER_STATES as readonly string[]).includes(state))
      throw badRequest(`'${state.slice(0, 40)}' is no state of an order; there are ${ORDER_STATES.join(', ')}`)
  const isShown = (order: OrderLine): boolean =>
    (states === undefined ? all || !FINAL_STATES.has(order.state) : states.has(order.state)) &&
    (strategy === undefined || order.strategy === strategy) &&
    (instrument === undefined || order.instrument === instrument || order.instrument.startsWith(`${instrument}.`))
  return { position, isReady, orders: fold.orders.orders.filter(isShown).slice(-limit) }
}

export const POSITION_PARAMETERS = ['by', 'strategy', 'instrument'] as const

export function positionsAnswer({ fold, isReady, position }: LiveDesk, query: Query): unknown {
  const by = query.oneOf('by', POSITION_OWNERS) ?? 'strategy'
  const strategy = query.text('strategy')
  const instrument = query.text('instrument')
  if (strategy !== undefined && by !== 'strategy') throw badRequest('strategy= needs by=strategy, which is the default')
  const positions = fold.positions
    .linesBy(by)
    .filter(
      line =>
        (strategy === undefined || line.owner === strategy) &&
        (instrument === undefined || line.instrument === instrument || line.instrument.startsWith(`${instrument}.`)),
    )
  return { position, isReady, by, positions }
}

/** The breaker, the limits in effect, and how much of the positions' limits is used. */
export function riskAnswer(home: HomeDirectory, { fold, position }: LiveDesk): unknown {
  return {
    position,
    breaker: breakerOf(home),
    limits: Object.fromEntries(limitsOf(home)),
    positions: fold.positions.lines,
  }
}

/** Null before a gateway has created it. */
function breakerOf(home: HomeDirectory): unknown {
  const breaker = CircuitBreaker.find(home.breaker)
  if (breaker === undefined) return null
  try {
    return shownBreaker(breaker.status())
  } finally {
    breaker.close()
  }
}

/** JSON has no Infinity: a limit that is not set is null. */
function shownBreaker({ halt, reducing, limits, ...rest }: BreakerStatus): unknown {
  const entries = Object.entries(limits).map(([name, value]) => [name, Number.isFinite(value) ? value : null] as const)
  return {
    halted: halt !== undefined,
    halt: halt ?? null,
    reducing: reducing ?? null,
    ...rest,
    limits: Object.fromEntries(entries),
  }
}

function limitsOf(home: HomeDirectory): [name: string, value: number][] {
  try {
    return namedLimits(JSON.parse(readFileSync(home.limits, 'utf8')) as RiskOptions)
  } catch (error) {
    // No gateway has written it yet.
    if (systemCode(error) === 'ENOENT') return []
    throw error
  }
}

/** The desk at a glance, as `Sampler` of ticktape/ops finds it; without what other addresses have, and without paths of this machine. */
export function glanceAnswer({ time, sinceMs, journals, processes, desk, space, problems }: Sample): unknown {
  const { orders, positions: _, ...rest } = desk ?? { orders: undefined, positions: undefined }
  return {
    time,
    sinceMs,
    journals: journals.map(({ path: _path, ...journal }) => journal),
    processes,
    desk: desk === undefined ? undefined : { ...rest, orders: { open: orders?.open.length, byState: orders?.byState } },
    space,
    problems: problems.map(({ code, message }) => ({ code, message })),
  }
}

export function profitAnswer({ fold, profit, position }: LiveDesk): unknown {
  return {
    position,
    since: fold.first,
    now: profitOf(fold.positions.linesBy('desk')),
    points: profit.points,
  }
}

export function logAnswer({ fold, position }: LiveDesk, query: Query): unknown {
  const limit = query.integer('limit', 1, 1000) ?? 200
  return { position, since: fold.first, entries: fold.log.entries.slice(-limit) }
}

export function fillsAnswer({ fold, position }: LiveDesk, query: Query): unknown {
  const limit = query.integer('limit', 1, 500) ?? 100
  return { position, since: fold.first, fills: fold.fills.slice(-limit) }
}

export function marketAnswer(source: MarketSource, query: Query): unknown {
  const symbols = query.list('symbols')
  const wanted = source.market.all.filter(
    value => symbols === undefined || [...symbols].some(symbol => source.isNamed(value, symbol)),
  )
  return { position: source.position, values: wanted.map(value => marketValueJson(value, source.nameOf(value))) }
}
