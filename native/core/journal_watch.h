#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>

#include "directory.h"
#include "region.h"

namespace ticktape {

/**
 * Checks whether the names of a writer's journal still mean the files that the writer has open: the directory, the control file and the
 * page being written. If one was removed, moved or replaced, the writer could still append, but no new reader would find those frames.
 *
 * The writer itself cannot check, because its hot path makes no system calls. So this check runs on the page worker's thread. If the
 * journal was replaced, it stores 1 to `control`'s word SLEEPERS. The writer loads that word after each frame, wakes the sleepers, and
 * then calls `replacedAfter`.
 */
class JournalWatch {
 public:
  static constexpr std::chrono::milliseconds kInterval{500};
  /** The time between two stores to SLEEPERS, repeated until the writer calls `replacedAfter`: the syncing thread may clear the word first. */
  static constexpr std::chrono::milliseconds kRepeat{20};

  /** Starts the checks, or continues them with another page. */
  void watch(DirectoryPtr directory, RegionPtr control, const std::string& pageName, RegionPtr page);
  /** False before `watch`, and after the writer has learned that the journal was replaced. */
  bool watching() const { return watching_.load(std::memory_order_acquire); }
  /** When the next check is due. */
  std::chrono::steady_clock::time_point nextCheck() const { return next_.load(std::memory_order_acquire); }
  /** Checks now. A journal that was found replaced stays so. */
  void check();
  /** -1 while the journal is not replaced; else a position: all frames before it were published before the journal was replaced. */
  int64_t replacedAfter();
  /** Releases the files. */
  void end();

 private:
  /** Makes the writer call `replacedAfter`. Requires the mutex. */
  void wakeWriter();

  std::mutex mutex_;
  DirectoryPtr directory_;
  RegionPtr control_;
  RegionPtr page_;
  std::string pageName_;
  int64_t safe_ = 0;
  std::atomic<bool> watching_{false};
  std::atomic<int64_t> replacedAfter_{-1};
  std::atomic<std::chrono::steady_clock::time_point> next_{};
};

}  // namespace ticktape
