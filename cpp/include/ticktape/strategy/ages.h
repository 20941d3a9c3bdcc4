#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "frames.h"

namespace ticktape::strategy {

/** Counts how old frames were when they were handled: the histogram that Progress frames have. Buckets are 1/16 of their value wide. */
class Ages {
 public:
  static constexpr std::size_t kSize = 464;
  static_assert(kSize * sizeof(uint32_t) == sizeof(trading::Progress::latencies));

  void record(int64_t ns) {
    const auto value = static_cast<uint32_t>(ns < 0 ? 0 : ns > INT64_C(0xffffffff) ? INT64_C(0xffffffff) : ns);
    counts_[bucketOf(value)]++;
    total_++;
  }

  /** In ns, to 1/16; 0 when there are none. @param thousandths such as 999 for the 99.9 % percentile. */
  double quantile(uint64_t thousandths) const {
    const uint64_t wanted = (total_ * thousandths + 999) / 1000;
    uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < kSize; bucket++) {
      seen += counts_[bucket];
      if (counts_[bucket] > 0 && seen >= wanted) return upperEnd(bucket);
    }
    return 0;
  }

  void copyTo(trading::Progress& frame) const { std::memcpy(frame.latencies.data, counts_.data(), sizeof frame.latencies); }

 private:
  static std::size_t bucketOf(uint32_t value) {
    if (value < 16) return value;
    const int exponent = 31 - __builtin_clz(value);
    return static_cast<std::size_t>(exponent - 3) * 16 + (value >> (exponent - 4) & 15);
  }
  static double upperEnd(std::size_t bucket) {
    if (bucket < 16) return static_cast<double>(bucket);
    const std::size_t exponent = (bucket >> 4) + 3;
    return static_cast<double>((uint64_t{16 + (bucket & 15) + 1} << (exponent - 4)) - 1);
  }

  std::array<uint32_t, kSize> counts_{};
  uint64_t total_ = 0;
};

}  // namespace ticktape::strategy
