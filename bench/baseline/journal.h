#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "../../native/core/format.h"

/**
 * The journal of docs/format.md in plain C++. The benchmark uses it as the limit of what is possible, and the tests use it to show that the
 * format does not depend on a language. It shares only the generated offsets with the library, and a parser of
 * JSON with that for C++.
 */
namespace baseline {

namespace format = ticktape::format;

/** A mapped page or control file. */
class Mapped {
 public:
  Mapped() = default;
  Mapped(uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  Mapped(Mapped&& other) noexcept;
  Mapped& operator=(Mapped&& other) noexcept;
  ~Mapped();

  explicit operator bool() const { return data_ != nullptr; }
  uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  uint32_t capacity() const { return static_cast<uint32_t>((size_ - format::page::kHeaderSize) / format::kSlotSize); }
  uint8_t* slot(uint32_t slot) const { return data_ + format::page::kHeaderSize + std::size_t{slot} * format::kSlotSize; }
  std::atomic<uint32_t>& word(std::size_t offset) const { return *reinterpret_cast<std::atomic<uint32_t>*>(data_ + offset); }

 private:
  uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};
static_assert(sizeof(std::atomic<uint32_t>) == 4 && std::atomic<uint32_t>::is_always_lock_free);

/** How the writer announces a frame. */
enum class Announce {
  barrier,  // the protocol: a release store, then a check for sleepers, which make a barrier
  ordered,  // for a process that cannot register for barriers: a sequentially consistent store, then the check
  release   // without the check for sleepers: the minimum for any protocol with a cursor
};

/** The frames that the benchmark writes. bench/support/frames.ts defines the same ones. */
struct Small {
  static constexpr uint16_t kType = 1;
  static constexpr uint8_t kSlots = 1;
  static constexpr std::size_t kPayload = format::frame::kSmallHeaderSize;
  static constexpr int kFields = 4;
};
struct Large {
  static constexpr uint16_t kType = 2;
  static constexpr uint8_t kSlots = 2;
  static constexpr std::size_t kPayload = format::frame::kLargeHeaderSize;
  static constexpr int kFields = 8;
};

/** A frame with the kinds that came later: seq f64, instrument, note text(36). */
struct Label {
  static constexpr uint16_t kType = 3;
  static constexpr uint8_t kSlots = 1;
  static constexpr std::size_t kSeq = 16;
  static constexpr std::size_t kInstrument = 24;
  static constexpr std::size_t kNote = 28;
  static constexpr std::size_t kNoteSize = 36;
};

/** The definitions of a new journal, and what its numbers of instruments mean. */
struct Schema {
  const char* json;
  /** The first 8 bytes of the SHA-256 of its "frames"; test/journal/format/cpp-program.test.ts computes them again. */
  std::array<uint8_t, 8> hash;
  /** The text of instruments.json; null for none. */
  const char* instruments;
};
/** Small and Large. */
extern const Schema kPlainSchema;
/** Label, with instruments 1 to 3 and 4,000,000,000. */
extern const Schema kLabelSchema;

int64_t now();

/** The writer of a new journal, with a thread that creates the next page in advance. */
class Writer {
 public:
  /** @param written allocate the blocks of pages by writing zeros, as the library does in memory, instead of by posix_fallocate. */
  Writer(std::string directory, std::size_t pageSize, Announce announce, bool timestamps, bool written = false,
         const Schema& schema = kPlainSchema);
  ~Writer();

  /** Returns the address of the frame's first byte. The caller fills the payload before `commit`. */
  uint8_t* begin(uint32_t slots) {
    if (next_ + slots > limit_) makeRoom(slots);
    return page_.slot(next_);
  }

  void commit(uint8_t* frame, uint16_t type, uint8_t slots) {
    if (timestamps_) time_ = std::max(time_, now());
    *reinterpret_cast<uint32_t*>(frame) = type | static_cast<uint32_t>(slots) << 16;
    *reinterpret_cast<int64_t*>(frame + format::frame::kTime) = time_;
    next_ += slots;
    if (!corked_) publish();
  }

  /** From now on each publish also requests the next frame's cache line, as the library does. */
  void fetchAhead() { fetchesAhead_ = true; }

