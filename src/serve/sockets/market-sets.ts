import { type MarketSource, type MarketTable, type MarketValue, marketValueJson } from '../reading/market-table.js'
import type { Client } from './client.js'
import { socketFrame, TEXT } from './socket-frames.js'

/** At most this share of the time goes into ticks: after one that took long comes a longer pause. */
const SHARE = 1 / 2
/** Clients that are written to between two turns of the event loop. */
const SLICE = 500

/** The clients that follow the same symbols: what they get is made once. */
interface MarketSet {
  readonly key: string
  readonly symbols: readonly string[] | '*'
  readonly clients: Set<Client>
  values: readonly MarketValue[]
  /** The table that `values` is of, and how many instruments it had. */
  table: MarketTable | undefined
  lookedUp: number
  /** The table's version that the last tick has sent. */
  sent: number
}

/**
 * Market data by symbol, conflated: at each tick a client gets the latest values of those of its symbols that have changed. A
 * client that has not taken the last message yet gets none; later it gets all its symbols. So a slow client costs nothing, and
 * what a fast one gets does not depend on others.
 */
export class MarketSets {
  private readonly sets = new Map<string, MarketSet>()
  private readonly setOf = new Map<Client, MarketSet>()
  /** Clients that missed a tick: they get all their symbols. */
  private readonly behind = new Set<Client>()
  private readonly texts = new WeakMap<MarketValue, { readonly version: number; readonly text: string }>()
  private timer: NodeJS.Timeout | undefined = undefined
  private isClosed = false
  private reported = ''

  constructor(
    private readonly source: () => MarketSource,
    private readonly tickMs: number,
    private readonly onProblem: (error: unknown) => void,
  ) {
    this.schedule(tickMs)
  }

  /** The client follows these symbols, and no others from now on. It gets their values at once. */
  subscribe(client: Client, symbols: readonly string[] | '*'): void {
    this.unsubscribe(client)
    const sorted = symbols === '*' ? symbols : symbols.toSorted()
    const key = JSON.stringify(sorted)
    let set = this.sets.get(key)
    if (set === undefined) {
      set = {
        key,
        symbols: sorted,
        clients: new Set(),
        values: [],
        table: undefined,
        lookedUp: -1,
        sent: this.source().market.version,
      }
      this.sets.set(key, set)
    }
    set.clients.add(client)
    this.setOf.set(client, set)
    this.lookUp(set)
    client.write(this.messageOf(set.values))
  }

  unsubscribe(client: Client): void {
    const set = this.setOf.get(client)
    if (set === undefined) return
    this.setOf.delete(client)
    this.behind.delete(client)
    set.clients.delete(client)
    if (set.clients.size === 0) this.sets.delete(set.key)
  }

  close(): void {
    this.isClosed = true
    clearTimeout(this.timer)
  }

  private schedule(ms: number): void {
    if (this.isClosed) return
    this.timer = setTimeout(() => {
      const begin = performance.now()
      let ownMs = 0
      this.tick(spent => (ownMs += spent))
        .catch((error: unknown) => this.report(error))
        .finally(() => {
          const elapsedMs = performance.now() - begin
          this.schedule(Math.max(this.tickMs - elapsedMs, ownMs * (1 / SHARE - 1)))
        })
    }, ms)
  }

  /** The same error at each tick, such as a journal that cannot be read now, is reported once. */
  private report(error: unknown): void {
    if (String(error) === this.reported) return
    this.reported = String(error)
    this.onProblem(error)
  }

  /** @param spend is called with the time that was spent here, ms: not that in which others had their turn. */
  private async tick(spend: (ms: number) => void): Promise<void> {
    let written = 0
    let since = performance.now()
    for (const set of this.sets.values()) {
      this.lookUp(set)
      const { sent } = set
      set.sent = this.source().market.version
      const changed = set.values.filter(({ version }) => version > sent)
      const message = changed.length === 0 ? undefined : this.messageOf(changed)
      let all: Buffer | undefined
      for (const client of set.clients) {
        const missed = this.behind.has(client)
        if (message === undefined && !missed) continue
        if (client.unsent > 0) {
          this.behind.add(client)
          continue
        }
        if (missed) {
          all ??= this.messageOf(set.values)
          this.behind.delete(client)
          client.write(all)
        } else if (message !== undefined) client.write(message)
        if (++written % SLICE !== 0) continue
        spend(performance.now() - since)
        await new Promise(resolve => setImmediate(resolve))
        if (this.isClosed) return
        since = performance.now()
      }
    }
    spend(performance.now() - since)
  }

  /** Instruments appear while a desk runs. */
  private lookUp(set: MarketSet): void {
    const source = this.source()
    const { market } = source
    if (set.table === market && set.lookedUp === market.size) return
    // Another table begins when the sequence was opened again.
    if (set.table !== undefined && set.table !== market) set.sent = 0
    set.table = market
    set.lookedUp = market.size
    const { symbols } = set
    set.values = market.all.filter(value => symbols === '*' || symbols.some(symbol => source.isNamed(value, symbol)))
  }

  private messageOf(values: readonly MarketValue[]): Buffer {
    const texts = values.map(value => this.textOf(value))
    return socketFrame(`{"type":"market","position":${this.source().position},"values":[${texts.join()}]}`, TEXT)
  }

  /** Made once for all sets that have the symbol. */
  private textOf(value: MarketValue): string {
    const known = this.texts.get(value)
    if (known?.version === value.version) return known.text
    const text = JSON.stringify(marketValueJson(value, this.source().nameOf(value)))
    this.texts.set(value, { version: value.version, text })
    return text
  }
}
