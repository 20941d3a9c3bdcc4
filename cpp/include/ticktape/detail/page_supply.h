#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "create_page.h"

namespace ticktape::detail {

/** A thread that has the page after the current one ready, and unmaps those that are no longer needed: both take milliseconds. */
class PageSupply {
 public:
  using Hash = std::array<uint8_t, 8>;

  PageSupply(const Directory& directory, const PageKind& kind) : directory_(directory), kind_(kind), thread_([this] { run(); }) {}

  ~PageSupply() { stop(); }

  /** From now on the page of this number is made. */
  void prepare(uint64_t number, const Hash& layoutHash) {
    const std::lock_guard<std::mutex> lock(mutex_);
    wanted_ = Wanted{number, layoutHash};
    changed_.notify_all();
  }

  /** The page that was asked for. @throws JournalFullError, SystemError. */
  Page take(uint64_t number, const Hash& layoutHash) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [this] { return !wanted_ && !busy_; });
      if (ready_) return std::move(*std::exchange(ready_, std::nullopt));
    }
    // The thread has failed, or was not asked: the caller is told why, and may call again.
    return createPage(directory_, kind_, number, layoutHash);
  }

  /** Unmaps it, some time later. */
  void retire(std::shared_ptr<const Page> page) {
    const std::lock_guard<std::mutex> lock(mutex_);
    retired_.push_back(std::move(page));
    changed_.notify_all();
  }

  /** Ends the thread. Returns the page that it has prepared and nobody has taken. */
  std::optional<Page> stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      closing_ = true;
      wanted_.reset();
      changed_.notify_all();
    }
    if (thread_.joinable()) thread_.join();
    return std::exchange(ready_, std::nullopt);
  }

 private:
  struct Wanted {
    uint64_t number;
    Hash layoutHash;
  };

  void run() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return closing_ || wanted_ || !retired_.empty(); });
      std::vector<std::shared_ptr<const Page>> retired = std::move(retired_);
      retired_.clear();
      const std::optional<Wanted> wanted = std::exchange(wanted_, std::nullopt);
      if (!wanted && closing_) return;
      busy_ = true;
      lock.unlock();
      retired.clear();
      std::optional<Page> made;
      try {
        if (wanted) made = createPage(directory_, kind_, wanted->number, wanted->layoutHash);
      } catch (const Error&) {
        // `take` makes it again, and throws.
      }
      lock.lock();
      if (wanted) ready_ = std::move(made);
      busy_ = false;
      changed_.notify_all();
    }
  }

  const Directory& directory_;
  const PageKind kind_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Wanted> wanted_;
  std::optional<Page> ready_;
  std::vector<std::shared_ptr<const Page>> retired_;
  bool busy_ = false;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace ticktape::detail
