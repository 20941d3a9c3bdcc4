import { type Fields, filledField, listField, optionalField, textField } from '../fields.js'

/** A position: in the channel `positions`, and in the answer to `positions`. Below 0: short. */
export interface OkxPosition {
  readonly symbol: string
  readonly quantity: string
  /** 'net', or 'long' and 'short' in an account that keeps both sides. */
  readonly side: string
}

export interface OkxBalance {
  readonly currency: string
  readonly amount: string
}

/** @throws {VenueMessageError} */
export function readPosition(fields: Fields): OkxPosition {
  const side = textField(fields, 'posSide')
  const quantity = filledField(fields, 'pos')
  // The short side of such an account counts from 0 upwards.
  const isNegated = side === 'short' && !quantity.startsWith('-') && Number(quantity) !== 0
  return { symbol: filledField(fields, 'instId'), quantity: isNegated ? `-${quantity}` : quantity, side }
}

/** The balances of a message of `account`, or of the answer to `balance`. @throws {VenueMessageError} */
export function readBalances(message: Fields): readonly OkxBalance[] {
  return listField(message, 'data').flatMap(account =>
    listField(account, 'details').map(fields => ({
      currency: filledField(fields, 'ccy'),
      amount: optionalField(fields, 'cashBal') || '0',
    })),
  )
}
