/** Formats a value for an error message: short, and without throwing for any value. */
export function formatValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}\u2026` : value)
    case 'bigint':
      return `${value}n`
    case 'function':
      return 'a function'
    case 'object': {
      if (value === null) return 'null'
      if (value instanceof Uint8Array) return 'a Uint8Array'
      return Array.isArray(value) ? 'an array' : 'an object'
    }
    default:
      return String(value)
  }
}

/** As `formatValue`, but with the contents of an object, so that a misspelt key is visible. */
export function formatContents(value: unknown): string {
  if (typeof value !== 'object' || value === null) return formatValue(value)
  try {
    const text = JSON.stringify(value, (_, part: unknown) => (hasJson(part) ? part : formatValue(part)))
    if (text.length <= 120) return text
  } catch {
    // A circular object, or a getter that throws: the contents are not shown.
  }
  return formatValue(value)
}

function hasJson(value: unknown): boolean {
  return typeof value === 'object' || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
}
