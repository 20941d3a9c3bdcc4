#include "journal_watch.h"

#include <algorithm>

#include "format.h"
#include "words.h"

namespace ticktape {
namespace {

constexpr const char* kControlName = "control";

int64_t publishedOf(const Region& page) {
  return static_cast<int64_t>(loadLong(page.data() + format::page::kFirstPosition) +
                              loadAcquire(wordAt(page.data(), format::page::kCursor)));
}

}  // namespace

void JournalWatch::watch(DirectoryPtr directory, RegionPtr control, const std::string& pageName, RegionPtr page) {
  std::lock_guard<std::mutex> lock(mutex_);
  directory_ = std::move(directory);
  control_ = std::move(control);
  page_ = std::move(page);
  pageName_ = pageName;
  if (watching() || replacedAfter_.load(std::memory_order_acquire) >= 0) return;
  safe_ = publishedOf(*page_);
  next_.store(std::chrono::steady_clock::now() + kInterval, std::memory_order_release);
  watching_.store(true, std::memory_order_release);
}

void JournalWatch::check() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (!watching()) return;
  if (replacedAfter_.load(std::memory_order_acquire) >= 0) return wakeWriter();
  const DirectoryPtr directory = directory_;
  const RegionPtr control = control_;
  const RegionPtr page = page_;
  const std::string pageName = pageName_;
  // The system calls run without the mutex, so that a slow file system does not delay a writer that rolls to another page.
  lock.unlock();
  // Loaded before the check: frames published after the check may already be in a replaced journal.
  const int64_t published = publishedOf(*page);
  const bool journalUnchanged = directory->isAtPath() && directory->holds(kControlName, *control);
  const bool pageUnchanged = journalUnchanged && directory->holds(pageName, *page);
  lock.lock();
  if (!watching()) return;
  // The writer has rolled to another page meanwhile, so retention may have removed the one it left. The next check follows at once.
  if (journalUnchanged && !pageUnchanged && page_ != page) return;
  if (pageUnchanged) {
    safe_ = std::max(safe_, published);
    next_.store(std::chrono::steady_clock::now() + kInterval, std::memory_order_release);
    return;
  }
  replacedAfter_.store(safe_, std::memory_order_release);
  wakeWriter();
}

void JournalWatch::wakeWriter() {
  storeOrdered(wordAt(control_->data(), format::control::kSleepers), 1);
  next_.store(std::chrono::steady_clock::now() + kRepeat, std::memory_order_release);
}

int64_t JournalWatch::replacedAfter() {
  const int64_t position = replacedAfter_.load(std::memory_order_acquire);
  if (position >= 0) watching_.store(false, std::memory_order_release);
  return position;
}

void JournalWatch::end() {
  std::lock_guard<std::mutex> lock(mutex_);
  watching_.store(false, std::memory_order_release);
  directory_.reset();
  control_.reset();
  page_.reset();
}

}  // namespace ticktape
