#pragma once

#include <cstdint>

#include "region.h"

namespace ticktape {

/**
 * Makes the frames of one page durable, step by step.
 *
 * The parts of a step, and the state after a power loss that follows each of them:
 *   1. read the cursor            nothing has changed
 *   2. stamp CRCs                 frames whose CRC tells good from bad, if any of their blocks reach the disk
 *   3. msync the frames' blocks   the frames are on disk
 *   4. store the durable cursor   it may reach the disk at any later time; it never exceeds what part 3 synced
 *
 * With CRCs the header's block is not synced after part 4 (unless it is next to the frames and is synced with them at no extra cost):
 * recovery walks by CRC from the durable cursor that is on disk, and an old one only makes it walk further. Without CRCs
 * the durable cursor is all that recovery can trust, so the header is synced in each step.
 */
class PageSync {
 public:
  /** `page` must be writable and have at least a header, which says whether its frames get a CRC; `control` may be null. */
  PageSync(RegionPtr page, RegionPtr control);

  struct Step {
    Failure failure;
    /** The page was sealed, and all of it is now durable, with the page's CRC. */
    bool finished = false;
  };
  Step step();

  uint64_t durablePosition() const { return firstPosition_ + durable_; }
  /** Wakes the sleepers of `control` if the durable cursor has moved since the last call. */
  void wakeSleepers();

 private:
  Failure syncFrames(uint32_t cursor);
  Failure finish();
  Failure malformed() const;

  RegionPtr page_;
  RegionPtr control_;
  bool checked_;
  bool moved_ = false;
  uint64_t firstPosition_;
  uint32_t capacity_;
  uint32_t durable_;
};

}  // namespace ticktape
