/**
 * Order between plain loads and stores of mapped memory, where a processor would not keep it.
 *
 * x86-64 shows loads in order and stores in order, and JavaScript's compiler moves neither across the other; that is all the
 * protocols here rely on. arm64 may do both out of order: there a sequentially consistent store and load of a word that only this
 * thread has stand between them, for nothing that follows may pass the load, nothing before may fall behind the store, and the two
 * stay in order.
 */
const IN_ORDER = process.arch === 'x64'
const own = new Int32Array(1)

export function fence(): void {
  if (IN_ORDER) return
  Atomics.store(own, 0, 0)
  Atomics.load(own, 0)
}
