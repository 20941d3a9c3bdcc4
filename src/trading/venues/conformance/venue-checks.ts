import type { Instrument, InstrumentSpec } from '../../instruments/instrument.js'
import { IOC, MARKET } from '../../messages/order-terms.js'
import type { AsyncVenue, VenueOrder } from '../async-venue.js'
import type { VenueEvent, VenueEventKind } from '../venue-event.js'
import { VenueRuleError, VenueSession } from './session.js'

/** A venue to be checked, and what the checks must know of it. */
export interface VenueUnderTest {
  /** A new venue of an account without open orders. It is not started. */
  open(): AsyncVenue | Promise<AsyncVenue>
  /** The symbol of one of its instruments, or the terms of one. */
  readonly instrument: string | InstrumentSpec
  /** A price at which a buy order rests, in units of the instrument: a whole number of ticks, and two more ticks rest too. */
  readonly restingPrice: number
  /** A quantity that the venue takes, and that a market order fills. Twice as much is taken too. */
  readonly quantity: number
  /** For a venue without a market of its own: gives it a quote. Called often. */
  market?(venue: AsyncVenue, instrument: Instrument, now: number): void
  /** Breaks the venue's connection, which it must then open again. Without it this is not checked. */
  disconnect?(): void | Promise<void>
  /** How long an answer may take, in ms. Default 10,000. */
  readonly timeoutMs?: number
}

/** One rule that each venue must keep. */
export interface VenueCheck {
  readonly name: string
  /** @throws {VenueRuleError} when the venue breaks the rule, and what the venue throws. */
  run(): Promise<void>
}

const AMEND_ANSWERS: ReadonlySet<VenueEventKind> = new Set(['amended', 'amend-rejected', 'not-sent'])
const FINAL: ReadonlySet<VenueEventKind> = new Set(['rejected', 'filled', 'cancelled', 'expired'])

/**
 * The rules of `AsyncVenue` as checks: for tests of an adapter, with any test runner.
 *
 *     for (const { name, run } of venueChecks({ open: () => new MyVenue(), instrument: 'BTC-USDT', restingPrice: 100, quantity: 0.01 }))
 *       test(name, run)
 *
 * They send real orders: use a fake or a testnet.
 */
export function venueChecks(under: VenueUnderTest): VenueCheck[] {
  const check = (name: string, body: (session: VenueSession) => Promise<void>): VenueCheck => ({
    name,
    run: async () => {
      const session = await VenueSession.open(under)
      try {
        await body(session)
        await session.quiet()
      } finally {
        await session.close()
      }
    },
  })
  const checks = [
    check('an order that rests is accepted, and nothing else is said of it', rests),
    check('a cancelled order has one end, with what was filled', cancels),
    check('a market order ends as filled, and its fills are its quantity', fills),
    check('an immediate order that finds no counterparty ends without a fill', findsNoCounterparty),
    check('an amend is answered by its number and has the new terms, or is refused', amends),
    check('a cancel of an order that has ended is refused by its number', cancelsTooLate),
    check('a cancel of an unknown order is refused', cancelsUnknown),
    check('an order that is asked about is open, or not found at a time of the venue', answers),
    check('reconciliation names each open order once, and ends', reconciles),
    check('an order whose deadline has passed is not acted upon', keepsDeadlines),
  ]
  const { disconnect } = under
  if (disconnect !== undefined)
    checks.push(
      check('a lost connection is said, and after it open orders are known', session =>
        comesBack(session, () => disconnect.call(under)),
      ),
    )
  return checks
}

async function rests(session: VenueSession): Promise<void> {
  const order = session.submit()
  await session.waitFor(order, 'accepted', 'rejected')
  await session.quiet()
  expectKinds(session, order, ['accepted'])
  await remove(session, order)
}

async function cancels(session: VenueSession): Promise<void> {
  const order = session.submit()
  await session.waitFor(order, 'accepted')
  const { filledSteps } = await remove(session, order)
  await session.quiet()
  expectKinds(session, order, ['accepted', 'cancelled'])
  if (filledSteps !== 0)
    throw new VenueRuleError(`'cancelled' says ${filledSteps} filled steps of an order without fills`)
}

