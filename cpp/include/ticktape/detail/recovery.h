#pragma once

#include <map>

#include "durable.h"

/** Recovery: what the next writer does before it writes (docs/format.md). First it only reads and decides, and refuses before anything is changed. */
namespace ticktape::detail {

/** The end of a journal: its last page, and the slot and the time of the next frame. */
struct Tail {
  Page page;
  uint32_t slot = 0;
  int64_t lastTime = 0;
  /** The page takes no more frames. */
  bool isFull = false;
};

/** Clears the marks from `end` on; with `again` all of them, and sets those of the frames before `end`. */
inline void setMarks(const Page& page, uint32_t end, bool again) {
  const uint32_t stride = strideOf(page.capacity());
  const auto mark = [&](uint32_t i) { return page.word(format::page::kMarks + std::size_t{4} * i); };
  for (uint32_t i = 1; i < format::page::kMarkCount; i++)
    if (again || loadRelaxed(mark(i)) >= end) storeRelaxed(mark(i), 0);
  if (!again) return;
  page.walk(0, end, [&](uint32_t at) {
    if (at >= stride && loadRelaxed(mark(at / stride)) == 0) storeRelaxed(mark(at / stride), at);
  });
}

class Recovery {
 public:
  Recovery(const Directory& directory, const BootId& boot) : directory_(directory), boot_(boot), numbers_(directory.pages()) {}

  /**
   * The tail of a journal; nothing of a new one. The caller holds the writer's lock.
   *
   * @throws RecoveryRefusedError when durable frames are damaged or missing, CorruptJournalError for what no crash can cause.
   */
  std::optional<Tail> run() {
    checkGaps();
    if (numbers_.empty() || (numbers_.size() == 1 && isBlank(numbers_[0]))) {
      for (const uint64_t number : numbers_) directory_.remove(pageName(number));
      removeTemporaries();
      return {};
    }
    const uint64_t last = numbers_.back(), current = findCurrent();
    const bool sameBoot = page(current).boot() == boot_;
    if (current < last) checkPrepared(current + 1, sameBoot);
    Place end{current, 0};
    if (sameBoot) {
      end.slot = page(current).cursor();
      page(current).walk(0, end.slot, [](uint32_t) {});
    } else {
      end = durableEnd(current);
    }
    const int64_t lastTime = timeBefore(end);
    // Up to here nothing was changed. From here on nothing is refused.
    removeTemporaries();
    cut(page(end.number), end.slot, !sameBoot);
    for (uint64_t surplus = last; surplus > end.number; surplus--) directory_.remove(pageName(surplus));
    if (last > end.number) directory_.sync();
    Tail tail;
    tail.isFull = page(end.number).sealed() || !sameBoot;
    tail.page = std::move(open_.at(end.number));
    tail.slot = end.slot;
    tail.lastTime = lastTime;
    return tail;
  }

 private:
  struct Place {
    uint64_t number;
    uint32_t slot;
  };

  const Page& page(uint64_t number) {
    const auto found = open_.find(number);
    return found != open_.end() ? found->second : open_.emplace(number, Page(directory_, number, true)).first->second;
  }

  void checkGaps() const {
    for (std::size_t i = 1; i < numbers_.size(); i++) {
      if (numbers_[i] == numbers_[i - 1] + 1) continue;
      const std::string path = directory_.pathOf(pageName(numbers_[i - 1] + 1));
      throw CorruptJournalError(path + " is missing, but later pages exist; save the good frames with 'ticktape repair'", path);
    }
  }

  /** Whether a page's name reached the disk before a power loss, and none of its bytes. */
  bool isBlank(uint64_t number) const {
    const auto bytes = directory_.read(pageName(number), format::page::kMaxSize);
    return bytes && bytes->find_first_not_of('\0') == std::string::npos;
  }

  /** Whether a page's name reached the disk, but its header did not: only of pages without checksums, which are not synced before. */
  bool isLost(uint64_t number) {
    try {
      page(number);
      return false;
    } catch (const CorruptJournalError&) {
      if (page(number - 1).checked()) throw;
      return true;
    }
  }

  /** The page that was being written: the last one, or the one before it when that is not sealed. */
  uint64_t findCurrent() {
    const uint64_t last = numbers_.back();
    if (numbers_.size() > 1 && !page(last - 1).sealed()) return last - 1;
    if (numbers_.size() > 1 && page(last - 1).boot() != boot_ && isLost(last)) return last - 1;
    return page(last).number();
  }

