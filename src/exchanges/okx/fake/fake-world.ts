import { timingSafeEqual } from 'node:crypto'
import type { FakeExchange } from '../../fake/fake-exchange.js'
import type { FaultDraw } from '../../fake/fake-faults.js'
import type { FakeMarket } from '../../fake/fake-market.js'
import type { Fields } from '../../fields.js'
import { LOGIN_PATH, type OkxCredentials, signature } from '../signing.js'
import type { FakeOperations } from './fake-operations.js'
import type { FakeTriggers } from './fake-triggers.js'
import type { OkxOrders } from './okx-orders.js'

/** All parts of a fake OKX, for those that answer from them. */
export interface FakeWorld {
  readonly orders: OkxOrders
  /** Behind them. */
  readonly exchange: FakeExchange
  readonly triggers: FakeTriggers
  readonly operations: FakeOperations
  readonly draw: FaultDraw
  readonly credentials: OkxCredentials
  readonly market: () => FakeMarket
}

/** How old the time of a signature may be, ms. */
const OLDEST_MS = 30_000

/** Why a signed request is refused; undefined when it is not. */
export function requestRefusal(
  { key, secret, passphrase }: OkxCredentials,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  method: string,
  path: string,
  body: string,
): { readonly code: string; readonly msg: string } | undefined {
  const time = String(headers['ok-access-timestamp'] ?? '')
  if (headers['ok-access-key'] !== key.reveal()) return { code: '50111', msg: 'Invalid OK-ACCESS-KEY' }
  if (headers['ok-access-passphrase'] !== passphrase.reveal())
    return { code: '50105', msg: 'Invalid OK-ACCESS-PASSPHRASE' }
  if (!(Math.abs(Date.now() - Date.parse(time)) <= OLDEST_MS))
    return { code: '50102', msg: 'Timestamp request expired' }
  const wanted = signature(secret, time, method, path, body)
  return isSame(wanted, String(headers['ok-access-sign'])) ? undefined : { code: '50113', msg: 'Invalid Sign' }
}

/** Whether a login of a socket is accepted. */
export function isLogin({ key, secret, passphrase }: OkxCredentials, fields: Fields): boolean {
  const time = String(fields['timestamp'])
  return (
    fields['apiKey'] === key.reveal() &&
    fields['passphrase'] === passphrase.reveal() &&
    Math.abs(Date.now() - Number(time) * 1000) <= OLDEST_MS &&
    isSame(signature(secret, time, 'GET', LOGIN_PATH), String(fields['sign']))
  )
}

/** The balances, as the channel `account` and the answer to `balance` have them. */
export function accountRows({ exchange }: FakeWorld): readonly Fields[] {
  const uTime = String(Date.now())
  const details = Object.entries(exchange.balances).map(([ccy, cashBal]) => ({
    ccy,
    cashBal,
    availBal: cashBal,
    uTime,
  }))
  return [{ uTime, totalEq: '', details }]
}

/** The positions, as the channel `positions` and the answer to `positions` have them. */
export function positionRows({ exchange }: FakeWorld): readonly Fields[] {
  const uTime = String(Date.now())
  return [...exchange.positions].map(([instId, pos]) => ({
    instType: 'SWAP',
    instId,
    mgnMode: 'cross',
    posSide: 'net',
    pos,
    uTime,
  }))
}

function isSame(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)]
  return x.length === y.length && timingSafeEqual(x, y)
}