async function fills(session: VenueSession): Promise<void> {
  const order = session.submit({ type: MARKET, ticks: 0 })
  const { filledSteps } = await session.waitFor(order, ...FINAL)
  await session.wait('fills of the whole quantity', () => filledOf(session, order) >= order.steps)
  await session.quiet()
  const end = endOf(session, order)
  if (end !== 'filled' || filledSteps !== order.steps || filledOf(session, order) !== order.steps)
    throw new VenueRuleError(
      `${order.steps} steps are '${end}' with ${filledSteps} filled, and fills of ${filledOf(session, order)}`,
    )
  const fillEvents = session.of(order).filter(({ kind }) => kind === 'fill')
  if (fillEvents.some(({ tradeId }) => tradeId === ''))
    throw new VenueRuleError('a fill has a tradeId: it tells one that is reported twice from another one')
  if (fillEvents.some(({ feeCurrency }) => feeCurrency === ''))
    throw new VenueRuleError('a fill has a fee currency, also for a fee of 0')
}

async function findsNoCounterparty(session: VenueSession): Promise<void> {
  const order = session.submit({ timeInForce: IOC })
  await session.waitFor(order, ...FINAL)
  await session.quiet()
  const end = endOf(session, order)
  if (end === 'filled' || filledOf(session, order) !== 0)
    throw new VenueRuleError(`an order at a price that rests is '${end}', with fills of ${filledOf(session, order)}`)
}

async function amends(session: VenueSession): Promise<void> {
  const order = session.submit()
  await session.waitFor(order, 'accepted')
  const [ticks, steps] = [order.ticks + 2, order.steps * 2]
  session.amend(order, 1, ticks, steps)
  // Another message of the venue may say the new terms first, without a number.
  const event = await session.wait(
    "'amended', 'amend-rejected' or 'not-sent' of amend 1",
    ({ kind, idLow, request }) => AMEND_ANSWERS.has(kind) && idLow === order.idLow && request === 1,
  )
  if (session.venue.canAmend && event.kind !== 'amended')
    throw new VenueRuleError(`'canAmend' is true, and an amend of an open order is '${event.kind}'`)
  if (!session.venue.canAmend && event.kind === 'amended')
    throw new VenueRuleError("'canAmend' is false, and an amend takes effect")
  if (event.kind === 'amended' && (event.ticks !== ticks || event.steps !== steps))
    throw new VenueRuleError(
      `'amended' has ${event.ticks} ticks and ${event.steps} steps, not ${ticks} and ${steps}: it has the terms of the whole order`,
    )
  await remove(session, order, 2)
}

async function cancelsTooLate(session: VenueSession): Promise<void> {
  const order = session.submit()
  await session.waitFor(order, 'accepted')
  await remove(session, order, 1)
  session.cancel(order, 2)
  const { request } = await session.waitFor(order, 'cancel-rejected')
  if (request !== 2) throw new VenueRuleError(`cancel 2 is answered as request ${request}`)
  await session.quiet()
  endOf(session, order)
}

async function cancelsUnknown(session: VenueSession): Promise<void> {
  const order = session.order()
  session.cancel(order, 1)
  await session.waitFor(order, 'cancel-rejected')
  await session.quiet()
  expectKinds(session, order, ['cancel-rejected'])
}

async function answers(session: VenueSession): Promise<void> {
  const order = session.submit()
  await session.waitFor(order, 'accepted')
  session.query(order)
  const { ticks, steps, filledSteps } = await session.waitFor(order, 'open')
  if (ticks !== order.ticks || steps !== order.steps || filledSteps !== 0)
    throw new VenueRuleError(
      `'open' has ${ticks} ticks, ${steps} steps and ${filledSteps} filled, not ${order.ticks}, ${order.steps} and 0`,
    )
  const unknown = session.order({ deadline: session.now })
  await session.quiet()
  session.query(unknown)
  const { venueTime } = await session.waitFor(unknown, 'not-found')
  if (!(venueTime > 0))
    throw new VenueRuleError("'not-found' has the venue's time: only then it proves that a request did not arrive")
  await remove(session, order)
}

