/** How long the answers to subscriptions may take, ms. */
const ANSWER_MS = 10_000

export interface SubscriptionsOptions {
  /** What was not received, for people, and for how many ms. */
  readonly onGap: (what: string, missingMs?: number) => void
  /** The connection works: the next delay is a short one again. */
  readonly onBack: () => void
}

/**
 * The subscriptions of a public connection, and what is said of its loss: once when it is lost, and once when it is back. It is back when
 * each subscription is answered and there are data: until then anything may be missing, from then on nothing is.
 */
export class Subscriptions {
  /** Those that the venue has not answered yet. */
  private readonly open = new Set<string>()
  private deadline: NodeJS.Timeout | undefined = undefined
  private hasData = false
  /** performance.now() of the loss of the connection; undefined while there is one. */
  private lostAt: number | undefined = undefined

  constructor(private readonly options: SubscriptionsOptions) {}

  /** A connection is made. @param names of the subscriptions that it needs, as their answers name them. */
  begin(names: Iterable<string>): void {
    this.end()
    for (const name of names) this.open.add(name)
    this.deadline = setTimeout(() => this.giveUp(), ANSWER_MS)
  }

  answered(name: string): void {
    if (!this.open.delete(name) || this.open.size > 0) return
    clearTimeout(this.deadline)
    this.look()
  }

  /** Data have come. */
  heard(): void {
    this.hasData = true
    if (this.lostAt !== undefined) this.look()
  }

  /** @param since performance.now() from which on data may be missing. */
  lose(why: string, since: number): void {
    this.end()
    if (this.lostAt !== undefined) return
    this.lostAt = since
    this.options.onGap(`the connection is lost: ${why}`, performance.now() - since)
  }

  end(): void {
    clearTimeout(this.deadline)
    this.open.clear()
    this.hasData = false
  }

  private look(): void {
    if (this.lostAt === undefined || !this.hasData || this.open.size > 0) return
    const ms = performance.now() - this.lostAt
    this.lostAt = undefined
    const { onBack, onGap } = this.options
    onBack()
    onGap(`the connection is back after ${(ms / 1000).toFixed(1)} s; what happened meanwhile is missing`, ms)
  }

  /** The others may be followed all the same. */
  private giveUp(): void {
    const { size } = this.open
    const [first] = this.open
    this.open.clear()
    this.options.onGap(`${size} subscriptions are not answered, the first of them ${first}: their data may be missing`)
    this.look()
  }
}
