const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
] as const

/** A duration in ms as text: 5400000 as '1.5 h'. */
export function formatAge(ms: number): string {
  for (const [unit, size] of UNITS) {
    const value = ms / size
    if (value >= 1) return `${value >= 10 ? Math.round(value) : Number(value.toFixed(1))} ${unit}`
  }
  return `${Math.round(ms)} ms`
}
