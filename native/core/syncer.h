#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>

#include "page_sync.h"
#include "thread.h"

namespace ticktape {

/**
 * A thread that makes published frames durable, in journal order. PageSync syncs one page; the Syncer decides when, and which page.
 * After a failure it never tries again: afterwards it is unknown which data reached the disk and which is only in the page cache.
 */
class Syncer {
 public:
  struct Options {
    /** The interval between syncs when there are new frames; 0: sync only on request. */
    uint32_t intervalMs = 0;
    /** Called on the thread, without a lock held, after a sync that served a request. */
    std::function<void()> onSynced;
  };

  explicit Syncer(Options options) : options_(std::move(options)) {}
  ~Syncer() { stop(); }

  Failure add(RegionPtr page, RegionPtr control);
  /** Requests a sync that begins after this call. Requests made before it begins share one sync. */
  void request();
  /** All positions below this one are durable. */
  uint64_t durablePosition() const { return durablePosition_.load(std::memory_order_acquire); }
  int error() const { return error_.load(std::memory_order_acquire); }

  /** Syncs a last time, then ends the thread. */
  void close() { end(true); }
  /** Ends the thread after the current sync. Unsynced frames stay in the kernel's page cache. */
  void stop() { end(false); }

 private:
  void run();
  bool due(std::unique_lock<std::mutex>& lock);
  void syncAll();
  void end(bool lastSync);

  const Options options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<PageSync> pages_;  // only the thread uses the front element, and only the thread removes elements
  uint64_t requested_ = 0;
  uint64_t served_ = 0;
  bool closing_ = false;
  bool lastSync_ = false;
  std::atomic<uint64_t> durablePosition_{0};
  std::atomic<int> error_{0};
  Thread thread_;
};

}  // namespace ticktape
