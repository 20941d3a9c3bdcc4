#include "frames.h"

#include "crc32c.h"
#include "format.h"
#include "words.h"

namespace ticktape::frames {
namespace {

using namespace format;

/** The first 8 bytes of a frame, from one load: the checked value is the used value, even when the memory changes meanwhile. */
struct Head {
  uint16_t type;
  uint8_t slots;
  uint32_t crc;
};

static_assert(frame::kType == 0 && frame::kSlots == 2 && frame::kFlags == 3 && frame::kCrc == 4 && frame::kTime == 8,
              "headOf takes these apart");

const uint8_t* frameAt(const uint8_t* page, uint32_t slot) {
  return page + page::kHeaderSize + static_cast<std::size_t>(slot) * kSlotSize;
}

Head headOf(const uint8_t* frame) {
  const uint64_t word = loadLong(frame);
  return {static_cast<uint16_t>(word), static_cast<uint8_t>(word >> 16), static_cast<uint32_t>(word >> 32)};
}

}  // namespace

uint32_t capacity(std::size_t size) {
  return size < page::kHeaderSize ? 0 : static_cast<uint32_t>((size - page::kHeaderSize) / kSlotSize);
}

uint32_t slotsAt(const uint8_t* page, uint32_t slot) { return headOf(frameAt(page, slot)).slots; }

Walk walk(const uint8_t* page, uint32_t from, uint32_t to, uint64_t firstPosition, bool checked, int64_t minTime) {
  using Reason = Walk::Reason;
  Walk walk{from, 0, Reason::end, minTime};
  const auto stop = [&walk](Reason reason) {
    walk.reason = reason;
    return walk;
  };

  while (walk.slot < to) {
    const uint8_t* at = frameAt(page, walk.slot);
    const Head head = headOf(at);
    if (head.slots == 0) return stop(Reason::noSlots);
    if (head.type == 0) return stop(Reason::noType);
    if (head.slots > to - walk.slot) return stop(Reason::pastEnd);
    if (checked) {
      if (head.crc == 0) return stop(Reason::crcMissing);
      if (head.crc != crc(page, walk.slot, head.slots, firstPosition)) return stop(Reason::crcWrong);
    }
    const auto time = static_cast<int64_t>(loadLong(at + frame::kTime));
    if (time < walk.lastTime) return stop(Reason::timeBackwards);

    walk.lastTime = time;
    walk.slot += head.slots;
    walk.frames++;
  }
  return walk;
}

uint32_t crc(const uint8_t* page, uint32_t slot, uint32_t slots, uint64_t firstPosition) {
  const uint8_t* at = frameAt(page, slot);
  const uint64_t position = firstPosition + slot;
  uint32_t crc = crc32c(&position, sizeof position);
  crc = crc32c(at, frame::kCrc, crc);
  crc = crc32c(at + frame::kTime, slots * kSlotSize - frame::kTime, crc);
  return crc == 0 ? 1 : crc;
}

uint32_t stamp(uint8_t* page, uint32_t from, uint32_t to, uint64_t firstPosition) {
  uint32_t slot = from;
  while (slot < to) {
    const uint8_t* at = frameAt(page, slot);
    const Head head = headOf(at);
    if (head.slots == 0 || head.type == 0 || head.slots > to - slot) break;
    storeRelaxed(wordAt(page, static_cast<std::size_t>(at - page) + frame::kCrc), crc(page, slot, head.slots, firstPosition));
    slot += head.slots;
  }
  return slot;
}

uint32_t pageCrc(const uint8_t* page, uint32_t cursor) {
  const uint32_t identity = crc32c(page, page::kIdentitySize);
  return crc32c(page + page::kHeaderSize, static_cast<std::size_t>(cursor) * kSlotSize, identity);
}

}  // namespace ticktape::frames
