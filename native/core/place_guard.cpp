#include "place_guard.h"

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

void PlaceGuard::watch(DirectoryPtr directory, RegionPtr control, const std::string& pageName, RegionPtr page) {
  std::lock_guard<std::mutex> lock(mutex_);
  directory_ = std::move(directory);
  control_ = std::move(control);
  page_ = std::move(page);
  pageName_ = pageName;
  if (watching() || goneAfter_.load(std::memory_order_acquire) >= 0) return;
  safe_ = publishedOf(*page_);
  next_.store(std::chrono::steady_clock::now() + kInterval, std::memory_order_release);
  watching_.store(true, std::memory_order_release);
}

void PlaceGuard::look() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (!watching()) return;
  if (goneAfter_.load(std::memory_order_acquire) >= 0) return tell();
  const DirectoryPtr directory = directory_;
  const RegionPtr control = control_;
  const RegionPtr page = page_;
  const std::string pageName = pageName_;
  // A slow file system must hold up nobody who goes on to another page meanwhile.
  lock.unlock();
  // Before the look: what is published after it may come too late.
  const int64_t published = publishedOf(*page);
  const bool journalInPlace = directory->inPlace() && directory->holds(kControlName, *control);
  const bool pageInPlace = journalInPlace && directory->holds(pageName, *page);
  lock.lock();
  if (!watching()) return;
  // The writer has gone on to another page meanwhile, so retention may remove the one it left. The next look follows at once.
  if (journalInPlace && !pageInPlace && page_ != page) return;
  if (pageInPlace) {
    safe_ = std::max(safe_, published);
    next_.store(std::chrono::steady_clock::now() + kInterval, std::memory_order_release);
    return;
  }
  goneAfter_.store(safe_, std::memory_order_release);
  tell();
}

void PlaceGuard::tell() {
  storeOrdered(wordAt(control_->data(), format::control::kSleepers), 1);
  next_.store(std::chrono::steady_clock::now() + kRepeat, std::memory_order_release);
}

int64_t PlaceGuard::goneAfter() {
  const int64_t position = goneAfter_.load(std::memory_order_acquire);
  if (position >= 0) watching_.store(false, std::memory_order_release);
  return position;
}

void PlaceGuard::end() {
  std::lock_guard<std::mutex> lock(mutex_);
  watching_.store(false, std::memory_order_release);
  directory_.reset();
  control_.reset();
  page_.reset();
}

}  // namespace ticktape
