/** Something that is wrong with a journal, or worth knowing, and where. */
export interface Finding {
  /** The file. */
  readonly path: string
  readonly page?: number
  /** The slot within the page. */
  readonly slot?: number
  readonly position?: number
  readonly what: string
}

/** Findings of one page, or of one journal, that are listed; more are counted. */
export const MOST_FINDINGS = 100

/** Findings as they come, however many a ruined file has. */
export class Findings {
  readonly list: Finding[] = []
  /** Not listed. */
  omitted = 0

  add(finding: Finding): void {
    if (this.list.length < MOST_FINDINGS) this.list.push(finding)
    else this.omitted++
  }

  get count(): number {
    return this.list.length + this.omitted
  }
}
