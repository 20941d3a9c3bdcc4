/** What private messages of venues become, in the units of the venue, so that it compares with their JSON. */
import { Decimal } from 'decimal.js'
import type { OwnId } from '../../dist/exchanges/order-events.js'
import type { PrivateContext } from '../../dist/exchanges/private-context.js'
import { Instrument, type InstrumentSpec } from '../../dist/trading/instruments/instrument.js'
import { ClientOrderIds } from '../../dist/trading/messages/order-id.js'
import { SIDES } from '../../dist/trading/messages/order-terms.js'
import { REASONS } from '../../dist/trading/messages/reasons.js'

export const IDS = new ClientOrderIds(0x12_3456_789an)
/** Home's origin of the tests, ms since 1970. */
export const ORIGIN_MS = 1_400_000_000_000

/** An event with its numbers as the venue writes them: decimals of the same value. */
export interface Said {
  readonly kind: string
  readonly own: string
  readonly symbol: string
  readonly side: string
  readonly price: string
  readonly quantity: string
  readonly filled: string
  readonly maker: boolean
  readonly fee: number
  readonly feeCurrency: string
  readonly tradeId: string
  readonly orderId: string
  readonly ms: number
  readonly request: number
  readonly reason: string
}

export interface Heard {
  readonly events: Partial<Said>[]
  readonly passedOver: string[]
  readonly problems: string[]
}

export interface HearOptions {
  /** Changes the terms of all instruments. */
  readonly terms?: Partial<InstrumentSpec>
  readonly knows?: (symbol: string) => boolean
  readonly orderOf?: (venueOrderId: string) => OwnId | undefined
  readonly amendOf?: (id: OwnId) => number
}

/** Runs a parser, and keeps what it says. What an event does not say is left out. */
export function hear(parse: (context: PrivateContext) => void, options: HearOptions = {}): Heard {
  const heard: Heard = { events: [], passedOver: [], problems: [] }
  const instruments: Instrument[] = []
  parse({
    account: 0,
    ids: IDS,
    instrumentOf: symbol => {
      if (options.knows?.(symbol) === false) return undefined
      const known = instruments.find(one => one.symbol === symbol)
      if (known !== undefined) return known
      const instrument = new Instrument(instruments.length + 1, {
        venue: 'venue',
        symbol,
        kind: 'spot',
        base: 'BASE',
        quote: 'QUOTE',
        priceTick: '0.00000001',
        quantityStep: '0.00000001',
        ...options.terms,
      })
      instruments.push(instrument)
      return instrument
    },
    timeOf: ms => (ms - ORIGIN_MS) * 1e6,
    orderOf: options.orderOf ?? (() => undefined),
    amendOf: options.amendOf ?? (() => 0),
    report: event => {
      const instrument = instruments.find(({ number }) => number === event.instrument)
      const isOrder = event.venueOrderId !== ''
      const ms = Math.round(event.venueTime / 1e6 + ORIGIN_MS)
      const value = (units: number, step: string | undefined): string => new Decimal(units).times(step ?? 1).toFixed()
      const fill = event.kind === 'fill'
      const said: Said = {
        kind: event.kind,
        own: event.idHigh === 0 && event.idLow === 0 ? '' : `${event.idHigh}/${event.idLow}`,
        symbol: instrument?.symbol ?? '',
        side: isOrder ? (SIDES[event.side] ?? '?') : '',
        price: isOrder ? value(event.ticks, instrument?.spec.priceTick) : '',
        quantity: instrument === undefined ? '' : value(event.steps, instrument.spec.quantityStep),
        filled: event.filledSteps < 0 ? '' : value(event.filledSteps, instrument?.spec.quantityStep),
        maker: event.maker,
        fee: event.fee,
        feeCurrency: event.feeCurrency,
        tradeId: event.tradeId,
        orderId: event.venueOrderId,
        ms,
        request: event.request,
        reason: REASONS[event.reason] ?? '?',
      }
      const isSaid = ([name, one]: [string, unknown]): boolean =>
        name === 'maker'
          ? fill
          : name === 'fee'
            ? fill || event.kind === 'balance'
            : one !== '' && one !== 0 && one !== 'none'
      heard.events.push(Object.fromEntries(Object.entries(said).filter(isSaid)))
    },
    passOver: why => heard.passedOver.push(why),
    problem: problem => heard.problems.push(problem.message),
  })
  return heard
}

/** JSON of a venue, of which a test reads single fields. */
// oxlint-disable-next-line typescript/no-explicit-any -- JSON of a venue: the tests read it independently of our types.
export type Json = any

/** A decimal as the venue may write it, in its shortest form. */
export function decimal(text: unknown): string {
  return new Decimal(String(text)).toFixed()
}
