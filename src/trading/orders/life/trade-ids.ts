/** The trade ids of one order's fills. Most orders have one or two, so a set is made only for the third. */
export class TradeIds {
  private first = ''
  private second = ''
  private more: Set<string> | undefined = undefined

  /** Adds an id, which is not empty. False when it was there. */
  add(id: string): boolean {
    if (id === this.first || id === this.second) return false
    if (this.first === '') this.first = id
    else if (this.second === '') this.second = id
    else {
      this.more ??= new Set()
      if (this.more.has(id)) return false
      this.more.add(id)
    }
    return true
  }

  has(id: string): boolean {
    return id === this.first || id === this.second || (this.more?.has(id) ?? false)
  }

  get size(): number {
    return this.first === '' ? 0 : this.second === '' ? 1 : 2 + (this.more?.size ?? 0)
  }

  /** In the order in which they were added. */
  toArray(): string[] {
    return [this.first, this.second, ...(this.more ?? [])].filter(id => id !== '')
  }

  clear(): void {
    this.first = ''
    this.second = ''
    this.more = undefined
  }
}
