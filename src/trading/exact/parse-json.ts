/** A text, or a whole number of at least 16 digits outside of texts. */
const TEXT_OR_LONG_NUMBER = /"(?:[^"\\]|\\.)*"|-?\b\d{16,}\b(?![.eE])/g
const LONG_NUMBER = /\d{16}/

/**
 * As `JSON.parse`, but a whole number beyond 2^53 becomes its text: venues have ids that no double holds. All other
 * numbers are numbers.
 *
 * @throws {SyntaxError} when the text is no JSON.
 */
export function parseJson(text: string): unknown {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text)
  return JSON.parse(
    text.replace(TEXT_OR_LONG_NUMBER, part =>
      part[0] === '"' || Number.isSafeInteger(Number(part)) ? part : `"${part}"`,
    ),
  )
}
