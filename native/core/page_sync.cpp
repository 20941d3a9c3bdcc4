#include "page_sync.h"

#include <algorithm>

#include "crash_point.h"
#include "format.h"
#include "frames.h"
#include "sleepers.h"
#include "words.h"

namespace ticktape {

using namespace format;

namespace {

std::size_t offsetOf(uint32_t slot) { return page::kHeaderSize + static_cast<std::size_t>(slot) * kSlotSize; }

/** How far ahead of the writer blocks are made writable again: minimum and maximum. */
constexpr std::size_t kLeastAhead = 64 * 1024;
constexpr std::size_t kMostAhead = 4 * 1024 * 1024;

}  // namespace

PageSync::PageSync(RegionPtr page, RegionPtr control)
    : page_(std::move(page)),
      control_(std::move(control)),
      checked_((loadAcquire(wordAt(page_->data(), page::kFlags)) & page_flag::kChecked) != 0),
      firstPosition_(loadLong(page_->data() + page::kFirstPosition)),
      capacity_(frames::capacity(page_->size())),
      durable_(std::min(loadAcquire(wordAt(page_->data(), page::kDurable)), capacity_)) {}

PageSync::Step PageSync::step() {
  // Load the seal first, then the cursor: the writer seals after its last frame, so a cursor read after the seal is final.
  const bool isSealed = loadAcquire(wordAt(page_->data(), page::kSealed)) == 1;
  const uint32_t cursor = loadAcquire(wordAt(page_->data(), page::kCursor));
  if (cursor > capacity_ || cursor < durable_) return {malformed()};

  if (cursor > durable_) {
    if (Failure failure = syncFrames(cursor)) return {failure};
  }
  if (!isSealed) return {};
  if (Failure failure = finish()) return {failure};
  return {{}, true};
}

Failure PageSync::syncFrames(uint32_t cursor) {
  if (checked_ && frames::stamp(page_->data(), durable_, cursor, firstPosition_) != cursor) return malformed();
  CRASH_POINT("stamped");

  const std::size_t end = offsetOf(cursor);
  std::size_t start = offsetOf(durable_);
  if (start < 2 * page::kHeaderSize) start = 0;
  if (Failure failure = page_->sync(start, end - start)) return failure;
  // A block that was lost to a truncation is anonymous memory now, and a successful sync of it proves nothing.
  if (page_->damaged()) return failed(EIO, "msync", page_->path());
  CRASH_POINT("data-synced");
  if (!checked_) {
    // Recovery keeps frames without a CRC up to the durable cursor on disk, so that cursor must be synced before the frames are
    // reported as durable.
    if (Failure failure = page_->sync(0, page::kHeaderSize)) return failure;
  }

  const std::size_t written = end - offsetOf(durable_);
  durable_ = cursor;
  moved_ = true;
  storeOrdered(wordAt(page_->data(), page::kDurable), cursor);
  CRASH_POINT("durable-stored");

  // The sync made its blocks read-only again, so that the kernel notices the next store. Make the header, the writer's current block,
  // and as much ahead as the writer filled since the last step writable here, so that the writer takes no fault.
  page_->populate(0, page::kHeaderSize, true);
  page_->populate(end, std::clamp(written, kLeastAhead, kMostAhead), true);
  return {};
}

Failure PageSync::finish() {
  if (checked_) {
    // The flag is stored after the CRC, and both are in one disk sector: a flag on disk means that the CRC is complete.
    storeRelaxed(wordAt(page_->data(), page::kPageCrc), frames::pageCrc(page_->data(), durable_));
    storeRelease(wordAt(page_->data(), page::kPageCrcSet), 1);
    CRASH_POINT("page-crc-stored");
  }
  if (Failure failure = page_->sync(0, page::kHeaderSize)) return failure;
  if (page_->damaged()) return failed(EIO, "msync", page_->path());
  CRASH_POINT("header-synced");
  return {};
}

void PageSync::wakeSleepers() {
  if (!moved_) return;
  moved_ = false;
  if (control_) wakeControl(control_->data());
}

Failure PageSync::malformed() const { return failed(EBADMSG, "msync", page_->path()); }

}  // namespace ticktape
