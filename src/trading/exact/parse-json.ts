/** A text or a number of JSON. */
const TEXT_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g
const LONG_NUMBER = /\d{16}/
const LONG_WHOLE_NUMBER = /^-?\d{16,}$/

/**
 * As `JSON.parse`, but a whole number beyond 2^53 becomes its text: venues have ids that no double holds. All other
 * numbers are numbers.
 *
 * @throws {SyntaxError} when the text is no JSON.
 */
export function parseJson(text: string): unknown {
  return JSON.parse(LONG_NUMBER.test(text) ? text.replace(TEXT_OR_NUMBER, quotedIfLong) : text)
}

function quotedIfLong(part: string): string {
  return LONG_WHOLE_NUMBER.test(part) && !Number.isSafeInteger(Number(part)) ? `"${part}"` : part
}
