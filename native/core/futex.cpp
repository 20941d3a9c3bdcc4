#include "futex.h"

#include <errno.h>
#include <limits.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

#include <algorithm>

#include "clock.h"
#include "words.h"

namespace ticktape::futex {
namespace {

/** The deadline on the monotonic clock. A wait that a signal interrupts continues until the same deadline. */
struct Deadline {
  int64_t at;

  explicit Deadline(int64_t timeout) : at(timeout == kForever ? kForever : clock::monotonic() + timeout) {}
  bool passed() const { return at != kForever && clock::monotonic() >= at; }
  timespec time() const { return {static_cast<time_t>(at / 1000000000), static_cast<long>(at % 1000000000)}; }
};

bool anyChanged(const Word* words, std::size_t count) {
  for (std::size_t i = 0; i < count; i++) {
    if (loadAcquire(words[i].at) != words[i].expected) return true;
  }
  return false;
}

/** For kernels that cannot wait on several words, and systems without futexes. */
Outcome poll(const Word* words, std::size_t count, const Deadline& deadline) {
  int64_t pause = 20'000;
  for (;;) {
    if (anyChanged(words, count)) return Outcome::changed;
    if (deadline.passed()) return Outcome::timeout;
    int64_t sleep = pause;
    if (deadline.at != kForever) sleep = std::min(sleep, std::max<int64_t>(deadline.at - clock::monotonic(), 0));
    const timespec time{0, static_cast<long>(sleep)};
    ::nanosleep(&time, nullptr);
    pause = std::min<int64_t>(pause * 2, 1'000'000);
  }
}

}  // namespace

#if defined(__linux__)

namespace {

#if !defined(SYS_futex) && defined(SYS_futex_time64)
#define SYS_futex SYS_futex_time64
#endif
#if defined(SYS_futex_waitv)
constexpr long kWaitv = SYS_futex_waitv;
#else
constexpr long kWaitv = 449;  // the same number on every architecture
#endif
constexpr uint32_t kFutex32 = 2;
constexpr uint32_t kPrivate = 128;

/** struct futex_waitv, which older kernel headers lack. */
struct WaitvEntry {
  uint64_t value;
  uint64_t address;
  uint32_t flags;
  uint32_t reserved;
};

bool probeWaitv() {
  // Called without words: a kernel that has the call returns EINVAL, one without it ENOSYS (a seccomp filter may return EPERM).
  return ::syscall(kWaitv, nullptr, 0, 0, nullptr, CLOCK_MONOTONIC) != 0 && errno == EINVAL;
}

/** Sets the outcome for an error of a futex wait; true when the wait is over. */
bool settled(int number, Outcome& outcome) {
  if (number == EINTR) return false;
  outcome = number == ETIMEDOUT ? Outcome::timeout : Outcome::changed;
  return true;
}

}  // namespace

bool available() { return true; }

bool waitvAvailable() {
  static const bool known = probeWaitv();
  return known;
}

Outcome wait(const uint32_t* word, uint32_t expected, int64_t timeout) {
  const Deadline deadline(timeout);
  const timespec time = deadline.time();
  for (;;) {
    // This load also maps the block: a futex on memory whose file was truncated fails with EFAULT until the memory is touched.
    if (loadAcquire(word) != expected) return Outcome::changed;
    // The BITSET form takes an absolute time, so an interrupted wait is repeated with the same arguments.
    const long result = ::syscall(SYS_futex, word, FUTEX_WAIT_BITSET, expected, deadline.at == kForever ? nullptr : &time,
                                  nullptr, FUTEX_BITSET_MATCH_ANY);
    if (result == 0) return Outcome::woken;
    Outcome outcome;
    if (settled(errno, outcome)) return outcome;
  }
}

Outcome waitAny(const Word* words, std::size_t count, int64_t timeout) {
  const Deadline deadline(timeout);
  if (!waitvAvailable()) return poll(words, count, deadline);

  WaitvEntry entries[kMaxWords];
  for (std::size_t i = 0; i < count; i++) {
    entries[i] = {words[i].expected, reinterpret_cast<uintptr_t>(words[i].at), kFutex32 | (words[i].isPrivate ? kPrivate : 0), 0};
  }
  const timespec time = deadline.time();
  for (;;) {
    if (anyChanged(words, count)) return Outcome::changed;
    const long result = ::syscall(kWaitv, entries, count, 0, deadline.at == kForever ? nullptr : &time, CLOCK_MONOTONIC);
    if (result >= 0) return Outcome::woken;
    Outcome outcome;
    if (settled(errno, outcome)) return outcome;
  }
}

int wake(const uint32_t* word, bool isPrivate) {
  const long woken = ::syscall(SYS_futex, word, FUTEX_WAKE | (isPrivate ? FUTEX_PRIVATE_FLAG : 0), INT_MAX, nullptr, nullptr, 0);
  return woken < 0 ? 0 : static_cast<int>(woken);
}

#else

bool available() { return false; }
bool waitvAvailable() { return false; }

Outcome wait(const uint32_t* word, uint32_t expected, int64_t timeout) {
  const Word one{word, expected};
  return poll(&one, 1, Deadline(timeout));
}

Outcome waitAny(const Word* words, std::size_t count, int64_t timeout) { return poll(words, count, Deadline(timeout)); }

int wake(const uint32_t*, bool) { return 0; }

#endif

}  // namespace ticktape::futex
