#pragma once

#include <cstring>
#include <string>

#include "../format.h"
#include "crc32c.h"
#include "directory.h"

namespace ticktape::detail {

template <class T>
T get(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}
template <class T>
void put(uint8_t* at, T value) {
  std::memcpy(at, &value, sizeof value);
}

inline uint32_t capacityOf(std::size_t pageSize) { return static_cast<uint32_t>((pageSize - format::page::kHeaderSize) / format::kSlotSize); }

/** Slots between two marks. */
inline uint32_t strideOf(uint32_t capacity) {
  uint32_t stride = format::page::kMinMarkStride;
  while ((capacity + stride - 1) / stride > format::page::kMarkCount) stride *= 2;
  return stride;
}

/** What the CRC field of a frame must have. */
inline uint32_t frameCrc(const uint8_t* frame, uint32_t slots, uint64_t position) {
  uint32_t crc = crc32c(&position, sizeof position);
  crc = crc32c(frame, format::frame::kCrc, crc);
  crc = crc32c(frame + format::frame::kTime, slots * format::kSlotSize - format::frame::kTime, crc);
  return crc == 0 ? 1 : crc;
}

/** One page of a journal, mapped: its header, and the walk over its frames. Every byte is checked before it is used. */
class Page {
 public:
  Page() = default;

  /** @throws JournalNotFoundError, NotAJournalError, FormatVersionError, CorruptJournalError, SystemError. */
  Page(const Directory& directory, uint64_t number, bool writable) : path_(directory.pathOf(pageName(number))) {
    const Descriptor file = directory.open(pageName(number), writable ? O_RDWR : O_RDONLY);
    if (!file && errno == ENOENT) throw JournalNotFoundError(path_ + " does not exist", path_);
    if (!file && errno != ELOOP) throwSystem("opening", path_);
    struct stat status {};
    if (!file || ::fstat(file.number(), &status) != 0 || !S_ISREG(status.st_mode))
      throw CorruptJournalError(path_ + " is no regular file", path_);
    identity_ = Identity(status);
    const auto size = static_cast<uint64_t>(status.st_size);
    if (size < format::page::kHeaderSize || size > format::page::kMaxSize)
      throw CorruptJournalError(path_ + " has " + std::to_string(size) + " bytes; run 'ticktape verify' on its journal", path_);
    mapping_ = Mapping(file.number(), static_cast<std::size_t>(size), writable, path_);
    checkHeader(number);
  }

  explicit operator bool() const { return mapping_.data() != nullptr; }
  const std::string& path() const { return path_; }
  const Identity& identity() const { return identity_; }
  const Mapping& mapping() const { return mapping_; }
  uint8_t* data() const { return mapping_.data(); }
  std::size_t size() const { return mapping_.size(); }
  uint32_t capacity() const { return capacity_; }
  uint64_t number() const { return number_; }
  /** The position of its first slot. */
  uint64_t first() const { return first_; }
  uint64_t epoch() const { return get<uint64_t>(data() + format::page::kEpoch); }
  uint16_t journalId() const { return get<uint16_t>(data() + format::page::kJournalId); }
  /** Whether frames below the durable cursor have checksums. */
  bool checked() const { return (get<uint32_t>(data() + format::page::kFlags) & format::page_flag::kChecked) != 0; }
  BootId boot() const { return get<BootId>(data() + format::page::kBootId); }

  uint8_t* slot(uint32_t slot) const { return data() + format::page::kHeaderSize + std::size_t{slot} * format::kSlotSize; }
  uint32_t* word(std::size_t offset) const { return mapping_.word(offset); }
  uint32_t load(std::size_t offset) const { return loadAcquire(word(offset)); }

  /** Slots committed. @throws CorruptJournalError when that is past the end. */
  uint32_t cursor() const { return slotsAt(format::page::kCursor, "cursor"); }
  /** Slots that survive power loss. */
  uint32_t durable() const { return slotsAt(format::page::kDurable, "durable cursor"); }
  bool sealed() const { return load(format::page::kSealed) == 1; }

  uint32_t slotsOf(uint32_t at) const { return slot(at)[format::frame::kSlots]; }
  int64_t timeOf(uint32_t at) const { return get<int64_t>(slot(at) + format::frame::kTime); }
  bool hasRightCrc(uint32_t at) const { return get<uint32_t>(slot(at) + format::frame::kCrc) == frameCrc(slot(at), slotsOf(at), first_ + at); }

