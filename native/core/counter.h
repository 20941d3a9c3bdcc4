#pragma once

#include <cstdint>

#include "clock.h"
#include "counter_clock.h"
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

/** The processor's time counter, used where it is reliable. */
namespace ticktape::counter {

#if defined(__x86_64__)
/**
 * The processor may execute this before earlier instructions, or after later ones. The reading may therefore be some 10 ns off, 50 at
 * worst.
 */
inline uint64_t read() { return __rdtsc(); }
/** Executed after all earlier instructions and before all later ones. */
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

/** Why this process does not use the counter; null while it does. The first call examines the machine. */
const char* whyNot();
/** From now on no thread of the process uses the counter. The text must stay valid until the process ends. */
void disable(const char* why);

struct Source {
  uint64_t counter() const { return read(); }
  uint64_t orderedCounter() const { return readOrdered(); }
  int64_t system() const { return clock::now(); }
  bool usable() const { return whyNot() == nullptr; }
  void disable(const char* why) const { counter::disable(why); }
};

using Clock = CounterClock<Source>;

}  // namespace ticktape::counter
