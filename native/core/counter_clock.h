#pragma once

#include <cstddef>
#include <cstdint>

namespace ticktape {

/**
 * One cache line on x64, where the counter is used. Elsewhere only the usual alignment: the clock lives in thread-local memory, and glibc on arm64
 * refuses to load a library whose thread-local memory is aligned to more than 16 bytes ("cannot allocate memory in static TLS block").
 */
#if defined(__x86_64__)
inline constexpr std::size_t kCounterClockAlignment = 64;
#else
inline constexpr std::size_t kCounterClockAlignment = 16;
#endif

/**
 * The system's clock, computed from a counter of the processor. The system's clock itself is read at most 1 ms apart (a "check"). Between two
 * checks, the time is a linear function of the counter (the "line").
 * Each thread has its own. Threads and processes of a machine agree as closely as each agrees with the system's clock.
 *
 * - A line is used for as long as the interval over which the counter's rate was measured, so the line's error is at most about the error of
 *   the two checks. That interval starts at 16 µs and doubles with each check that confirms the line, up to 1 ms.
 * - If a check finds the line slightly wrong, the time does not jump: the line continues at a slightly different rate until it is right. So no
 *   reading is less than the one before.
 * - If a check finds it wrong by more than 300 ns (the clock was set, or the machine was migrated or suspended), the line is dropped, the
 *   system's time is used at once, and the rate is measured again. When that happens too often, this process stops using the counter.
 * - A thread that reads the time rarely gets the system's clock, because measuring would cost more than it saves.
 *
 * Source has `uint64_t counter()`, which the processor may execute slightly early; `uint64_t orderedCounter()`, which it executes in order;
 * `int64_t system()`, ns since 1970; `bool usable()` and `void disable(const char* why)`.
 */
template <class Source>
class alignas(kCounterClockAlignment) CounterClock {
 public:
  constexpr CounterClock() = default;
  constexpr explicit CounterClock(Source source) : source_(source) {}

  /** ns since 1970. */
  int64_t now() {
    if (__builtin_expect(trusted_ == 0, false)) return warmUp();
    const uint64_t passed = source_.counter() - base_;
    if (__builtin_expect(passed >= trusted_, false)) return checkAgain(passed);
    return baseTime_ + static_cast<int64_t>(passed * multiplier_ >> 32);
  }

  /** Whether a line is used at present. */
  bool following() const { return trusted_ != 0; }

 private:
  // ns
  static constexpr int64_t kFirst = 16'000;
  static constexpr int64_t kFirstOfKnown = 64'000;
  static constexpr int64_t kLongest = 1'000'000;
  /** A thread with a longer pause between two readings counts as one that reads rarely. */
  static constexpr int64_t kPause = 250'000;
  /** The rate is measured over one to two such windows. */
  static constexpr int64_t kWindow = 32'000'000;
  static constexpr int64_t kTolerance = 300;
  static constexpr int64_t kNoise = 40;
  /** How long a confirmed rate may be used again. */
  static constexpr int64_t kRemembered = 10'000'000'000;
  /** A check that takes longer is too inexact. */
  static constexpr int64_t kSlowCheck = 1'000;
  static constexpr int64_t kTroubleSpan = 8'000'000'000;
  static constexpr int kMostTroubles = 16;

  struct Check {
    uint64_t counter = 0;
    int64_t time = 0;
  };

  /** The duration of `ticks` in ns, for any number of ticks. */
  int64_t scale(uint64_t ticks) const {
    return static_cast<int64_t>(static_cast<unsigned __int128>(ticks) * multiplier_ >> 32);
  }
  uint64_t ticksOf(int64_t ns) const { return (static_cast<uint64_t>(ns) << 32) / rate_; }

  /** Reads the clock between two readings of the counter. False if the thread was interrupted in between: then `check` is not exact. */
  bool check(Check& check) {
    const int most = narrowest_ == 0 ? 5 : 3;
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < most; i++) {
      const uint64_t before = source_.orderedCounter();
      const int64_t time = source_.system();
      const uint64_t width = source_.orderedCounter() - before;
      if (width < best) {
        best = width;
        check = {before + width / 2, time};
      }
      if (narrowest_ != 0 && best <= narrowest_ + narrowest_ / 2) break;
    }
    if (narrowest_ == 0 || best < narrowest_) narrowest_ = best;
    if (best <= narrowest_ + narrowest_ / 2) return true;
    // Perhaps the processor runs slower now and all checks take longer, so allow a little more each time.
    narrowest_ += narrowest_ / 8 + 1;
    return false;
  }

