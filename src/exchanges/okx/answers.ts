import { type Reason, reasonCode } from '../../trading/messages/reasons.js'

/**
 * Codes that say nothing about whether a request was done: service or matching was busy, or it timed out, or an order of this
 * client id is there already. Nothing is concluded from them; the venue is asked.
 */
const UNCERTAIN: ReadonlySet<string> = new Set(['50001', '50004', '50013', '50026', '51016', '51068', '51149'])

export function isUncertain(code: string): boolean {
  return UNCERTAIN.has(code)
}

/** Whether an answer to a question about an order says that there is none. */
export function isNotFound(code: string): boolean {
  return code === '51603'
}

/** Why a request was refused: an index into REASONS. */
export function refusalReason(code: string): number {
  return REFUSALS.get(code) ?? reasonCode('venue-rejected')
}

const REASON_CODES: Readonly<Partial<Record<Reason, readonly string[]>>> = {
  'rate-limited-by-venue': ['50011', '50061', '60014'],
  'too-late': ['50036'],
  'insufficient-balance': ['51008', '51127', '51131', '51502'],
  'insufficient-margin': ['51119', '59200'],
  'order-too-small': ['51020', '51120'],
  'order-too-large': ['51101', '51202', '51203', '51103'],
  'price-band': ['51136', '51137', '51138', '51139', '51116', '51112'],
  'price-tick': ['51006'],
  'quantity-step': ['51121'],
  'reduce-only': ['51169', '51170', '51205'],
  'not-tradable': ['51021', '51022', '51023', '51027', '51028', '51030'],
  'no-market': ['51117'],
  'unknown-order': ['51503', '51603'],
  'order-is-final': ['51400', '51401', '51402', '51405', '51410', '51509', '51510'],
}

const REFUSALS: ReadonlyMap<string, number> = new Map(
  Object.entries(REASON_CODES).flatMap(([reason, codes]) =>
    codes.map(code => [code, reasonCode(reason as Reason)] as const),
  ),
)
