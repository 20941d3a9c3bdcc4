import { timingSafeEqual } from 'node:crypto'
import { decimalText, readDecimal } from '../../../trading/exact/decimal.js'
import type { FaultDraw } from '../../fake/fake-faults.js'
import type { FakeMarket } from '../../fake/fake-market.js'
import type { Fields } from '../../fields.js'
import type { BybitTraded } from '../endpoints.js'
import { authText, type BybitCredentials, signature } from '../signing.js'
import type { BybitOrders } from './bybit-orders.js'
import type { FakeOperations } from './fake-operations.js'

export type Protection = 'begun' | 'ended' | 'lost'

/** All parts of a fake Bybit, for those that answer from them. */
export interface FakeWorld {
  readonly orders: Readonly<Record<BybitTraded, BybitOrders>>
  readonly operations: FakeOperations
  readonly draw: FaultDraw
  readonly credentials: BybitCredentials
  readonly market: (category: BybitTraded) => FakeMarket
  /** The numbers of messages of a topic of a book, with the symbol. */
  readonly numbers: Readonly<Record<BybitTraded, Map<string, number>>>
  /** A socket has begun to watch for the end of its connection, does so no more, or its connection is lost. */
  readonly protect: (category: BybitTraded, change: Protection) => void
}

/** Whether a request is signed as it must be. @param content its query or its body. */
export function isSigned(
  { key, secret }: BybitCredentials,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  content: string,
): boolean {
  const { 'x-bapi-timestamp': time, 'x-bapi-recv-window': window, 'x-bapi-sign': sign } = headers
  return (
    headers['x-bapi-api-key'] === key.reveal() &&
    isSame(signature(secret, `${String(time)}${key.reveal()}${String(window)}${content}`), String(sign))
  )
}

/** Whether the authentication of a socket is accepted. @param args of its message. */
export function isAuthentic({ key, secret }: BybitCredentials, args: readonly unknown[]): boolean {
  const [name, expires, sign] = args
  return (
    name === key.reveal() &&
    typeof expires === 'number' &&
    expires > Date.now() &&
    isSame(signature(secret, authText(expires)), String(sign))
  )
}

/** The account with its balances, as the topic `wallet` and the answer to `wallet-balance` have it. */
export function walletRow({ orders }: FakeWorld): Fields {
  // Both categories have begun with the same: it is one account.
  const [spot, linear] = [orders.spot.exchange.balances, orders.linear.exchange.balances]
  const coin = Object.entries(spot).map(([name, amount]) => {
    const walletBalance = sumOf(amount, linear[name] ?? '0', -1n, orders.linear.startBalances[name] ?? '0')
    return { coin: name, walletBalance, equity: walletBalance, locked: '0', borrowAmount: '0', unrealisedPnl: '0' }
  })
  return { accountType: 'UNIFIED', totalEquity: '', coin }
}

/** The positions, as the topic `position` and the answer to `position/list` have them. */
export function positionRows({ orders }: FakeWorld): readonly Fields[] {
  const updatedTime = String(Date.now())
  return [...orders.linear.exchange.positions].map(([symbol, quantity]) => {
    const size = quantity.replace('-', '')
    const side = Number(size) === 0 ? '' : quantity.startsWith('-') ? 'Sell' : 'Buy'
    return { category: 'linear', symbol, side, size, positionIdx: 0, positionStatus: 'Normal', updatedTime }
  })
}

/** a + b + sign × c, exactly. */
function sumOf(a: string, b: string, sign: bigint, c: string): string {
  const parts = [a, b, c].map(text => readDecimal(text) ?? { numerator: 0n, decimals: 0 })
  const decimals = Math.max(...parts.map(part => part.decimals))
  const [x, y, z] = parts.map(part => part.numerator * 10n ** BigInt(decimals - part.decimals))
  return decimalText(x + y + sign * z, decimals)
}

function isSame(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)]
  return x.length === y.length && timingSafeEqual(x, y)
}
