import type { FaultDraw } from '../../fake/fake-faults.js'
import { isOpen } from '../../fake/fake-order.js'
import { RequestCount } from '../../fake/request-count.js'
import { type Fields, isFields, optionalField } from '../../fields.js'
import { type Answer, type OkxOrders, refusal } from './okx-orders.js'

/** The requests about orders, by their names on a socket: the same by REST. */
const OPERATIONS: Readonly<Record<string, 'place' | 'amend' | 'cancel'>> = {
  order: 'place',
  'batch-orders': 'place',
  'amend-order': 'amend',
  'batch-amend-orders': 'amend',
  'cancel-order': 'cancel',
  'batch-cancel-orders': 'cancel',
}

/** The most orders of one request. */
const MOST = 20

/** What OKX answers to a request about orders. */
export interface OperationAnswer {
  readonly code: string
  readonly msg: string
  readonly data: readonly Answer[]
}

/** Acts on requests about orders, with the limits of OKX: 60 in 2 s for each kind and instrument, 300 orders in batches. */
export class FakeOperations {
  private readonly single: RequestCount
  private readonly batches: RequestCount

  constructor(
    private readonly orders: OkxOrders,
    private readonly draw: FaultDraw,
    limit: number,
  ) {
    this.single = new RequestCount(limit, 2000)
    this.batches = new RequestCount(limit * 5, 2000)
  }

  /** @param expTime the request does not act after it, ms since 1970; undefined without. Undefined when there is no such request. */
  act(name: string, args: readonly Fields[], expTime: unknown): OperationAnswer | undefined {
    const kind = OPERATIONS[name]
    if (kind === undefined) return undefined
    if (args.length === 0 || args.length > MOST || !args.every(isFields))
      return { code: '60013', msg: 'Invalid args', data: [] }
    if (expTime !== undefined && kind !== 'cancel' && !(Date.now() <= Number(expTime)))
      return failed(args, '50036', "The expTime can't be earlier than the current system time.")
    const counter = name.startsWith('batch') ? this.batches : this.single
    if (!args.every(({ instId }) => counter.allows(`${name} ${String(instId)}`)))
      return failed(
        args,
        '50011',
        'Rate limit reached. Please refer to API documentation and throttle requests accordingly.',
      )
    const data = args.map(fields => {
      if (kind === 'cancel' && this.draw.happens('fillDuringCancel')) {
        const order = this.orders.find(fields)
        if (order !== undefined && isOpen(order)) this.orders.exchange.fillPart(order)
      }
      return this.orders[kind](fields)
    })
    const refused = data.filter(({ sCode }) => sCode !== '0').length
    return { code: refused === 0 ? '0' : refused === data.length ? '1' : '2', msg: '', data }
  }
}

function failed(args: readonly Fields[], code: string, msg: string): OperationAnswer {
  return { code, msg, data: args.map(fields => refusal('', optionalField(fields, 'clOrdId'), code, msg)) }
}