  /** What is wrong with the frame at a slot; empty when nothing is. */
  std::string damage(uint32_t at, uint32_t end) const {
    const uint32_t slots = slotsOf(at);
    if (get<uint16_t>(slot(at)) == 0) return "has no type";
    if (slots == 0) return "has no slots";
    return slots > end - at ? "ends at slot " + std::to_string(uint64_t{at} + slots) + ", after the cursor (" + std::to_string(end) + ")" : "";
  }

  /** The slots of a frame that ends before `end`. @throws CorruptJournalError. */
  uint32_t checkFrame(uint32_t at, uint32_t end) const {
    const std::string problem = damage(at, end);
    if (problem.empty()) return slotsOf(at);
    throw CorruptJournalError("the frame at slot " + std::to_string(at) + " of " + path_ + ' ' + problem + "; run 'ticktape verify' on its journal", path_,
                              first_ + at);
  }

  /** Calls `visit` with the slot of each frame from one up to `end`. */
  template <class Visit>
  void walk(uint32_t from, uint32_t end, const Visit& visit) const {
    for (uint32_t at = from; at < end;) {
      const uint32_t slots = checkFrame(at, end);
      visit(at);
      at += slots;
    }
  }

  /** A slot at or before this one at which a frame begins. Marks are hints: an impossible one is passed over. */
  uint32_t markBefore(uint32_t at, uint32_t end) const {
    const uint32_t stride = strideOf(capacity_);
    for (uint32_t i = std::min<uint32_t>(at / stride, format::page::kMarkCount - 1); i > 0; i--) {
      const uint32_t mark = load(format::page::kMarks + std::size_t{4} * i);
      if (mark >= i * stride && mark < (i + 1) * stride && mark <= at && mark < end) return mark;
    }
    return 0;
  }

  /** The last frame before the slot at which another one begins, or the cursor; nothing when there is none. */
  std::optional<uint32_t> frameBefore(uint32_t at) const {
    std::optional<uint32_t> last;
    if (at > 0) walk(markBefore(at - 1, at), at, [&](uint32_t slot) { last = slot; });
    return last;
  }

 private:
  void checkHeader(uint64_t number) {
    namespace page = format::page;
    const uint8_t* data = mapping_.data();
    const std::size_t size = mapping_.size();
    if (std::memcmp(data, format::kPageMagic, 8) != 0) {
      if (std::all_of(data, data + page::kIdentitySize, [](uint8_t byte) { return byte == 0; })) damaged("it is all zeros");
      throw NotAJournalError(path_ + " does not begin with the magic of a page", path_);
    }
    const auto version = get<uint32_t>(data + page::kVersion);
    if (version != format::kFormatVersion)
      throw FormatVersionError(path_ + " has version " + std::to_string(version) + " of the format, but this library reads 1", path_);
    if (crc32c(data, page::kIdentityCrc) != get<uint32_t>(data + page::kIdentityCrc)) damaged("its checksum is wrong");
    if (get<uint32_t>(data + page::kPageSize) != size || size < page::kMinSize || size % page::kHeaderSize != 0)
      damaged("its size is not that of the file");
    capacity_ = capacityOf(size);
    number_ = number;
    first_ = number * capacity_;
    if (get<uint32_t>(data + page::kPageNumber) != number || get<uint64_t>(data + page::kFirstPosition) != first_ || first_ + capacity_ >= (uint64_t{1} << 53))
      damaged("its number is not that of its name");
  }

  [[noreturn]] void damaged(const std::string& what) const {
    throw CorruptJournalError("the header of " + path_ + " is damaged: " + what + "; run 'ticktape verify' on its journal", path_);
  }

  uint32_t slotsAt(std::size_t offset, const char* name) const {
    const uint32_t slots = load(offset);
    if (slots <= capacity_) return slots;
    throw CorruptJournalError("the " + std::string(name) + " of " + path_ + " is " + std::to_string(slots) + ", past its " + std::to_string(capacity_) + " slots",
                              path_, first_);
  }

  std::string path_;
  Identity identity_;
  Mapping mapping_;
  uint32_t capacity_ = 0;
  uint64_t number_ = 0;
  uint64_t first_ = 0;
};

}  // namespace ticktape::detail
