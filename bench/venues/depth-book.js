// A book that changes as those of busy instruments do: its best prices move now and then, and each change is of some levels near them.
/** Ticks of 0.1 in the best bid at first. */
const FIRST = 600_000
/** A change in so many moves the best prices by a tick. */
const MOVES = 10
/** Levels of a change beside the best ones. */
const OTHERS = 4

const priceOf = ticks => `${Math.floor(ticks / 10)}.${ticks % 10}`

const sorted = (side, direction) =>
  [...side].toSorted(([a], [b]) => (a - b) * direction).map(([ticks, size]) => [priceOf(ticks), size])

export class DepthBook {
  /** Changes until now. */
  number = 0
  #top = FIRST
  #state = 1
  #bids = new Map()
  #asks = new Map()

  /** @param levels of each side. */
  constructor(levels) {
    this.levels = levels
    for (let i = 0; i < levels; i++) {
      this.#bids.set(this.#top - i, '1.5')
      this.#asks.set(this.#top + 1 + i, '1.5')
    }
  }

  /** All levels of both sides, the best first. */
  get whole() {
    return { bids: sorted(this.#bids, -1), asks: sorted(this.#asks, 1) }
  }

  /**
   * The next change. The size of the best bid is the time at which it is sent, in µs of the monotonic clock, and that of the best ask its number.
   */
  change() {
    const { levels } = this
    const [bids, asks] = [new Map(), new Map()]
    this.number++
    if (this.number % MOVES === 0) {
      if (this.#random() < 0.5) {
        asks.set(this.#top + 1, '0').set(this.#top + 1 + levels, '1.5')
        bids.set(this.#top + 1 - levels, '0')
        this.#top++
      } else {
        bids.set(this.#top, '0').set(this.#top - levels, '1.5')
        asks.set(this.#top + levels, '0')
        this.#top--
      }
    }
    for (let i = 0; i < OTHERS; i++) {
      const depth = 1 + Math.floor(this.#random() * this.#random() * (levels - 2))
      bids.set(this.#top - depth, (this.#random() * 9 + 0.001).toFixed(5))
      asks.set(this.#top + 1 + depth, (this.#random() * 9 + 0.001).toFixed(5))
    }
    bids.set(this.#top, String(process.hrtime.bigint() / 1000n))
    asks.set(this.#top + 1, String(this.number))
    return { bids: this.#apply(this.#bids, bids), asks: this.#apply(this.#asks, asks) }
  }

  #apply(side, changes) {
    const texts = []
    for (const [ticks, size] of changes) {
      if (size === '0') side.delete(ticks)
      else side.set(ticks, size)
      texts.push([priceOf(ticks), size])
    }
    return texts
  }

  /** The same in each run. */
  #random() {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return this.#state / 2 ** 32
  }
}
