import { epochOfHigh, strategyOfHigh } from '../../messages/order-id.js'

const PAGE_BITS = 10
const PAGE = 1 << PAGE_BITS

/**
 * Finds orders by their id. Ids are counters within a strategy's epoch, so a table of pages takes the place of a hash: two
 * loads find an order. A page is used again when its last order is removed.
 */
export class IdTable<Item> {
  private readonly strategies: (EpochTable<Item>[] | undefined)[] = []
  private readonly free: Page<Item>[] = []
  /** The table of the last call: most calls in a row are about one strategy. */
  private recent: EpochTable<Item> | undefined = undefined

  get(high: number, low: number): Item | undefined {
    return this.tableOf(high)?.get(low)
  }

  set(high: number, low: number, order: Item): void {
    const table = this.tableOf(high) ?? this.addTable(high)
    table.set(low, order, this.free)
  }

  delete(high: number, low: number): void {
    this.tableOf(high)?.delete(low, this.free)
  }

  /** Whether an id was in the table at some time, or is behind one that was. */
  wasUsed(high: number, low: number): boolean {
    const table = this.tableOf(high)
    return table !== undefined && low <= table.highest
  }

  /** Marks all ids up to this one as used. */
  use(high: number, low: number): void {
    const table = this.tableOf(high) ?? this.addTable(high)
    if (low > table.highest) table.highest = low
  }

  /** The highest counter of each high word. */
  *highest(): Generator<readonly [high: number, low: number]> {
    for (const tables of this.strategies) for (const { high, highest } of tables ?? []) yield [high, highest]
  }

  private tableOf(high: number): EpochTable<Item> | undefined {
    const { recent } = this
    if (recent !== undefined && recent.high === high) return recent
    const tables = this.strategies[strategyOfHigh(high)]
    if (tables === undefined) return undefined
    for (let i = tables.length - 1; i >= 0; i--) if (tables[i].high === high) return (this.recent = tables[i])
    return undefined
  }

  private addTable(high: number): EpochTable<Item> {
    const table = new EpochTable<Item>(high)
    const tables = (this.strategies[strategyOfHigh(high)] ??= [])
    tables.push(table)
    // The latest epoch is checked first.
    tables.sort((a, b) => epochOfHigh(a.high) - epochOfHigh(b.high))
    return table
  }
}

interface Page<Item> {
  readonly orders: (Item | undefined)[]
  count: number
}

class EpochTable<Item> {
  highest = 0
  private readonly pages = new Map<number, Page<Item>>()
  private recentNumber = -1
  private recent: Page<Item> | undefined = undefined

  constructor(readonly high: number) {}

  get(low: number): Item | undefined {
    return this.page(low >>> PAGE_BITS)?.orders[low & (PAGE - 1)]
  }

  set(low: number, order: Item, free: Page<Item>[]): void {
    const number = low >>> PAGE_BITS
    let page = this.page(number)
    if (page === undefined) {
      this.release(this.highest >>> PAGE_BITS, free)
      page = free.pop() ?? { orders: new Array<Item | undefined>(PAGE).fill(undefined), count: 0 }
      this.pages.set(number, page)
    }
    const at = low & (PAGE - 1)
    if (page.orders[at] === undefined) page.count++
    page.orders[at] = order
    if (low > this.highest) this.highest = low
  }

  delete(low: number, free: Page<Item>[]): void {
    const number = low >>> PAGE_BITS
    const page = this.page(number)
    const at = low & (PAGE - 1)
    if (page === undefined || page.orders[at] === undefined) return
    page.orders[at] = undefined
    page.count--
    // The page of the latest ids stays, because the next order comes into it.
    if (number !== this.highest >>> PAGE_BITS) this.release(number, free)
  }

  /** Takes a page out, if it is there and empty. */
  private release(number: number, free: Page<Item>[]): void {
    const page = this.page(number)
    if (page === undefined || page.count > 0) return
    this.pages.delete(number)
    this.recent = undefined
    free.push(page)
  }

  private page(number: number): Page<Item> | undefined {
    if (number === this.recentNumber && this.recent !== undefined) return this.recent
    const page = this.pages.get(number)
    if (page === undefined) return undefined
    this.recentNumber = number
    this.recent = page
    return page
  }
}
