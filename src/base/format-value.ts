/** A value as an error message shows it: short, and never a failure of its own, whatever the value is. */
export function formatValue(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
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

/** As `shown`, and of an object what is in it: a misspelt key is best seen. */
export function formatContents(value: unknown): string {
  if (typeof value !== 'object' || value === null) return formatValue(value)
  try {
    const text = JSON.stringify(value, (_, part: unknown) => (hasJson(part) ? part : formatValue(part)))
    if (text.length <= 120) return text
  } catch {
    // A circle, or a getter that throws: then it is not shown.
  }
  return formatValue(value)
}

function hasJson(value: unknown): boolean {
  return typeof value === 'object' || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)
}
