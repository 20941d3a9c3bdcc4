import { formatValue } from '../base/format-value.js'
import { VenueMessageError } from './errors.js'

/** An object of a venue's JSON whose fields were not checked yet. */
export type Fields = Readonly<Record<string, unknown>>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The JSON object of a message; undefined when it is something else.
 *
 * @param parse JSON.parse, or one that keeps numbers exact.
 */
export function fieldsIn(text: string, parse: (text: string) => unknown = JSON.parse): Fields | undefined {
  let value: unknown
  try {
    value = parse(text)
  } catch {
    return undefined
  }
  return isFields(value) ? value : undefined
}

/** A field that must be text. @throws {VenueMessageError} */
export function textField(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value === 'string') return value
  throw new VenueMessageError(`a message of the venue has '${name}' ${formatValue(value)}, which is no text`)
}

/** A field that is text, or '' when it is not there. @throws {VenueMessageError} */
export function optionalField(fields: Fields, name: string): string {
  const value = fields[name]
  return value === undefined || value === null ? '' : textField(fields, name)
}

/** A field that must be text and not empty. @throws {VenueMessageError} */
export function filledField(fields: Fields, name: string): string {
  const value = textField(fields, name)
  if (value !== '') return value
  throw new VenueMessageError(`a message of the venue has an empty '${name}'`)
}

/** ms since 1970 in a field of text. @throws {VenueMessageError} */
export function timeField(fields: Fields, name: string): number {
  const value = textField(fields, name)
  if (/^\d{1,15}$/.test(value)) return Number(value)
  throw new VenueMessageError(`a message of the venue has '${name}' ${formatValue(value)}, which is no time in ms`)
}

/** The objects of a list. @throws {VenueMessageError} */
export function listField(fields: Fields, name: string): readonly Fields[] {
  const value = fields[name]
  if (Array.isArray(value) && value.every(isFields)) return value
  throw new VenueMessageError(`a message of the venue has '${name}' ${formatValue(value)}, which is no list of objects`)
}
