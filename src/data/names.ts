/** A name as SQL has it: BookTop is book_top, bidSize is bid_size. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
}

/** Gives names that differ, also without regard to case: the second `bid_size` is `bid_size_2`. */
export class UniqueNames {
  private readonly taken = new Set<string>()

  take(wanted: string): string {
    let name = wanted
    for (let n = 2; this.taken.has(name.toLowerCase()); n++) name = `${wanted}_${n}`
    this.taken.add(name.toLowerCase())
    return name
  }
}
