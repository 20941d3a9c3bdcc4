/** A problem of a journal, or a fact worth knowing, with its location. */
export interface Finding {
  /** The file. */
  readonly path: string
  readonly page?: number
  /** The slot within the page. */
  readonly slot?: number
  readonly position?: number
  readonly what: string
}

/** How many findings of one page, or of one journal, are listed; the others are only counted. */
export const MOST_FINDINGS = 100

/** Collects findings, with a limit, because a damaged file can have very many. */
export class Findings {
  readonly list: Finding[] = []
  /** The number of findings that are not listed. */
  omitted = 0

  add(finding: Finding): void {
    if (this.list.length < MOST_FINDINGS) this.list.push(finding)
    else this.omitted++
  }

  get count(): number {
    return this.list.length + this.omitted
  }
}
