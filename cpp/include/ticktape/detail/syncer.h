#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "durable.h"

namespace ticktape::detail {

/** Makes frames durable, on a thread: their checksums, then the disk, then DURABLE. */
class Syncer {
 public:
  Syncer(std::string path, int64_t everyNs) : path_(std::move(path)), every_(everyNs), thread_([this] { run(); }) {}

  ~Syncer() { stop(); }

  /** The writer has continued on this page, and sealed the one before it: that seal must be on the disk before this page's DURABLE. */
  void enter(std::shared_ptr<const Page> page) {
    const std::lock_guard<std::mutex> lock(mutex_);
    pages_.push_back(std::move(page));
  }

  /** Returns once every frame that is published now is durable. @throws SyncFailedError. */
  void sync() {
    const std::lock_guard<std::mutex> one(syncing_);
    throwIfFailed();
    try {
      for (;;) {
        std::shared_ptr<const Page> page;
        bool isCurrent;
        {
          const std::lock_guard<std::mutex> lock(mutex_);
          if (pages_.empty()) return;
          page = pages_.front();
          isCurrent = pages_.size() == 1;
        }
        if (!isCurrent || page->durable() < page->cursor()) makeDurable(*page);
        if (isCurrent) return;
        const std::lock_guard<std::mutex> lock(mutex_);
        pages_.pop_front();
      }
    } catch (const Error& error) {
      const std::lock_guard<std::mutex> lock(mutex_);
      failure_ = error.what();
    }
    throwIfFailed();
  }

  /** @throws SyncFailedError when a sync on the thread has failed. */
  void throwIfFailed() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (failure_.empty()) return;
    throw SyncFailedError(failure_ + "; frames that are not durable may be lost if the machine stops. Close this writer, check the disk, and open the journal again", path_);
  }

  void stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      closing_ = true;
      changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }

 private:
  void run() {
    for (;;) {
      {
        std::unique_lock<std::mutex> lock(mutex_);
        if (changed_.wait_for(lock, std::chrono::nanoseconds(every_), [this] { return closing_; })) return;
      }
      try {
        sync();
      } catch (const SyncFailedError&) {
        return;  // The writer throws it.
      }
    }
  }

  const std::string path_;
  const int64_t every_;
  /** One sync at a time. */
  std::mutex syncing_;
  std::mutex mutex_;
  std::condition_variable changed_;
  /** Those that are sealed and not yet durable, then the current one. */
  std::deque<std::shared_ptr<const Page>> pages_;
  std::string failure_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace ticktape::detail
