#pragma once

#include <cstdint>
#include <cstring>

#include "definition.h"
#include "format.h"

namespace ticktape {

class Reader;

/** The frame that led to another one. */
struct Cause {
  uint64_t position = 0;
  /** The number of its journal. */
  uint16_t journal = 0;
  /** ns since 1970. */
  int64_t time = 0;
  uint32_t sinceRoot = 0;
};

/** The first 16 bytes of a generated struct of one slot. The writer fills them. */
struct alignas(8) SmallHeader {
  uint8_t bytes[format::frame::kSmallHeaderSize];
};
/** The first 32 bytes of a generated struct of two slots or more. */
struct alignas(8) LargeHeader {
  uint8_t bytes[format::frame::kLargeHeaderSize];
};

/** One frame, in the memory of its journal. Valid until the handler that got it returns, or the reader is asked for the next one. */
class Frame {
 public:
  Frame(const uint8_t* data, uint64_t position, Reader* reader) : data_(data), position_(position), reader_(reader) {}

  uint64_t position() const { return position_; }
  /** The id of its definition. */
  uint16_t type() const { return load<uint16_t>(format::frame::kType); }
  uint32_t slots() const { return data_[format::frame::kSlots]; }
  /** ns since 1970. */
  int64_t time() const { return load<int64_t>(format::frame::kTime); }
  const uint8_t* data() const { return data_; }
  std::size_t size() const { return slots() * format::kSlotSize; }

  bool hasCause() const { return slots() > 1 && (data_[format::frame::kFlags] & format::frame_flag::kHasCause) != 0; }
  /** The position of the frame that led to this one; 0 where there is none. */
  uint64_t cause() const { return hasCause() ? load<uint64_t>(format::frame::kCause) & kPositionMask : 0; }
  uint16_t causeJournal() const { return hasCause() ? static_cast<uint16_t>(load<uint64_t>(format::frame::kCause) >> format::kCausePositionBits) : uint16_t{0}; }
  /** Numbers that the program gives a meaning; 0 in frames of one slot. */
  uint16_t source() const { return slots() > 1 ? load<uint16_t>(format::frame::kSource) : uint16_t{0}; }
  uint16_t dest() const { return slots() > 1 ? load<uint16_t>(format::frame::kDest) : uint16_t{0}; }
  /** ns from the first frame of the chain of causes to this one, 2^32 - 1 at most. */
  uint32_t sinceRoot() const { return slots() > 1 ? load<uint32_t>(format::frame::kSinceRoot) : 0; }

  /** This frame as the cause of another one. */
  Cause asCause() const;
  /** Its definition; null when the journal's schema has none. Valid as long as the reader is open. */
  const Definition* definition() const;
  /** The reader that has read it. */
  Reader& reader() const { return *reader_; }

  template <class T>
  T load(std::size_t offset) const {
    T value;
    std::memcpy(&value, data_ + offset, sizeof value);
    return value;
  }

 private:
  static constexpr uint64_t kPositionMask = (uint64_t{1} << format::kCausePositionBits) - 1;

  const uint8_t* data_;
  uint64_t position_;
  Reader* reader_;
};

}  // namespace ticktape
