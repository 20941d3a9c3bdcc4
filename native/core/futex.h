#pragma once

#include <cstddef>
#include <cstdint>

/**
 * Sleeping until a word in shared memory changes. On Linux by futex: shared ones, which the kernel finds by the file behind
 * the memory, so every process that maps the file meets on the same word. Elsewhere by sleeping with back-off, from 20 µs to 1 ms.
 */
namespace ticktape::futex {

enum class Outcome { woken, changed, timeout };

struct Word {
  const uint32_t* at;
  uint32_t expected;
  /** Only this process waits on it and wakes it. */
  bool isPrivate = false;
};

/** The most words `waitAny` takes. */
inline constexpr std::size_t kMaxWords = 128;
/** A timeout that never comes, in ns. */
inline constexpr int64_t kForever = -1;

/** Whether the kernel does it, and whether one call waits on several words (FUTEX_WAITV, Linux 5.16). */
bool available();
bool waitvAvailable();

/** Sleeps while the word is `expected`, at most `timeout` ns. May say `woken` without cause, as any futex. */
Outcome wait(const uint32_t* word, uint32_t expected, int64_t timeout);
/** Sleeps while all of the words (1 to 128) are as expected. */
Outcome waitAny(const Word* words, std::size_t count, int64_t timeout);
/** Wakes all who wait on the word. Returns how many. */
int wake(const uint32_t* word, bool isPrivate = false);

}  // namespace ticktape::futex
