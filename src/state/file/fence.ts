/**
 * Keeps plain loads and stores of mapped memory in order, on processors that may reorder them.
 *
 * x86-64 keeps loads in order and stores in order, and JavaScript's compiler moves neither across the other. The
 * protocols here need no more than that, so on x86-64 plain accesses are enough; `Atomics` would cost a locked
 * instruction (8 ns). arm64 may reorder both.
 */
const IN_ORDER = process.arch === 'x64'
const own = new Int32Array(1)

/**
 * No load or store after the fence takes effect before a load or store in front of it. One exception: on x86-64 a load
 * after the fence may be done before a store in front of it. On arm64 the fence is a sequentially consistent store and
 * load of a word that only this thread has: what comes before stays before the store, what comes after stays after the
 * load, and the two stay in order.
 */
export function fence(): void {
  if (IN_ORDER) return
  Atomics.store(own, 0, 0)
  Atomics.load(own, 0)
}

/** Stores a word. A process that sees it also sees everything that was stored before. */
export function storeRelease(words: Int32Array, index: number, value: number): void {
  if (IN_ORDER) words[index] = value
  else Atomics.store(words, index, value)
}
