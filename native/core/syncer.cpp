#include "syncer.h"

#include <chrono>

namespace ticktape {

Failure Syncer::add(RegionPtr page, RegionPtr control) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (closing_) return failed(EPIPE, "pthread_create");
  if (!thread_.started()) {
    if (const int number = thread_.start("ticktape-sync", [this] { run(); })) return failed(number, "pthread_create");
  }
  pages_.emplace_back(std::move(page), std::move(control));
  // The first page has the durable position that an earlier writer reached. A later page begins where the page before it ends.
  if (pages_.size() == 1 && durablePosition_.load() < pages_.front().durablePosition()) {
    durablePosition_.store(pages_.front().durablePosition(), std::memory_order_release);
  }
  return {};
}

void Syncer::request() {
  std::lock_guard<std::mutex> lock(mutex_);
  requested_++;
  wake_.notify_one();
}

/** Waits for the next reason to sync; false if the thread must end. */
bool Syncer::due(std::unique_lock<std::mutex>& lock) {
  const auto called = [this] { return closing_ || requested_ != served_; };
  if (options_.intervalMs == 0) {
    wake_.wait(lock, called);
  } else {
    wake_.wait_for(lock, std::chrono::milliseconds(options_.intervalMs), called);
  }
  return !closing_;
}

void Syncer::run() {
  std::unique_lock<std::mutex> lock(mutex_);
  for (bool more = true; more;) {
    more = due(lock);
    if (!more && !lastSync_) return;

    // Read before the cursor: everything that was published before these requests is part of this sync.
    const uint64_t requests = requested_;
    lock.unlock();
    syncAll();
    lock.lock();

    if (served_ == requests) continue;
    served_ = requests;
    lock.unlock();
    if (options_.onSynced) options_.onSynced();
    lock.lock();
  }
}

void Syncer::syncAll() {
  while (error() == 0) {
    PageSync* page;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (pages_.empty()) return;
      page = &pages_.front();  // a deque does not move its elements when others are added at its end
    }

    const PageSync::Step step = page->step();
    if (step.failure) {
      error_.store(step.failure.number, std::memory_order_release);
      return;
    }
    // A page's end is the start of the next page, so this value only grows.
    durablePosition_.store(page->durablePosition(), std::memory_order_release);
    page->wakeSleepers();
    if (!step.finished) return;

    std::unique_lock<std::mutex> lock(mutex_);
    PageSync done = std::move(pages_.front());
    pages_.pop_front();
    lock.unlock();  // unmapping is slow
  }
}

void Syncer::end(bool lastSync) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    closing_ = true;
    lastSync_ = lastSync;
    wake_.notify_one();
  }
  thread_.join();
  pages_.clear();
}

}  // namespace ticktape
