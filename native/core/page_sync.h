#pragma once

#include <cstdint>

#include "region.h"

namespace ticktape {

/**
 * Makes the frames of one page durable, step by step.
 *
 * The order of a step, and what a power loss between two of its parts leaves:
 *   1. read the cursor            nothing has changed
 *   2. stamp CRCs                 frames whose CRC tells good from bad, should any of their blocks reach the disk
 *   3. msync the frames' blocks   the frames are on disk
 *   4. store the durable cursor   may reach the disk at any later time; it never says more than 3 did
 *
 * With CRCs the header's block is not synced after 4 (unless it is next to the frames and comes along for nothing): recovery
 * walks by CRC from whatever durable cursor the disk has, an old one only makes it walk further. Without CRCs
 * the durable cursor is all that recovery can trust, so there the header is synced each time.
 */
class PageSync {
 public:
  /** `page` is writable and has at least a header, which says whether its frames get a CRC; `control` may be null. */
  PageSync(RegionPtr page, RegionPtr control);

  struct Step {
    Failure failure;
    /** The page was sealed and is now durable whole, with its CRC. */
    bool finished = false;
  };
  Step step();

  uint64_t durablePosition() const { return firstPosition_ + durable_; }
  /** Wakes who sleeps in `control`, when the durable cursor moved since the last time. */
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
