/** A value that two descriptions of a desk do not have in common. */
export interface DescriptionDifference {
  /** 'risk.maxPosition' */
  readonly what: string
  /** As JSON; undefined where there is none. */
  readonly before: string | undefined
  readonly after: string | undefined
}

/** Where two descriptions of a desk differ, in the order of their keys. */
export function descriptionDifferences(before: unknown, after: unknown): DescriptionDifference[] {
  const [old, fresh] = [leavesOf(before), leavesOf(after)]
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .filter(what => old.get(what) !== fresh.get(what))
    .map(what => ({ what, before: old.get(what), after: fresh.get(what) }))
}

/** 'risk.maxPosition: 1 -> 2' */
export function differenceText({ what, before = 'none', after = 'none' }: DescriptionDifference): string {
  return `${what}: ${before} -> ${after}`
}

function leavesOf(value: unknown, where = '', leaves = new Map<string, string>()): Map<string, string> {
  const isGroup = typeof value === 'object' && value !== null && Object.keys(value).length > 0
  if (!isGroup) {
    if (value !== undefined) leaves.set(where, JSON.stringify(value))
    return leaves
  }
  for (const [name, one] of Object.entries(value)) {
    const part = Array.isArray(value) ? `[${name}]` : where === '' ? name : `.${name}`
    leavesOf(one, where + part, leaves)
  }
  return leaves
}
