#include "waiter.h"

#include <algorithm>

#include "futex.h"
#include "words.h"

namespace ticktape {

static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t), "the kernel sleeps on the atomic itself");

Failure Waiter::watch(uint32_t id, RegionPtr region, std::size_t offset, uint32_t expected) {
  const uint32_t* word = wordAt(region->data(), offset);
  std::lock_guard<std::mutex> lock(mutex_);
  if (closing_) return failed(EPIPE, "pthread_create");
  if (!thread_.started()) {
    if (const int number = thread_.start("ticktape-waiter", [this] { run(); })) return failed(number, "pthread_create");
  }
  watches_.erase(std::remove_if(watches_.begin(), watches_.end(), [id](const Watch& w) { return w.id == id; }), watches_.end());
  watches_.push_back({id, std::move(region), word, expected});
  kick();
  return {};
}

void Waiter::unwatch(uint32_t id) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto gone = std::remove_if(watches_.begin(), watches_.end(), [id](const Watch& w) { return w.id == id; });
  if (gone == watches_.end()) return;
  watches_.erase(gone, watches_.end());
  kick();
}

void Waiter::close() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    closing_ = true;
    kick();
  }
  thread_.join();
  watches_.clear();
}

/** Changes the word that the thread always sleeps on, so that it notices every change of the watches. */
void Waiter::kick() {
  kicks_.fetch_add(1, std::memory_order_release);
  futex::wake(reinterpret_cast<const uint32_t*>(&kicks_), true);
}

void Waiter::run() {
  std::vector<uint32_t> fired;
  std::vector<RegionPtr> held;  // keeps mapped what the kernel reads while we sleep, even if it is unwatched meanwhile
  std::vector<futex::Word> words;

  std::unique_lock<std::mutex> lock(mutex_);
  while (!closing_) {
    // Read before the watches are collected: a kick after this point ends the sleep below.
    const uint32_t kicks = kicks_.load(std::memory_order_acquire);

    fired.clear();
    for (std::size_t i = 0; i < watches_.size();) {
      if (loadAcquire(watches_[i].word) == watches_[i].expected) {
        i++;
        continue;
      }
      fired.push_back(watches_[i].id);
      watches_[i] = std::move(watches_.back());
      watches_.pop_back();
    }
    if (!fired.empty()) {
      lock.unlock();
      for (const uint32_t id : fired) changed_(id);
      lock.lock();
      continue;
    }

    held.clear();
    words.clear();
    words.push_back({reinterpret_cast<const uint32_t*>(&kicks_), kicks, true});
    for (const Watch& watch : watches_) {
      if (words.size() == futex::kMaxWords) break;
      words.push_back({watch.word, watch.expected});
      held.push_back(watch.region);
    }
    const bool allCovered = held.size() == watches_.size();
    lock.unlock();
    futex::waitAny(words.data(), words.size(), allCovered ? futex::kForever : 1'000'000);
    held.clear();
    lock.lock();
  }
}

}  // namespace ticktape
