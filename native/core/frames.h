#pragma once

#include <cstddef>
#include <cstdint>

/**
 * Frames in a mapped page. `page` is the address of the page's first byte; `from`, `to` and `slot` must lie within the page. Every
 * length read from the page is checked before it is used: no content can make these functions read past `to` or loop forever.
 */
namespace ticktape::frames {

/** Slots of a page of `size` bytes. */
uint32_t capacity(std::size_t size);

/** The number of slots in the header of the frame at `slot`: 0 to 255, not checked against anything. */
uint32_t slotsAt(const uint8_t* page, uint32_t slot);

/** The slot where a walk over frames ended, and the reason. */
struct Walk {
  enum class Reason { end, noSlots, noType, pastEnd, crcMissing, crcWrong, timeBackwards };
  uint32_t slot;
  uint32_t frames;
  Reason reason;
  int64_t lastTime;
};

Walk walk(const uint8_t* page, uint32_t from, uint32_t to, uint64_t firstPosition, bool checked, int64_t minTime);

/**
 * The CRC of the frame at `slot`, which has `slots` slots: CRC32C over its position (u64), then its bytes without the CRC
 * field. The position is included so that an old frame left in a reused block, or a frame copied elsewhere, fails the check. 0 means
 * "no CRC yet", so a computed CRC of 0 is stored as 1.
 */
uint32_t crc(const uint8_t* page, uint32_t slot, uint32_t slots, uint64_t firstPosition);

/** Stores the CRC of each frame in [from, to). Returns the slot where it ended: before `to` when a frame is malformed. */
uint32_t stamp(uint8_t* page, uint32_t from, uint32_t to, uint64_t firstPosition);

/** The CRC of a sealed page: of its identity and of the slots below `cursor`. */
uint32_t pageCrc(const uint8_t* page, uint32_t cursor);

}  // namespace ticktape::frames
