#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>

#include "directory.h"
#include "region.h"

namespace ticktape {

/**
 * Looks whether a writer's journal is still what its path names: the directory, the control file, and the page being written. One
 * that was removed, moved away or made anew takes frames as before, and nobody who opens the journal will ever see them.
 *
 * A writer must learn that without looking itself, for its hot path makes no system calls. When the journal is gone, this stores 1 to the
 * word that says that somebody sleeps: the writer looks at that after each frame, goes to wake, and is told.
 */
class PlaceGuard {
 public:
  static constexpr std::chrono::milliseconds kInterval{500};
  /** Between two stores to the word, until the writer has asked: the thread that syncs may take one for a sleeper's. */
  static constexpr std::chrono::milliseconds kRepeat{20};

  /** Begins to look, or goes on with another page. */
  void watch(DirectoryPtr directory, RegionPtr control, const std::string& pageName, RegionPtr page);
  /** False before `watch`, and once the writer knows that the journal is gone. */
  bool watching() const { return watching_.load(std::memory_order_acquire); }
  /** When the next look is due. */
  std::chrono::steady_clock::time_point nextLook() const { return next_.load(std::memory_order_acquire); }
  /** Looks now. Once gone, a journal stays gone. */
  void look();
  /** -1 while the journal is in place; else a position: frames before it were published while it still was. */
  int64_t goneAfter();
  /** Lets go of the files. */
  void end();

 private:
  /** Under the mutex. */
  void tell();

  std::mutex mutex_;
  DirectoryPtr directory_;
  RegionPtr control_;
  RegionPtr page_;
  std::string pageName_;
  int64_t safe_ = 0;
  std::atomic<bool> watching_{false};
  std::atomic<int64_t> goneAfter_{-1};
  std::atomic<std::chrono::steady_clock::time_point> next_{};
};

}  // namespace ticktape
