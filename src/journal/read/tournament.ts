/** The high word of a time that no frame has: there is no next frame. */
const NEVER = 0xffffffff

/**
 * Which of several journals has the earliest next frame. A tournament tree (Knuth, The Art of Computer Programming 3, 5.4.1): each node
 * has the winner of its two children, so a journal whose next frame has changed plays one game on each level. The times are kept here,
 * because those in the journals are each in memory of their own.
 *
 * Of the same time, the journal with the lower index is first.
 */
export class Tournament {
  private readonly size: number
  private readonly high: Uint32Array
  private readonly low: Uint32Array
  /** By node, from the root at 1: the winner's index. The leaves are from `size` on. */
  private readonly winners: Int32Array

  constructor(count: number) {
    let size = 1
    while (size < count) size *= 2
    this.size = size
    this.high = new Uint32Array(size).fill(NEVER)
    this.low = new Uint32Array(size)
    this.winners = new Int32Array(2 * size)
    for (let i = 0; i < size; i++) this.winners[size + i] = i
    for (let node = size - 1; node >= 1; node--) this.winners[node] = this.winners[2 * node]
  }

  /** The index of the journal whose next frame is the earliest; -1 when none has one. */
  get first(): number {
    const winner = this.winners[1]
    return this.high[winner] === NEVER ? -1 : winner
  }

  has(index: number): boolean {
    return this.high[index] !== NEVER
  }

  /** The next frame of a journal has this time: its words, without sign. */
  set(index: number, high: number, low: number): void {
    this.high[index] = high
    this.low[index] = low
    this.play(index)
  }

  /** A journal has no next frame now. */
  remove(index: number): void {
    this.high[index] = NEVER
    this.play(index)
  }

  private play(index: number): void {
    const { winners, high, low } = this
    for (let node = (this.size + index) >> 1; node >= 1; node >>= 1) {
      const left = winners[2 * node]
      const right = winners[2 * node + 1]
      const isRight = high[right] < high[left] || (high[right] === high[left] && low[right] < low[left])
      const winner = isRight ? right : left
      // Above, everything is as it was: the journal neither wins nor has won before.
      if (winner === winners[node] && winner !== index) return
      winners[node] = winner
    }
  }
}
