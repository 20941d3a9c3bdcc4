#pragma once

#include <time.h>

#include <cstdint>

namespace ticktape::clock {

inline int64_t read(clockid_t id) {
  timespec time;
  ::clock_gettime(id, &time);
  return static_cast<int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec;
}

/** ns since 1970. The system clock may be set back. */
inline int64_t now() { return read(CLOCK_REALTIME); }
/** ns since an arbitrary moment; never goes back. */
inline int64_t monotonic() { return read(CLOCK_MONOTONIC); }
/** Like `monotonic`, but the time of the last timer tick (1 to 10 ms ago), at a quarter of the cost. The same in all processes of one boot. */
inline int64_t tick() {
#if defined(CLOCK_MONOTONIC_COARSE)
  return read(CLOCK_MONOTONIC_COARSE);
#else
  return monotonic();
#endif
}

}  // namespace ticktape::clock
