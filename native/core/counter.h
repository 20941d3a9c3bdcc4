#pragma once

#include <cstdint>

#include "clock.h"
#include "counter_clock.h"
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

/** The processor's own counter of time, where it can be relied on. */
namespace ticktape::counter {

#if defined(__x86_64__)
/** The processor may execute it before what comes earlier in the program, or after what comes later: some 10 ns, 50 at worst. */
inline uint64_t read() { return __rdtsc(); }
/** After all that comes earlier, before all that comes later. */
inline uint64_t readOrdered() {
  _mm_lfence();
  const uint64_t ticks = __rdtsc();
  _mm_lfence();
  return ticks;
}
#else
inline uint64_t read() { return 0; }
inline uint64_t readOrdered() { return 0; }
#endif

/** Why this process does not use the counter; null while it does. The first call finds out. */
const char* whyNot();
/** From now on no thread of the process uses it. `why` must stay. */
void giveUp(const char* why);

struct Source {
  uint64_t counter() const { return read(); }
  uint64_t orderedCounter() const { return readOrdered(); }
  int64_t system() const { return clock::now(); }
  bool usable() const { return whyNot() == nullptr; }
  void giveUp(const char* why) const { counter::giveUp(why); }
};

using Clock = CounterClock<Source>;

}  // namespace ticktape::counter
