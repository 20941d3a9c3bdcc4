import type { ClientOrderIds } from '../../trading/messages/order-id.js'
import type { OwnId } from '../order-events.js'

export const CLIENT_ID_FORMS = ['letters', 'uuid', 'hex'] as const

/** 'letters': 21 letters and digits; 'uuid': a UUID; 'hex': '0x' and 32 hexadecimal digits. */
export type ClientIdForm = (typeof CLIENT_ID_FORMS)[number]

/** Exchanges that take no 21 letters and digits. */
const KNOWN: Readonly<Record<string, ClientIdForm>> = { kraken: 'uuid', hyperliquid: 'hex' }

export function clientIdForm(exchange: string): ClientIdForm {
  return KNOWN[exchange] ?? 'letters'
}

const LETTERS = 21
/** 36^21 is less than 2^112. */
const HEX_DIGITS = 28
const UUID = /^([0-9a-f]{8})-([0-9a-f]{4})-4([0-9a-f]{3})-8([0-9a-f]{3})-([0-9a-f]{12})$/

/** Client order ids in the form that an exchange takes. Each form holds the same number: none is lost, and all are read back. */
export class FormedClientIds {
  constructor(
    private readonly ids: ClientOrderIds,
    private readonly form: ClientIdForm,
  ) {}

  /** The id to send. */
  of(high: number, low: number): string {
    const letters = this.ids.of(high, low)
    if (this.form === 'letters') return letters
    const hex = numberIn(letters).toString(16).padStart(HEX_DIGITS, '0')
    if (this.form === 'hex') return `0x${hex.padStart(32, '0')}`
    // 30 digits of a UUID of version 4 are free: version and variant have one each.
    const free = hex.padStart(30, '0')
    return `${free.slice(0, 8)}-${free.slice(8, 12)}-4${free.slice(12, 15)}-8${free.slice(15, 18)}-${free.slice(18)}`
  }

  /** As `ClientOrderIds` writes it; '' for one that is not ours. */
  lettersOf(text: string): string {
    const letters = this.form === 'letters' ? text : this.unformed(text)
    return letters !== undefined && this.ids.read(letters) !== undefined ? letters : ''
  }

  /** The order with a client id; undefined when it is not ours. */
  read(text: string): OwnId | undefined {
    return this.ids.read(this.lettersOf(text))
  }

  private unformed(text: string): string | undefined {
    const lower = text.toLowerCase()
    const hex = this.form === 'hex' ? /^0x([0-9a-f]{32})$/.exec(lower)?.[1] : UUID.exec(lower)?.slice(1).join('')
    if (hex === undefined) return undefined
    return BigInt(`0x${hex}`).toString(36).padStart(LETTERS, '0')
  }
}

function numberIn(letters: string): bigint {
  let number = 0n
  for (const digit of letters) number = number * 36n + BigInt(Number.parseInt(digit, 36))
  return number
}
