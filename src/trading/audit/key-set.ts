/**
 * A set of 64-bit keys, each given as two halves of 32 bits. It needs 12 to 24 bytes for each, so that there may be many millions; a Set of
 * bigints or texts needs several times as much, and ends at 16 million.
 */
export class KeySet {
  private size = 0
  private mask: number
  /** Two words for each place; both 0: nothing is there. */
  private words: Uint32Array

  /** @param room the number of places to begin with: a power of two. */
  constructor(room = 1024) {
    this.mask = room - 1
    this.words = new Uint32Array(2 * room)
  }

  /** Returns whether the key is new. */
  add(high: number, low: number): boolean {
    const at = this.placeOf(high, low)
    const { words } = this
    if (words[at] !== 0 || words[at + 1] !== 0) return false
    words[at] = high
    // No key is 0: that of a hash may be, once in 2^64 times, and is 1 then.
    words[at + 1] = high === 0 && low === 0 ? 1 : low
    if (++this.size * 3 > 2 * (this.mask + 1)) this.grow()
    return true
  }

  has(high: number, low: number): boolean {
    const at = this.placeOf(high, low)
    return this.words[at] !== 0 || this.words[at + 1] !== 0
  }

  /** Adds a text by its hash. Returns whether it is new: of ten million texts two have the same hash once in 300,000 times. */
  addText(text: string): boolean {
    let [a, b] = [0x9e3779b9, 0x85ebca6b]
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      a = Math.imul(a ^ code, 0x01000193)
      b = mixed(b + code + i)
    }
    return this.add(mixed(a ^ b) >>> 0, mixed(b + Math.imul(a, 0xc2b2ae35)) >>> 0)
  }

  /** The place of a key, or the free one where it would be. */
  private placeOf(high: number, low: number): number {
    const { words, mask } = this
    const wanted = high === 0 && low === 0 ? 1 : low
    for (let place = mixed(high ^ Math.imul(wanted, 0x9e3779b1)) & mask; ; place = (place + 1) & mask) {
      const at = 2 * place
      if (words[at] === high >>> 0 && words[at + 1] === wanted >>> 0) return at
      if (words[at] === 0 && words[at + 1] === 0) return at
    }
  }

  private grow(): void {
    const { words } = this
    this.mask = 2 * this.mask + 1
    this.words = new Uint32Array(2 * words.length)
    for (let at = 0; at < words.length; at += 2) {
      if (words[at] === 0 && words[at + 1] === 0) continue
      const to = this.placeOf(words[at], words[at + 1])
      this.words[to] = words[at]
      this.words[to + 1] = words[at + 1]
    }
  }
}

/** Spreads the bits of a word: the last steps of MurmurHash3. */
function mixed(word: number): number {
  let h = word | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
