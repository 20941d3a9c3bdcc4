/** A value as an error message shows it: short, and never a failure of its own, whatever the value is. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case 'string': return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
    case 'bigint': return `${value}n`
    case 'function': return 'a function'
    case 'object': {
      if (value === null) return 'null'
      if (value instanceof Uint8Array) return 'a Uint8Array'
      return Array.isArray(value) ? 'an array' : 'an object'
    }
    default: return String(value)
  }
}
