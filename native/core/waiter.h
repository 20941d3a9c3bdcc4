#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <vector>

#include "region.h"
#include "thread.h"

namespace ticktape {

/**
 * A thread that sleeps on many words at once and reports when one of them has changed. Each watch reports once. While nothing changes
 * it uses no CPU time, up to 127 watches; with more (or on a kernel without FUTEX_WAITV) it checks every millisecond.
 */
class Waiter {
 public:
  /** `changed` is called on the thread, without a lock held. */
  explicit Waiter(std::function<void(uint32_t id)> changed) : changed_(std::move(changed)) {}
  ~Waiter() { close(); }

  /** Replaces a watch of the same id. */
  Failure watch(uint32_t id, RegionPtr region, std::size_t offset, uint32_t expected);
  /** After it returns, the region is no longer accessed for this watch, but a call of `changed` may still arrive. */
  void unwatch(uint32_t id);
  void close();

 private:
  struct Watch {
    uint32_t id;
    RegionPtr region;  // keeps the word mapped while the thread sleeps on it
    const uint32_t* word;
    uint32_t expected;
  };

  void run();
  void kick();

  std::function<void(uint32_t)> changed_;
  std::mutex mutex_;
  std::vector<Watch> watches_;
  std::atomic<uint32_t> kicks_{0};
  bool closing_ = false;
  Thread thread_;
};

}  // namespace ticktape
