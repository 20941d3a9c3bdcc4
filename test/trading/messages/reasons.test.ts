// Every reason that the gateway or a venue gives has a test. Those of risk are in test/trading/risk/checks.test.ts.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { REASON_TEXTS } from '../../../dist/trading/messages/reason-texts.js'
import { REASONS, type Reason } from '../../../dist/trading/messages/reasons.js'
import { BareDesk, BTC, idOf } from '../../support/bare-desk.ts'

const MARGIN = 1e9
const shown = new Set<Reason>()

/** Each case: what is denied or refused, and what is just inside and passes. */
function denies(
  reason: Reason,
  title: string,
  { denied, passes }: { denied: (desk: BareDesk) => void; passes: (desk: BareDesk) => void },
  makeDesk = (): BareDesk => new BareDesk(),
): void {
  shown.add(reason)
  const reasonsOf = (act: (desk: BareDesk) => void): string[] => {
    const desk = makeDesk()
    act(desk)
    return desk.told().flatMap(told => (told as { reason?: string }).reason ?? [])
  }
  test(`${reason}: ${title}`, () => {
    expect(reasonsOf(denied)).toContain(reason)
    expect(reasonsOf(passes)).not.toContain(reason)
  })
}

/** A desk with a second instrument, of a venue that it does not have. */
function withStranger(): BareDesk {
  const bare = new BareDesk()
  bare.desk.instruments.add({ ...BTC, venue: 'elsewhere' })
  return bare
}

/** A desk whose venue takes one request a second. */
function paced(): BareDesk {
  const bare = new BareDesk()
  bare.desk.setRequestLimits([{ requestLimits: { venue: { perSecond: 1 }, weights: { cancel: 0 } } }])
  return bare
}

describe('denied or refused by the gateway', () => {
  denies('unknown-instrument', 'a number that no instrument has', {
    denied: desk => desk.buy({ instrument: 2 }),
    passes: desk => desk.buy({ instrument: 1 }),
  })
  denies(
    'unknown-venue',
    'an instrument of a venue that the desk does not have',
    { denied: desk => desk.buy({ instrument: 2 }), passes: desk => desk.buy({ instrument: 1 }) },
    withStranger,
  )
  denies('unknown-account', 'an account that the venue does not have', {
    denied: desk => desk.buy({ account: 1 }),
    passes: desk => desk.buy({ account: 0 }),
  })
  denies('unknown-order', 'a cancel of an order that there is not', {
    denied: desk => desk.cancel(desk.buy() + 1),
    passes: desk => desk.cancel(desk.buy()),
  })
  denies('unknown-order', "another strategy's order", {
    denied: desk => desk.ask({ orderId: idOf(desk.buy()), action: 'cancel' }, 2),
    passes: desk => desk.ask({ orderId: idOf(desk.buy()), action: 'cancel' }, 1),
  })
  denies('amend-not-supported', 'a venue that cannot amend', {
    denied: desk => desk.amend(desk.buy(), 1, 101, 0.02),
    passes: desk => {
      desk.venue.canAmend = true
      desk.amend(desk.buy(), 1, 101, 0.02)
    },
  })
  denies('lost-cause', 'what led to it went with the power', {
    denied: desk => {
      desk.desk.strategies.lose(1)
      desk.buy()
    },
    passes: desk => {
      desk.desk.strategies.lose(2)
      desk.buy()
    },
  })
  denies('strategy-fenced', 'an order of an earlier epoch', {
    denied: desk => {
      desk.desk.startStrategy(1, 'a', 2, false)
      desk.buy()
    },
    passes: desk => {
      desk.desk.startStrategy(1, 'a', 1, false)
      desk.buy()
    },
  })
  denies('not-sent', 'the deadline had passed in the adapter', {
    denied: desk => desk.about(desk.buy(), { kind: 'not-sent' }),
    passes: desk => desk.about(desk.buy(), { kind: 'sending', venueTime: 5e9 }),
  })
  denies(
    'never-arrived',
    'not found, later than the deadline by more than the margin',
    {
      denied: desk => desk.about(desk.buy(), { kind: 'not-found', venueTime: 1e9 + 50e6 + MARGIN + 1 }),
      passes: desk => desk.about(desk.buy(), { kind: 'not-found', venueTime: 1e9 + 50e6 + MARGIN }),
    },
    () => new BareDesk(50),
  )
  denies(
    'cancelled-before-sent',
    "it waited for the venue's limits, and was cancelled",
    {
      denied: desk => {
        desk.buy()
        desk.cancel(desk.buy())
      },
      passes: desk => {
        const low = desk.buy()
        desk.buy()
        desk.cancel(low)
      },
    },
    paced,
  )
  denies('overfill', 'more than was asked for is filled', {
    denied: desk => desk.about(desk.buy(), { kind: 'fill', ticks: 1000, steps: 11, tradeId: 't1' }),
    passes: desk => desk.about(desk.buy(), { kind: 'fill', ticks: 1000, steps: 10, tradeId: 't1' }),
  })
})

/** Reasons that need a whole desk, an exchange or a pair: the file whose test shows each. */
const ELSEWHERE: Readonly<Partial<Record<Reason, string>>> = {
  'other-leg-denied': 'trading/pairs/life.test.ts',
  'leg-of-pair': 'trading/pairs/life.test.ts',
  'outside-slippage': 'trading/pairs/life.test.ts',
  'no-attempt-left': 'trading/pairs/life.test.ts',
  'dead-man-switch': 'trading/gateway/dead-man.test.ts',
  operator: 'trading/gateway/commands.test.ts',
  'venue-rejected': 'exchanges/okx/messages.test.ts',
  'insufficient-balance': 'trading/exchange/conformance/accounts.txt',
  'insufficient-margin': 'trading/exchange/conformance/accounts.txt',
  'post-only-would-trade': 'trading/exchange/conformance/orders.txt',
  'not-marketable': 'trading/exchange/conformance/orders.txt',
  'reduce-only': 'trading/exchange/conformance/orders.txt',
  'no-market': 'trading/exchange/conformance/orders.txt',
  'self-trade-prevented': 'trading/exchange/conformance/requests.txt',
  'order-is-final': 'trading/exchange/conformance/requests.txt',
  'too-late': 'trading/exchange/conformance/requests.txt',
  'rate-limited-by-venue': 'exchanges/bybit/venue.test.ts',
  'venue-disconnected': 'exchanges/okx/venue.test.ts',
  'time-in-force': 'trading/exchange/conformance/orders.txt',
  liquidated: 'trading/exchange/conformance/accounts.txt',
  requested: 'trading/gateway/halt.test.ts',
  'instrument-settled': 'trading/exchange/conformance/accounts.txt',
}

test.each(Object.entries(ELSEWHERE))('%s is shown in %s', (reason, file) => {
  const text = readFileSync(join(import.meta.dirname, '../..', file), 'utf8')
  expect(new RegExp(`(?<![a-z-])${reason}(?![a-z-])`).test(text)).toBe(true)
})

/** Kept for their numbers, which are stored in frames: nothing gives them. */
const UNUSED: readonly Reason[] = ['ambiguous-symbol', 'command-expired', 'strategy-stopped']

test('every reason has a test that shows it, or is one that nothing gives', () => {
  const ours = REASONS.filter(reason => reason !== 'none' && REASON_TEXTS[reason][0] !== 'risk')
  const tested = [...shown].filter(reason => REASON_TEXTS[reason][0] !== 'risk')
  expect([...tested, ...Object.keys(ELSEWHERE), ...UNUSED].toSorted()).toEqual([...ours].toSorted())
})
