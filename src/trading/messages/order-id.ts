/**
 * The id of an order: unique in a home permanently, also after power loss, because a strategy's epoch is never used again.
 *
 *     bits 63..52  the strategy's number, 1 to 4,095
 *     bits 51..32  the epoch of the strategy's process: it grows by one with each start
 *     bits 31..0   a counter within the epoch, from 1
 *
 * Inside the runtime an id is two numbers, `high` (strategy and epoch) and `low` (the counter), because reading a bigint
 * allocates.
 */
export const MAX_STRATEGY = 4095
export const MAX_EPOCH = 2 ** 20 - 1
export const MAX_COUNTER = 2 ** 32 - 1

/** The high word of the ids of one strategy in one epoch. */
export function idHigh(strategy: number, epoch: number): number {
  return ((strategy << 20) | epoch) >>> 0
}

export function strategyOfHigh(high: number): number {
  return high >>> 20
}

export function epochOfHigh(high: number): number {
  return high & MAX_EPOCH
}

/** The id as one number. Allocates that bigint and nothing else. */
export function orderIdFrom(high: number, low: number): bigint {
  words[0] = low
  words[1] = high
  return whole[0]
}

const words = new Uint32Array(2)
const whole = new BigUint64Array(words.buffer)

/** The two words of an id. */
export function idHalves(orderId: bigint): { readonly high: number; readonly low: number } {
  return { high: Number(orderId >> 32n), low: Number(orderId & 0xffffffffn) }
}

/** The number of the strategy that sent an order. */
export function strategyOfOrder(orderId: bigint): number {
  return Number(orderId >> 52n)
}

/**
 * The id that is sent to a venue: base 36 of the home's 40 random bits and of the order's id, letters and digits, 21
 * characters. Never the same for two orders of one account, whatever home they come from.
 *
 * @param home 40 random bits, drawn once when the home is created.
 */
export function clientOrderIdFor(home: bigint, orderId: bigint): string {
  return home.toString(36).padStart(HOME_DIGITS, '0') + orderId.toString(36).padStart(ID_DIGITS, '0')
}

/** The order's id in a client order id of this home; undefined for one of another home, or of a person. */
export function orderIdIn(clientOrderId: string, home: bigint): bigint | undefined {
  if (!/^[0-9a-z]{21}$/.test(clientOrderId)) return undefined
  if (clientOrderId.slice(0, HOME_DIGITS) !== home.toString(36).padStart(HOME_DIGITS, '0')) return undefined
  let orderId = 0n
  for (const digit of clientOrderId.slice(HOME_DIGITS)) orderId = orderId * 36n + BigInt(Number.parseInt(digit, 36))
  return orderId < 2n ** 64n ? orderId : undefined
}

/** Base-36 digits of 40 bits and of 64 bits. */
const HOME_DIGITS = 8
const ID_DIGITS = 13

/** What orders of one home are called at a venue. */
export class ClientOrderIds {
  /** @param home the home's 40 random bits. */
  constructor(private readonly home: bigint) {}

  /** The id to send: 21 letters and digits. */
  of(high: number, low: number): string {
    return clientOrderIdFor(this.home, orderIdFrom(high, low))
  }

  /** The order with a client order id; undefined when it is of another home, or of a person. */
  read(clientOrderId: string): { readonly high: number; readonly low: number } | undefined {
    const id = orderIdIn(clientOrderId, this.home)
    return id === undefined ? undefined : idHalves(id)
  }
}
