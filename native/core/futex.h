#pragma once

#include <cstddef>
#include <cstdint>

/**
 * Sleeping until a word in shared memory changes. On Linux with shared futexes, which the kernel identifies by the file behind
 * the memory, so all processes that map the file wait on the same word. Elsewhere by sleeping with back-off, from 20 µs to 1 ms.
 */
namespace ticktape::futex {

enum class Outcome { woken, changed, timeout };

struct Word {
  const uint32_t* at;
  uint32_t expected;
  /** Only this process waits on the word and wakes its waiters. */
  bool isPrivate = false;
};

/** The maximum number of words for `waitAny`. */
inline constexpr std::size_t kMaxWords = 128;
/** No timeout, in ns. */
inline constexpr int64_t kForever = -1;

/** Whether the kernel has futexes, and whether it can wait on several words in one call (FUTEX_WAITV, Linux 5.16). */
bool available();
bool waitvAvailable();

/** Sleeps while the word is `expected`, at most `timeout` ns. May return `woken` spuriously, as any futex. */
Outcome wait(const uint32_t* word, uint32_t expected, int64_t timeout);
/** Sleeps while all of the 1 to 128 words have their expected values. */
Outcome waitAny(const Word* words, std::size_t count, int64_t timeout);
/** Wakes all waiters of the word. Returns how many there were. */
int wake(const uint32_t* word, bool isPrivate = false);

}  // namespace ticktape::futex
