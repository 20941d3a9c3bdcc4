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
 * A thread that makes published frames durable, in journal order: PageSync does it for one page, this decides when and for
 * which. After a failure it never tries again: what the page cache still holds can no longer be told from what reached the disk.
 */
class Syncer {
 public:
  struct Options {
    /** Sync this often when something is new; 0: only on request. */
    uint32_t intervalMs = 0;
    /** Called on the thread, without a lock held, after a sync that served a request. */
    std::function<void()> onSynced;
  };

  explicit Syncer(Options options) : options_(std::move(options)) {}
  ~Syncer() { stop(); }

  Failure add(RegionPtr page, RegionPtr control);
  /** Served by a sync that begins after this call; all who ask before it begins share it. */
  void request();
  /** Positions below are durable. */
  uint64_t durablePosition() const { return durablePosition_.load(std::memory_order_acquire); }
  int error() const { return error_.load(std::memory_order_acquire); }

  /** A last sync, then the end. */
  void close() { end(true); }
  /** The end, once the sync it is in is done. The kernel still has every page. */
  void stop() { end(false); }

 private:
  void run();
  bool due(std::unique_lock<std::mutex>& lock);
  void syncAll();
  void end(bool lastSync);

  const Options options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<PageSync> pages_;  // the front is used by the thread alone; only it removes
  uint64_t requested_ = 0;
  uint64_t served_ = 0;
  bool closing_ = false;
  bool lastSync_ = false;
  std::atomic<uint64_t> durablePosition_{0};
  std::atomic<int> error_{0};
  Thread thread_;
};

}  // namespace ticktape
