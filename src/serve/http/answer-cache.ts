/** How long an answer is used again, ms: many clients that ask for the same at once cost as much as one. */
const FRESH_MS = 100
/** Answers that are kept at most. */
const MOST = 256
/** Bytes of an answer that is kept at most. */
const MOST_BYTES = 1 << 20

interface Kept {
  readonly at: number
  readonly body: Promise<Buffer>
}

/** The last answers by the URLs of their requests. */
export class AnswerCache {
  private readonly kept = new Map<string, Kept>()

  /** The answer of `make`, or the one that was made for the same URL a moment ago. An error is not kept. */
  get(url: string, make: () => Promise<Buffer>): Promise<Buffer> {
    const now = performance.now()
    const known = this.kept.get(url)
    if (known !== undefined && now - known.at < FRESH_MS) return known.body
    const body = make()
    this.kept.delete(url)
    this.kept.set(url, { at: now, body })
    if (this.kept.size > MOST) this.kept.delete(this.kept.keys().next().value as string)
    const forget = (): void => {
      if (this.kept.get(url)?.body === body) this.kept.delete(url)
    }
    const check = async (): Promise<void> => {
      if ((await body).length > MOST_BYTES) forget()
    }
    check().catch(forget)
    return body
  }
}