  void checkPrepared(uint64_t number, bool sameBoot) {
    try {
      page(number);
    } catch (const CorruptJournalError&) {
      if (sameBoot) throw;
      return;
    }
    const Page& prepared = page(number);
    if (prepared.durable() > 0) refuse(prepared, 0, "the page before it is not sealed");
    if (prepared.cursor() > 0 && sameBoot)
      throw CorruptJournalError(prepared.path() + " has frames, but the page before it is not sealed, which no crash can cause; save the good frames with 'ticktape repair'",
                                prepared.path());
  }

  /** The machine stopped: frames are kept as long as they are good, from the first page that is not completely durable. */
  Place durableEnd(uint64_t current) {
    uint64_t number = current;
    const BootId boot = page(current).boot();
    while (number > numbers_.front()) {
      const uint64_t before = number - 1;
      if (!(before > numbers_.front() && isLost(before))) {
        const Page& one = page(before);
        if (one.boot() != boot || (one.sealed() && one.cursor() > 0 && one.durable() == one.cursor())) break;
      }
      number = before;
    }
    for (;; number++) {
      const Page& one = page(number);
      const auto [slot, why] = goodEnd(one);
      if (slot < one.durable()) refuse(one, slot, why);
      if (one.sealed() && slot == one.cursor() && number < current && !isLost(number + 1)) continue;
      for (uint64_t later = number + 1; later <= current; later++)
        if (!isLost(later) && page(later).durable() > 0) refuse(one, slot, why);
      return {number, slot};
    }
  }

  /** The slot after the last good frame, and why it ends there. In a page with checksums regardless of the cursor. */
  static std::pair<uint32_t, std::string> goodEnd(const Page& page) {
    const uint32_t end = page.checked() ? page.capacity() : page.cursor();
    int64_t time = INT64_MIN;
    uint32_t slot = 0;
    while (slot < end) {
      std::string problem = page.damage(slot, end);
      if (!problem.empty()) return {slot, problem};
      if (page.checked() && !page.hasRightCrc(slot)) return {slot, "has a wrong checksum"};
      if (page.checked() && page.timeOf(slot) < time) return {slot, "is older than the frame before it"};
      time = page.timeOf(slot);
      slot += page.slotsOf(slot);
    }
    return {slot, "is the end"};
  }

  /** The time of the last frame before the end; 0 when there is none. */
  int64_t timeBefore(Place end) {
    for (;;) {
      const Page& one = page(end.number);
      if (const auto last = one.frameBefore(end.slot)) return one.timeOf(*last);
      if (end.number == numbers_.front()) return 0;
      end.number--;
      end.slot = page(end.number).cursor();
    }
  }

  /** Makes the slot the page's end: the bytes after it are zero. A crash in between is safe. */
  static void cut(const Page& page, uint32_t slot, bool afterPowerLoss) {
    uint8_t* const end = page.data() + page.size();
    constexpr std::size_t step = 65536;
    for (uint8_t* at = page.slot(slot); at < end; at += std::min<std::size_t>(step, static_cast<std::size_t>(end - at))) {
      const std::size_t length = std::min<std::size_t>(step, static_cast<std::size_t>(end - at));
      // Only what is not zero: writing zeros would give memory to a page that has none.
      if (std::any_of(at, at + length, [](uint8_t byte) { return byte != 0; })) std::memset(at, 0, length);
    }
    setMarks(page, slot, afterPowerLoss);
    if (page.load(format::page::kCursor) != slot) {
      storeRelease(page.word(format::page::kPageCrcSet), 0);
      storeOrdered(page.word(format::page::kCursor), slot);
    }
    if (!afterPowerLoss) return;
    storeRelease(page.word(format::page::kSealed), 0);
    makeDurable(page);
  }

  void removeTemporaries() const {
    for (const std::string& name : directory_.temporaries()) directory_.remove(name);
  }

  [[noreturn]] static void refuse(const Page& page, uint32_t slot, const std::string& why) {
    throw RecoveryRefusedError(page.path() + " is damaged from slot " + std::to_string(slot) + " on (the frame " + why +
                                   "), but frames after that are marked as durable. Nothing was changed; save the good frames with 'ticktape repair'",
                               page.path(), page.first() + slot);
  }

  const Directory& directory_;
  const BootId boot_;
  const std::vector<uint64_t> numbers_;
  std::map<uint64_t, Page> open_;
};

}  // namespace ticktape::detail
