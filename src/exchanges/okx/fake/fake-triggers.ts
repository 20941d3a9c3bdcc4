import { unitsIn } from '../../decimals.js'
import type { Fields } from '../../fields.js'
import type { Answer, OkxOrders } from './okx-orders.js'

/** A trigger order (`ordType` 'trigger') of a fake OKX. */
interface Trigger {
  readonly algoId: string
  readonly algoClOrdId: string
  readonly fields: Fields
  readonly symbol: string
  readonly triggerTicks: number
  /** Whether the price must rise to it. */
  readonly isAbove: boolean
  state: 'live' | 'effective' | 'canceled' | 'order_failed'
  ordId: string
  changedAt: number
  readonly createdAt: number
}

const FIRST_ID = 706_620_792_746_729_472n

/** What OKX answers to a request about one trigger. */
export interface TriggerAnswer {
  readonly algoId: string
  readonly algoClOrdId: string
  readonly sCode: string
  readonly sMsg: string
}

/** The trigger orders of a fake OKX: each sends a normal order when the last price reaches its own. */
export class FakeTriggers {
  readonly all: Trigger[] = []
  /** Called with each row of the channel `orders-algo`. */
  onTrigger: (row: Fields) => void = () => {}

  constructor(private readonly orders: OkxOrders) {}

  place(fields: Fields): TriggerAnswer {
    const { instId, algoClOrdId = '', ordType, triggerPx, side } = fields as Record<string, string>
    const instrument = this.orders.instruments.get(instId)
    if (instrument === undefined) return answer('', algoClOrdId, '51000', 'Parameter instId error')
    if (ordType !== 'trigger') return answer('', algoClOrdId, '51000', 'Parameter ordType error')
    if (this.find({ algoClOrdId }) !== undefined && algoClOrdId !== '') {
      this.orders.exchange.duplicates++
      return answer('', algoClOrdId, '51068', 'algoClOrdId already exists')
    }
    const triggerTicks = unitsIn(instrument.price, triggerPx)
    if (!(triggerTicks > 0)) return answer('', algoClOrdId, '51006', 'Bad trigger price')
    const at = Date.now()
    const trigger: Trigger = {
      algoId: String(FIRST_ID + BigInt(this.all.length)),
      algoClOrdId,
      fields,
      symbol: instId,
      triggerTicks,
      // The simulated exchange's rule: a buy stop is above the market, a sell stop below.
      isAbove: side === 'buy',
      state: 'live',
      ordId: '',
      changedAt: at,
      createdAt: at,
    }
    this.all.push(trigger)
    this.onTrigger(triggerRow(trigger))
    return answer(trigger.algoId, algoClOrdId, '0', '')
  }

  cancel(fields: Fields): TriggerAnswer {
    const trigger = this.find(fields)
    const { algoId = '', algoClOrdId = '' } = fields as Record<string, string>
    if (trigger?.state !== 'live') return answer(algoId, algoClOrdId, '51400', 'Cancellation failed')
    this.change(trigger, 'canceled')
    return answer(trigger.algoId, trigger.algoClOrdId, '0', '')
  }

  find({ algoId, algoClOrdId }: Fields): Trigger | undefined {
    return this.all.find(one =>
      typeof algoId === 'string' && algoId !== '' ? one.algoId === algoId : one.algoClOrdId === algoClOrdId,
    )
  }

  /** The market has traded at a price. */
  priceMoved(symbol: string, ticks: number): void {
    for (const trigger of this.all) {
      if (trigger.state !== 'live' || trigger.symbol !== symbol) continue
      if (trigger.isAbove ? ticks >= trigger.triggerTicks : ticks <= trigger.triggerTicks) this.fire(trigger)
    }
  }

  private fire(trigger: Trigger): void {
    const { fields, algoId, algoClOrdId } = trigger
    const { orderPx } = fields as Record<string, string>
    const isMarket = orderPx === '-1'
    const order = { ...fields, clOrdId: '', ordType: isMarket ? 'market' : 'limit', px: isMarket ? '' : orderPx }
    // On record first: the order's own messages name the trigger.
    trigger.state = 'effective'
    const placed: Answer = this.orders.place(order, { algoId, algoClOrdId })
    trigger.ordId = placed.ordId
    this.change(trigger, placed.sCode === '0' ? 'effective' : 'order_failed')
  }

  private change(trigger: Trigger, state: Trigger['state']): void {
    trigger.state = state
    trigger.changedAt = Date.now()
    this.onTrigger(triggerRow(trigger))
  }
}

export function triggerRow({
  fields,
  algoId,
  algoClOrdId,
  state,
  ordId,
  createdAt,
  changedAt,
  symbol,
}: Trigger): Fields {
  const { side, sz, triggerPx, orderPx, reduceOnly, tdMode } = fields
  return {
    algoId,
    algoClOrdId,
    clOrdId: '',
    ordId,
    instId: symbol,
    ordType: 'trigger',
    state,
    side,
    posSide: 'net',
    sz,
    triggerPx,
    triggerPxType: 'last',
    ordPx: orderPx,
    tdMode,
    reduceOnly: reduceOnly === true || reduceOnly === 'true' ? 'true' : 'false',
    actualSz: '0',
    failCode: state === 'order_failed' ? '51008' : '',
    cTime: String(createdAt),
    uTime: String(changedAt),
  }
}

function answer(algoId: string, algoClOrdId: string, sCode: string, sMsg: string): TriggerAnswer {
  return { algoId, algoClOrdId, sCode, sMsg }
}
