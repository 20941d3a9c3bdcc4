#pragma once

#include <cstring>
#include <vector>

#include "../core/format.h"
#include "../core/page_file.h"
#include "../core/words.h"
#include "check.h"

/** Creates pages for tests in the way the library does. */
namespace page_memory {

using namespace ticktape;
using namespace ticktape::format;

constexpr std::size_t kSize = page::kMinSize;
constexpr uint32_t kCapacity = (kSize - page::kHeaderSize) / kSlotSize;

inline std::vector<uint8_t> header(uint64_t firstPosition, bool checked) {
  std::vector<uint8_t> bytes(page::kHeaderSize, 0);
  std::memcpy(&bytes[page::kMagic], kPageMagic, 8);
  std::memcpy(&bytes[page::kFirstPosition], &firstPosition, 8);
  bytes[page::kFlags] = checked ? page_flag::kChecked : 0;
  return bytes;
}

inline void putFrame(uint8_t* page, uint32_t slot, uint16_t type, uint8_t slots, int64_t time) {
  uint8_t* frame = page + page::kHeaderSize + static_cast<std::size_t>(slot) * kSlotSize;
  std::memset(frame, static_cast<int>(slot * 7 + 1), slots * kSlotSize);
  std::memcpy(frame + frame::kType, &type, 2);
  frame[frame::kSlots] = slots;
  frame[frame::kFlags] = 0;
  std::memset(frame + frame::kCrc, 0, 4);
  std::memcpy(frame + frame::kTime, &time, 8);
}

/** A page with a header and no frames. */
inline RegionPtr newPage(const std::string& path, uint64_t firstPosition = 0, bool checked = true) {
  Result<RegionPtr> made = Region::create(path, kSize, 0600);
  CHECK(made.ok());
  const std::vector<uint8_t> bytes = header(firstPosition, checked);
  std::memcpy(made.value->data(), bytes.data(), bytes.size());
  return made.value;
}

/** Writes frames of one slot up to `cursor`, and publishes them. */
inline void publish(const Region& page, uint32_t cursor) {
  const uint32_t from = loadAcquire(wordAt(page.data(), page::kCursor));
  for (uint32_t slot = from; slot < cursor; slot++) putFrame(page.data(), slot, 1, 1, slot);
  storeRelease(wordAt(page.data(), page::kCursor), cursor);
}

inline uint32_t word(const Region& page, std::size_t offset) { return loadAcquire(wordAt(page.data(), offset)); }

}  // namespace page_memory