async function reconciles(session: VenueSession): Promise<void> {
  const orders = [session.submit(), session.submit(), session.submit()]
  for (const order of orders) await session.waitFor(order, 'accepted')
  await remove(session, orders[1])
  const said = await session.reconcile()
  expectOpen(said, [orders[0], orders[2]])
  if (said.at(-1)?.kind !== 'reconciled') throw new VenueRuleError(`'${said.at(-1)?.kind}' came after 'reconciled'`)
  await remove(session, orders[0])
  await remove(session, orders[2])
  expectOpen(await session.reconcile(), [])
}

async function keepsDeadlines(session: VenueSession): Promise<void> {
  const order = session.submit({ deadline: session.now - 1e9 })
  await session.waitFor(order, 'not-sent', 'rejected')
  await session.quiet()
  const wrong = session.of(order).find(({ kind }) => kind === 'accepted' || kind === 'fill' || kind === 'filled')
  if (wrong !== undefined) throw new VenueRuleError(`an order whose deadline has passed is '${wrong.kind}'`)
}

async function comesBack(session: VenueSession, disconnect: () => void | Promise<void>): Promise<void> {
  const order = session.submit()
  await session.waitFor(order, 'accepted')
  const from = session.events.length
  await disconnect()
  await session.wait("'disconnected'", ({ kind }) => kind === 'disconnected', from)
  await session.wait("'connected' again", ({ kind }) => kind === 'connected', from)
  expectOpen(await session.reconcile(), [order])
  await remove(session, order)
}

/** Cancels an order, and returns its end. */
async function remove(session: VenueSession, order: VenueOrder, request = 1): Promise<VenueEvent> {
  session.cancel(order, request)
  return await session.waitFor(order, 'cancelled')
}

/** The steps of all fills. One that is reported again counts once. */
function filledOf(session: VenueSession, order: VenueOrder): number {
  const fillEvents = session.of(order).filter(({ kind }) => kind === 'fill')
  const byName = new Map(fillEvents.map(({ tradeId, steps }) => [tradeId, steps]))
  return [...byName.values()].reduce((sum, steps) => sum + steps, 0)
}

/** How an order ended. It may be said twice, but not in two ways. */
function endOf(session: VenueSession, order: VenueOrder): VenueEventKind | undefined {
  const ends = session.of(order).filter(({ kind }) => FINAL.has(kind))
  const ways = new Set(ends.map(({ kind, filledSteps }) => `'${kind}' with ${filledSteps} filled`))
  if (ways.size > 1) throw new VenueRuleError(`an order has one end, not ${[...ways].join(' and ')}`)
  return ends.at(0)?.kind
}

/** An answer may come twice, so the same kind again is not counted; 'sending' may come before any answer. */
function expectKinds(session: VenueSession, order: VenueOrder, wanted: readonly VenueEventKind[]): void {
  const found = session.of(order).flatMap(({ kind }) => (kind === 'sending' ? [] : [kind]))
  const different = found.filter((kind, i) => kind !== found[i - 1])
  if (different.join() !== wanted.join())
    throw new VenueRuleError(`of the order was said: ${found.join(', ')}; expected: ${wanted.join(', ')}`)
}

function expectOpen(said: readonly VenueEvent[], orders: readonly VenueOrder[]): void {
  const open = said.flatMap(({ kind, idLow }) => (kind === 'open' ? [idLow] : []))
  const wanted = orders.map(({ idLow }) => idLow)
  if (open.length !== wanted.length || !wanted.every(id => open.includes(id)))
    throw new VenueRuleError(
      `reconciliation names the open orders ${open.join(', ') || 'none'}; open are ${wanted.join(', ') || 'none'}`,
    )
}
