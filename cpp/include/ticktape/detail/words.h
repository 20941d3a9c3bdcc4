#pragma once

#include <cstddef>
#include <cstdint>

/**
 * Loads and stores of words in mapped memory, which other processes change at any time. The mapping is not made of C++
 * objects, so std::atomic does not apply; the compiler's builtins give the same orderings on plain words.
 */
namespace ticktape {

inline uint32_t* wordAt(uint8_t* base, std::size_t offset) { return reinterpret_cast<uint32_t*>(base + offset); }
inline const uint32_t* wordAt(const uint8_t* base, std::size_t offset) {
  return reinterpret_cast<const uint32_t*>(base + offset);
}

inline uint32_t loadRelaxed(const uint32_t* word) { return __atomic_load_n(word, __ATOMIC_RELAXED); }
inline uint32_t loadAcquire(const uint32_t* word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }
inline void storeRelaxed(uint32_t* word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_RELAXED); }
inline void storeRelease(uint32_t* word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }
/** Sequentially consistent, as JavaScript's Atomics.store: for cursors on which sleepers wait. */
inline void storeOrdered(uint32_t* word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }

/** 64 bits in one load: the memory cannot change between the reads of its two halves. */
inline uint64_t loadLong(const uint8_t* at) {
  return __atomic_load_n(reinterpret_cast<const uint64_t*>(at), __ATOMIC_RELAXED);
}

/** The processor's pause instruction, for one iteration of a spin loop. */
inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("isb" ::: "memory");
#endif
}

}  // namespace ticktape
