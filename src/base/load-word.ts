import { isBun } from './is-bun.js'

/**
 * Loads a word that other processes store to, as `Atomics.load` does, also from memory that is mapped read-only.
 *
 * Bun's engine, JavaScriptCore, compiles `Atomics.load` to an exchange of the word with itself (`lock cmpxchg`). That is a store, and the
 * system kills a process that stores to read-only memory; readers map pages read-only. So in Bun the word is loaded with an ordinary load,
 * followed by an atomic operation on a word of our own: neither the compiler nor the processor moves a later access before that operation.
 * See docs/decisions/0026-bun.md.
 */
export const loadWord: (words: Int32Array, index: number) => number = isBun ? loadWithoutStore : Atomics.load

const fence = new Int32Array(new SharedArrayBuffer(4))

function loadWithoutStore(words: Int32Array, index: number): number {
  const value = words[index]
  Atomics.load(fence, 0)
  return value
}
