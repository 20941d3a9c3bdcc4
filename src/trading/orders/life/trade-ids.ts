/**
 * The trade ids of one order's fills. Most orders have one or two, so a set is made only for the third. An id that is a number is
 * the same as its text, and needs none.
 */
export class TradeIds {
  /** Ids that came as numbers, which are above 0. */
  firstNumber = 0
  secondNumber = 0
  private first = ''
  private second = ''
  private more: Set<string> | undefined = undefined

  /** Adds an id, which is not empty. False when it was there. */
  add(id: string): boolean {
    if (this.has(id)) return false
    if (this.first === '') this.first = id
    else if (this.second === '') this.second = id
    else (this.more ??= new Set()).add(id)
    return true
  }

  /** The same for an id that is a whole number above 0. */
  addNumber(id: number): boolean {
    if (id === this.firstNumber || id === this.secondNumber) return false
    if (this.first !== '' || this.secondNumber !== 0) return this.add(String(id))
    if (this.firstNumber === 0) this.firstNumber = id
    else this.secondNumber = id
    return true
  }

  has(id: string): boolean {
    if (id === this.first || id === this.second || this.more?.has(id) === true) return true
    return this.firstNumber !== 0 && (id === String(this.firstNumber) || id === String(this.secondNumber))
  }

  /** Whether all of them came as numbers, of which there are two at most. */
  get arePlain(): boolean {
    return this.first === ''
  }

  get size(): number {
    const numbers = this.firstNumber === 0 ? 0 : this.secondNumber === 0 ? 1 : 2
    const texts = this.first === '' ? 0 : this.second === '' ? 1 : 2 + (this.more?.size ?? 0)
    return numbers + texts
  }

  /** In the order in which they were added. */
  toArray(): string[] {
    const numbers = [this.firstNumber, this.secondNumber].filter(id => id !== 0).map(String)
    return [...numbers, this.first, this.second, ...(this.more ?? [])].filter(id => id !== '')
  }

  /** All of them as they came. */
  save(): (string | number)[] {
    const numbers = [this.firstNumber, this.secondNumber].filter(id => id !== 0)
    return [...numbers, ...[this.first, this.second, ...(this.more ?? [])].filter(id => id !== '')]
  }

  load(ids: readonly (string | number)[]): void {
    for (const id of ids)
      if (typeof id === 'number') this.addNumber(id)
      else this.add(id)
  }

  clear(): void {
    this.firstNumber = 0
    this.secondNumber = 0
    this.first = ''
    this.second = ''
    this.more = undefined
  }
}
