#pragma once

#include "control.h"

namespace ticktape::detail {

/** A reader slot of `control`, from its first byte. */
inline std::size_t readerSlot(std::size_t index) { return format::control::kHeaderSize + index * format::reader_slot::kSize; }

/** The number of the checkpoint after this one. */
inline uint32_t nextCheckpoint(uint32_t count) { return count == UINT32_MAX ? 2 : count + 1; }
/** Where the position of a checkpoint is in its slot. */
inline std::size_t positionAt(uint32_t count) { return format::reader_slot::kPosition + 8 * (count & 1); }

/** The slot of a named reader. A lock on it lives as long as the control file is open. */
class Registration {
 public:
  /** @throws ReaderNameError, and ReaderBusyError when a live reader has the name. */
  Registration(const Control& control, const std::string& name) : control_(&control) {
    const bool good = !name.empty() && name.size() < format::reader_slot::kNameSize && std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    if (!good) throw ReaderNameError("a reader's name is 1 to 63 printable ASCII characters without spaces, not '" + name + "'");
    if (!control.writable())
      throw ReaderNameError("a named reader stores its position in " + control.path() + ", which this process may not write", control.path());
    if (!tryFor(2'000'000'000, [&] { return lockByte(control.file(), format::control::kSlotCount); }))
      throw ReaderBusyError("another process has been registering a reader in " + control.path() + " for 2 s", control.path());
    try {
      take(name);
    } catch (...) {
      unlockByte(control.file(), format::control::kSlotCount);
      throw;
    }
    unlockByte(control.file(), format::control::kSlotCount);
    count_ = loadAcquire(word(format::reader_slot::kCheckpoint));
  }

  /** Where the last reader of this name stopped; nothing for a new name. */
  std::optional<uint64_t> position() const {
    if (count_ == 0) return {};
    return loadLong(control_->data() + at_ + positionAt(count_));
  }

  /** Stores where to continue. A crash leaves the old position or the new one: the count, which selects, is stored last. */
  void store(uint64_t position, int64_t time) {
    count_ = nextCheckpoint(count_);
    uint8_t* slot = control_->data() + at_;
    __atomic_store_n(reinterpret_cast<uint64_t*>(slot + positionAt(count_)), position, __ATOMIC_RELAXED);
    __atomic_store_n(reinterpret_cast<int64_t*>(slot + format::reader_slot::kHeartbeat), time, __ATOMIC_RELAXED);
    storeRelease(word(format::reader_slot::kCheckpoint), count_);
  }

  /** The name and its position stay; without a position the slot becomes free, for whoever locks it next. */
  void release() {
    if (count_ == 0) storeRelease(word(format::reader_slot::kState), format::reader_state::kFree);
    unlockByte(control_->file(), at_);
  }

 private:
  uint32_t* word(std::size_t offset) const { return control_->word(at_ + offset); }
  static uint32_t stateOf(const Control& control, std::size_t at) { return loadAcquire(control.word(at + format::reader_slot::kState)); }

  void take(const std::string& name) {
    const Control& control = *control_;
    for (std::size_t i = 0; i < format::kReaderSlots; i++) {
      const std::size_t at = readerSlot(i);
      const auto* stored = reinterpret_cast<const char*>(control.data() + at + format::reader_slot::kName);
      if (stateOf(control, at) != format::reader_state::kUsed || std::string(stored, ::strnlen(stored, format::reader_slot::kNameSize)) != name) continue;
      at_ = at;
      if (!lockByte(control.file(), at)) {
        throw ReaderBusyError("reader '" + name + "' is open already, in process " + std::to_string(loadRelaxed(word(format::reader_slot::kPid))) +
                                  "; give this one another name",
                              control.path());
      }
      // The reader that had it may have freed it before it gave up the lock: then there is no name and no position.
      if (stateOf(control, at) == format::reader_state::kUsed) sign();
      else begin(name);
      return;
    }
    for (std::size_t i = 0; i < format::kReaderSlots; i++) {
      at_ = readerSlot(i);
      if (stateOf(control, at_) == format::reader_state::kUsed || !lockByte(control.file(), at_)) continue;
      begin(name);
      return;
    }
    throw ReaderNameError("all slots for named readers in " + control.path() + " are in use; 'ticktape prune --forget NAME' frees one", control.path());
  }

  /** A free slot that is locked gets this name. */
  void begin(const std::string& name) const {
    storeRelease(word(format::reader_slot::kState), format::reader_state::kWriting);
    uint8_t* slot = control_->data() + at_;
    std::memset(slot + 4, 0, format::reader_slot::kSize - 4);
    std::memcpy(slot + format::reader_slot::kName, name.data(), name.size());
    sign();
    storeRelease(word(format::reader_slot::kState), format::reader_state::kUsed);
  }

  void sign() const {
    put<uint32_t>(control_->data() + at_ + format::reader_slot::kPid, static_cast<uint32_t>(::getpid()));
    put<uint64_t>(control_->data() + at_ + format::reader_slot::kProcessStart, processStart());
  }

  const Control* control_;
  std::size_t at_ = 0;
  uint32_t count_ = 0;
};

/** Moves readers that are past the end back to it: frames that they had read may be lost after a power loss. */
inline void clampReaders(const Control& control, uint64_t end) {
  for (std::size_t i = 0; i < format::kReaderSlots; i++) {
    const std::size_t at = readerSlot(i);
    uint32_t* checkpoint = control.word(at + format::reader_slot::kCheckpoint);
    const uint32_t count = loadAcquire(checkpoint);
    if (loadAcquire(control.word(at)) != format::reader_state::kUsed || loadLong(control.data() + at + positionAt(count)) <= end) continue;
    const uint32_t following = nextCheckpoint(count);
    put<uint64_t>(control.data() + at + positionAt(following), end);
    storeRelease(checkpoint, following);
  }
}

}  // namespace ticktape::detail
