/**
 * Order between plain loads and stores of mapped memory, where a processor would not keep it.
 *
 * x86-64 shows loads in order and stores in order, and JavaScript's compiler moves neither across the other; that is all the
 * protocols here rely on, and there plain accesses do where `Atomics` would cost a locked instruction (8 ns). arm64 may do both out of
 * order.
 */
const IN_ORDER = process.arch === 'x64'
const own = new Int32Array(1)

/**
 * No load or store after it is seen before one that stands before it; but for a load that follows a store, which x86-64 may do first.
 * On arm64 a sequentially consistent store and load of a word that only this thread has: nothing before falls behind the store, nothing
 * after passes the load, and the two stay in order.
 */
export function fence(): void {
  if (IN_ORDER) return
  Atomics.store(own, 0, 0)
  Atomics.load(own, 0)
}

/** Stores a word that vouches for what was stored before. */
export function storeRelease(words: Int32Array, index: number, value: number): void {
  if (IN_ORDER) words[index] = value
  else Atomics.store(words, index, value)
}