  /** While there is no line: reads the system's clock, and measures the counter's rate if the thread reads the time often enough. */
  __attribute__((noinline)) int64_t warmUp() {
    const int64_t time = source_.system();
    if (!source_.usable()) return time;
    const int64_t pause = time - lastTime_;
    lastTime_ = time;
    if (pause < 0 || pause > kPause) {
      begun_ = false;
      return time;
    }
    if (begun_ && time - from_.time < kFirst) return time;
    Check here;
    if (!check(here)) return time;
    if (!begun_) {
      begin(here);
      const bool known = rate_ != 0 && here.time >= provedAt_ && here.time - provedAt_ < kRemembered;
      if (known) follow(here, kFirstOfKnown, 0);
    } else if (measure(here)) {
      follow(here, trustIn(here), 0);
    }
    return here.time;
  }

  /** When the line has been used for as long as allowed, or the counter went back. */
  __attribute__((noinline)) int64_t checkAgain(uint64_t passed) {
    const uint64_t longest = trusted_ + pause_;
    if (passed > longest || !source_.usable()) {
      if (static_cast<int64_t>(passed) < 0) countTrouble(source_.system());
      stop();
      return warmUp();
    }
    Check here;
    if (!check(here)) return baseTime_ + scale(passed);  // use the line a little longer
    if (here.counter - base_ > longest) {
      stop();
      begin(here);
      return here.time;
    }
    const int64_t ahead = baseTime_ + scale(here.counter - base_) - here.time;
    if (ahead > kTolerance || ahead < -kTolerance) {
      stop();
      begin(here);
      provedAt_ = 0;
      countTrouble(here.time);
      return here.time;
    }
    provedAt_ = here.time;
    if (here.time - middle_.time >= kWindow) {
      from_ = middle_;
      middle_ = here;
    }
    if (!measure(here)) {
      stop();
      begin(here);
      return here.time;
    }
    // The line continues where it was. A check is exact to some 20 ns, so a small difference is mostly the check's error.
    const bool clear = ahead > kNoise || ahead < -kNoise;
    follow({here.counter, here.time + ahead}, trustIn(here), clear ? ahead : ahead / 4);
    return baseTime_;
  }

  void stop() {
    trusted_ = 0;
    begun_ = false;
  }

  void begin(const Check& here) {
    from_ = middle_ = here;
    lastTime_ = here.time;
    begun_ = true;
  }

  /** Measures the counter's rate since `from_`. False if that is not possible. */
  bool measure(const Check& here) {
    const int64_t time = here.time - from_.time;
    const uint64_t ticks = here.counter - from_.counter;
    // A real counter runs at 1 MHz to 100 GHz.
    if (time <= 0 || time > kRemembered || ticks < static_cast<uint64_t>(time) / 1000 || ticks / 100 > static_cast<uint64_t>(time)) {
      begin(here);
      countTrouble(here.time);
      return false;
    }
    rate_ = static_cast<uint64_t>((static_cast<unsigned __int128>(time) << 32) / ticks);
    multiplier_ = rate_;
    if (scale(narrowest_) > kSlowCheck) {
      source_.disable("reading the clock takes too long to measure the counter's rate");
      return false;
    }
    return true;
  }

  int64_t trustIn(const Check& here) const {
    const int64_t time = here.time - from_.time;
    return time < kLongest ? time : kLongest;
  }

  /** @param lose ns that the line is to lose (below 0: to gain) while it is trusted. */
  void follow(const Check& from, int64_t trust, int64_t lose) {
    trusted_ = ticksOf(trust);
    pause_ = ticksOf(kPause);
    base_ = from.counter;
    baseTime_ = from.time;
    multiplier_ = rate_ - static_cast<uint64_t>(lose * (int64_t{1} << 32) / static_cast<int64_t>(trusted_));
  }

  void countTrouble(int64_t time) {
    if (time - troubleSince_ > kTroubleSpan || time < troubleSince_) {
      troubleSince_ = time;
      troubles_ = 0;
    }
    if (++troubles_ == kMostTroubles) source_.disable("the counter and the clock disagreed too often");
  }

  // The line, in one cache line. It may be used from `base_` on for `trusted_` ticks. 0: there is no line.
  uint64_t trusted_ = 0;
  uint64_t base_ = 0;
  int64_t baseTime_ = 0;
  /** ns per tick times 2^32: the line's (`multiplier_`) and the measured one (`rate_`). They differ while the line is corrected. */
  uint64_t multiplier_ = 0;
  uint64_t rate_ = 0;
  uint64_t pause_ = 0;

  /** The rate is measured from `from_`. `middle_` replaces it after a window. */
  Check from_;
  Check middle_;
  bool begun_ = false;
  int troubles_ = 0;
  int64_t lastTime_ = 0;
  int64_t provedAt_ = 0;
  int64_t troubleSince_ = 0;
  /** Ticks that a check takes when nothing interrupts it. */
  uint64_t narrowest_ = 0;
  Source source_{};
};

}  // namespace ticktape