  void cork() { corked_ = true; }
  void uncork() {
    corked_ = false;
    publish();
  }
  /** Waits until the page after this one exists. */
  void waitForNext();

 private:
  void publish() {
    std::atomic<uint32_t>& cursor = page_.word(format::page::kCursor);
    if (announce_ == Announce::release) {
      cursor.store(next_, std::memory_order_release);
      return;
    }
    const bool locked = announce_ == Announce::ordered;
    cursor.store(next_, locked ? std::memory_order_seq_cst : std::memory_order_release);
    const auto& sleepers = control_.word(format::control::kSleepers);
    if (sleepers.load(locked ? std::memory_order_seq_cst : std::memory_order_relaxed) != 0) wake();
    if (fetchesAhead_ && next_ < limit_) *reinterpret_cast<volatile uint32_t*>(page_.slot(next_)) = 0;
  }

  void wake();
  void makeRoom(uint32_t slots);
  void roll();
  void supply();

  const std::string directory_;
  const std::size_t pageSize_;
  const Announce announce_;
  const bool timestamps_;
  const bool written_;
  const Schema& schema_;
  int lock_ = -1;
  Mapped control_;
  Mapped page_;
  uint32_t number_ = 0;
  uint32_t next_ = 0;
  uint32_t limit_ = 0;
  uint32_t nextMark_ = 0;
  uint32_t stride_ = 0;
  int64_t time_ = 0;
  bool corked_ = false;
  bool fetchesAhead_ = false;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Mapped> ready_;
  std::optional<Mapped> retired_;
  std::optional<uint32_t> wanted_;
  bool closing_ = false;
  std::thread supplier_;
};

/** Reads a journal, beginning with its first page. */
class Reader {
 public:
  explicit Reader(std::string directory);

  /** Calls `handle(frame, type)` for each frame that exists now. Returns the number of frames. */
  template <typename Handle>
  uint32_t poll(const Handle& handle) {
    return poll(handle, [] {});
  }

  /** The same, but calls `found` between finding frames and reading them. */
  template <typename Handle, typename Found>
  uint32_t poll(const Handle& handle, const Found& found) {
    const uint32_t end = available();
    uint32_t count = 0;
    if (slot_ < end) found();
    while (slot_ < end) {
      const uint8_t* frame = page_.slot(slot_);
      const uint32_t word = *reinterpret_cast<const uint32_t*>(frame);
      const uint32_t slots = (word >> 16) & 0xff;
      const uint32_t type = word & 0xffff;
      if (slots == 0 || type == 0 || slots > end - slot_) damaged();
      slot_ += slots;
      count++;
      handle(frame, type);
    }
    return count;
  }

 private:
  uint32_t available() {
    const uint32_t end = page_.word(format::page::kCursor).load(std::memory_order_acquire);
    if (end > page_.capacity()) damaged();
    if (end != slot_ || page_.word(format::page::kSealed).load(std::memory_order_acquire) == 0) return end;
    return turn();
  }

  uint32_t turn();
  [[noreturn]] void damaged() const;

  const std::string directory_;
  Mapped page_;
  uint32_t number_ = 0;
  uint32_t slot_ = 0;
};

/** The pauses of a spinning reader. They are as long as the library's and come at the same checks; see src/wait/pause.ts. */
class BackOff {
 public:
  /** Call it between finding frames and reading them. */
  void found() {
    if (flowing_) pause(kFlowTurns);
    flowing_ = misses_ == 0;
    misses_ = 0;
  }
  void missed() {
    flowing_ = false;
    if (++misses_ > kEagerLooks) pause(kPauseTurns);
  }

 private:
  static constexpr int kEagerLooks = 4;
  // Iterations of one cycle each. Those of the library's loop take two to three cycles.
  static constexpr int kPauseTurns = 150;
  static constexpr int kFlowTurns = 3750;

  static void pause(int turns) {
    for (int i = 0; i < turns; i++) {
#if defined(__GNUC__)
      asm volatile("" : "+r"(i));
#endif
    }
  }

  int misses_ = 1;
  bool flowing_ = false;
};

}  // namespace baseline
