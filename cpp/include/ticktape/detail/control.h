#pragma once

#include "barrier.h"
#include "page.h"

namespace ticktape::detail {

/** The control file of a journal: the words for sleeping and waking, and the slots of named readers. */
class Control {
 public:
  /** Nothing, with errno, when it cannot be opened. @throws CorruptJournalError, FormatVersionError. */
  static std::optional<Control> open(const Directory& directory, bool writable) {
    Descriptor file = directory.open(file_name::kControl, writable ? O_RDWR : O_RDONLY);
    if (!file) return {};
    Control made;
    made.path_ = directory.pathOf(file_name::kControl);
    struct stat status;
    if (::fstat(file.number(), &status) != 0) throwSystem("looking at", made.path_);
    if (!S_ISREG(status.st_mode) || static_cast<std::size_t>(status.st_size) != format::control::kSize) made.damaged();
    made.identity_ = Identity(status);
    made.writable_ = writable;
    made.mapping_ = Mapping(file.number(), format::control::kSize, writable, made.path_);
    made.file_ = std::move(file);
    made.check();
    return made;
  }

  /** With the permission to write a reader can be woken. Nothing where there is none, or it cannot be read. */
  static std::optional<Control> forReader(const Directory& directory) {
    auto control = open(directory, true);
    return control ? std::move(control) : open(directory, false);
  }

  static Control create(const Directory& directory, mode_t mode) {
    namespace control = format::control;
    std::string bytes(control::kSize, '\0');
    auto* data = reinterpret_cast<uint8_t*>(&bytes[0]);
    std::memcpy(data, format::kControlMagic, 8);
    put<uint32_t>(data + control::kVersion, format::kControlVersion);
    put<uint32_t>(data + control::kSlotCount, format::kReaderSlots);
    put<uint32_t>(data + control::kSlotSize, format::reader_slot::kSize);
    put<uint32_t>(data + control::kIdentityCrc, crc32c(data, control::kIdentityCrc));
    directory.replace(file_name::kControl, bytes, mode);
    auto made = open(directory, true);
    if (!made) throwSystem("opening", directory.pathOf(file_name::kControl));
    return std::move(*made);
  }

  const std::string& path() const { return path_; }
  const Identity& identity() const { return identity_; }
  bool writable() const { return writable_; }
  int file() const { return file_.number(); }
  uint8_t* data() const { return mapping_.data(); }
  uint32_t* word(std::size_t offset) const { return mapping_.word(offset); }
  uint32_t version() const { return get<uint32_t>(data() + format::control::kVersion); }

  /**
   * Sleeps until the writer wakes it, for so many ns at most; not at all when there are frames. False when the system refuses the barrier, or
   * the file cannot be written: then the caller must check every few ms.
   */
  template <class HasFrames>
  bool sleep(const HasFrames& hasFrames, int64_t ns) const {
    if (!writable_) return false;
    uint32_t* signal = word(format::control::kSignal);
    const uint32_t seen = __atomic_load_n(signal, __ATOMIC_SEQ_CST);
    storeOrdered(word(format::control::kSleepers), 1);
    // Between that store and the last check: docs/format.md, "The barrier".
    if (!barrier::run()) return false;
    if (!hasFrames()) futexWait(signal, seen, ns);
    return true;
  }

  /** For a writer that has loaded SLEEPERS, and found one. */
  void wake() const {
    if (__atomic_exchange_n(word(format::control::kSleepers), 0, __ATOMIC_SEQ_CST) == 0) return;
    signal();
  }
  /** All sleepers look again. */
  void signal() const {
    __atomic_fetch_add(word(format::control::kSignal), 1, __ATOMIC_SEQ_CST);
    futexWake(word(format::control::kSignal));
  }

  /** Locks the journal for its writer. False when there is another one. */
  bool claim() const { return lockByte(file(), format::control::kCurrentPage); }

 private:
  Control() = default;

  [[noreturn]] void damaged() const { throw CorruptJournalError(path_ + " is damaged; run 'ticktape repair' on its journal", path_); }

  void check() const {
    namespace control = format::control;
    if (std::memcmp(data(), format::kControlMagic, 8) != 0 || crc32c(data(), control::kIdentityCrc) != get<uint32_t>(data() + control::kIdentityCrc)) damaged();
    if (version() < 1 || version() > format::kControlVersion || get<uint32_t>(data() + control::kSlotCount) != format::kReaderSlots ||
        get<uint32_t>(data() + control::kSlotSize) != format::reader_slot::kSize)
      throw FormatVersionError(path_ + " is in version " + std::to_string(version()) + " of the format, this library reads 1 and 2", path_);
  }

  std::string path_;
  Identity identity_;
  bool writable_ = false;
  Descriptor file_;
  Mapping mapping_;
};

}  // namespace ticktape::detail
