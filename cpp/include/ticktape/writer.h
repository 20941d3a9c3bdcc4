#pragma once

#include <memory>

#include "detail/page_supply.h"
#include "detail/recovery.h"
#include "detail/registration.h"
#include "detail/syncer.h"
#include "detail/writer_lock.h"
#include "frame.h"
#include "instruments.h"
#include "schema.h"

namespace ticktape {

/** What survives. `process`: the death of the process. `interval`: power loss, but for the last 50 ms. */
enum class Durability { process, interval };

struct WriterOptions {
  /** Bytes of a page: a multiple of 4096 from 64 KiB to 1 GiB. 0: what the journal has, 16 MiB for a new one. */
  std::size_t pageSize = 0;
  /** Default: what the journal has, `process` for a new one. */
  std::optional<Durability> durability = {};
  /** What causes name this journal by. Default: what the journal has, 0 for a new one. */
  std::optional<uint16_t> journalId = {};
  /** Of files; the directory of a new journal can be entered by those who can read them. */
  mode_t mode = 0600;
  /** How long another writer may take to end, in ns. */
  int64_t patience = 0;
};

/** What a frame says besides its fields. Only frames of two slots or more have a cause, a source and a destination. */
struct CommitOptions {
  std::optional<Cause> cause = {};
  uint16_t source = 0;
  uint16_t dest = 0;
  /** ns since 1970; 0 for the clock. A time before that of the frame before is not used. */
  int64_t time = 0;
};

/**
 * The one writer of a journal. Creates it if there is none, and recovers it after a crash. One thread of a program writes.
 *
 *     ticktape::Writer writer("/dev/shm/quotes");
 *     auto& ticker = writer.begin<frames::Ticker>();
 *     ticker.symbol = "BTC-USDT";
 *     ticker.last = 61800.2;
 *     writer.commit();
 */
class Writer {
 public:
  /**
   * @throws WriterLockedError when it has a writer, RecoveryRefusedError, CorruptJournalError, NotAJournalError, JournalFullError,
   * InvalidOptionError, SystemError.
   */
  explicit Writer(const std::string& path, const WriterOptions& options = {});
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;
  /** Makes all frames durable and releases the lock. An error of the last sync is lost here: call `flush` before. */
  ~Writer();

  /**
   * A new frame in the memory of the journal, all zeros. Readers see it once it is committed.
   *
   * @throws SchemaMismatchError, JournalFullError (make room and call again), JournalReplacedError, InvalidStateError when one is begun.
   */
  template <class T>
  T& begin() {
    define<T>();
    return *reinterpret_cast<T*>(reserve(T::kId, T::kSlots));
  }

  /** The journal has this definition from now on. `begin` does that by itself. @throws SchemaMismatchError. */
  template <class T>
  void define() {
    if (known_[T::kId % known_.size()] != T::kJson) know(T::kJson, T::kId);
  }

  /** The same as the other `begin` for a definition that is only known at run time: the frame's first byte. */
  uint8_t* begin(const Definition& definition);

  /** Publishes the frame that was begun; in `atomic` with the others. Returns its position. */
  uint64_t commit() {
    const int64_t time = detail::now();
    return finish(time);
  }
  /** @throws InvalidOptionError for a cause, source or destination of a frame of one slot. */
  uint64_t commit(const CommitOptions& options);

  /** Forgets the frame that was begun. */
  void abort();

  /** Fills and publishes a frame: `write<Ticker>([&](Ticker& t) { t.last = 1; })`. Nothing is written when `fill` throws. */
  template <class T, class Fill>
  uint64_t write(const Fill& fill, const CommitOptions& options = {}) {
    T& frame = begin<T>();
    try {
      fill(frame);
      return commit(options);
    } catch (...) {
      abort();
      throw;
    }
  }

  /**
   * Publishes all frames that are committed in `body` in one store, whenever the process is killed, or none of them when it throws.
   *
   * @param slots the most that they take together. @throws InvalidOptionError for more than a page has.
   */
  template <class Body>
  void atomic(uint32_t slots, const Body& body) {
    hold(slots);
    try {
      body();
    } catch (...) {
      dropHeld();
      throw;
    }
    publishHeld();
  }

  /** Says what the numbers in `instrument` fields mean: before the first frame with them. @throws InstrumentMismatchError. */
  void addInstruments(const std::vector<Instrument>& instruments);

  /** Returns once every published frame survives power loss; with the durability `process` at once. @throws SyncFailedError. */
  uint64_t flush();

  /** The position of the next frame, if it fits on this page. */
  uint64_t position() const { return page_->first() + next_; }
  /** Frames below this position survive power loss; with the durability `process`, the death of the process. */
  uint64_t durable() const { return page_->first() + (syncer_ ? page_->durable() : published_); }
  /** Slots of a page: the most that can be published together. */
  uint32_t pageSlots() const { return capacity_; }
  uint64_t epoch() const { return kind_.epoch; }
  uint16_t journalId() const { return kind_.journalId; }
  const std::string& path() const { return directory_.path(); }
  const Schema& schema() const { return schema_; }
  /** Waits until the page after this one exists: for measurements. */
  void waitForNextPage();

 private:
  static constexpr int64_t kSyncEvery = 50'000'000;
  static constexpr int64_t kCheckEvery = 500'000'000;

  uint8_t* reserve(uint16_t type, uint32_t slots) {
    if (begun_ != 0) throwBegun();
    if (next_ + slots > limit_) makeRoom(slots);
    begun_ = slots;
    uint8_t* frame = slots_ + std::size_t{next_} * format::kSlotSize;
    type_ = type | slots << 16;
    return frame;
  }

  uint64_t finish(int64_t time, uint32_t flags = 0) {
    if (begun_ == 0) throwNothingBegun();
    uint8_t* frame = slots_ + std::size_t{next_} * format::kSlotSize;
    if (time > time_) time_ = time;
    detail::put<uint32_t>(frame, type_ | flags << 24);
    detail::put<int64_t>(frame + format::frame::kTime, time_);
    const uint64_t position = first_ + next_;
    next_ += begun_;
    begun_ = 0;
    if (heldFrom_ == kNone) publish();
    return position;
  }

  void publish() {
    published_ = next_;
    if (locked_) {
      // This process cannot register for barriers, or sleepers make none: docs/format.md, "The barrier".
      storeOrdered(cursor_, next_);
      if (__atomic_load_n(sleepers_, __ATOMIC_SEQ_CST) != 0) control_->wake();
    } else {
      storeRelease(cursor_, next_);
      // The processor may load before its store is visible, the compiler may not.
      __atomic_signal_fence(__ATOMIC_SEQ_CST);
      if (loadRelaxed(sleepers_) != 0) control_->wake();
    }
    if (time_ > checkAt_) check();
  }

  static constexpr uint32_t kNone = UINT32_MAX;

  static std::string privatePath(const std::string& path);
  static mode_t checkedMode(const std::string& path, const WriterOptions& options);
  void open(const WriterOptions& options);
  void enter(std::shared_ptr<const detail::Page> page, uint32_t slot);
  void makeRoom(uint32_t slots);
  void roll();
  void check();
  bool holdsFiles() const;
  void know(const char* json, uint16_t id);
  void define(const Definition& definition);
  void hold(uint32_t slots);
  void publishHeld();
  void dropHeld();
  void clear(uint32_t from, uint32_t to);
  uint32_t* mark(uint32_t index) const { return page_->word(format::page::kMarks + std::size_t{4} * index); }
  [[noreturn]] void throwBegun() const { throw InvalidStateError("a frame of " + path() + " is begun: commit it or abort it first", path()); }
  [[noreturn]] void throwNothingBegun() const { throw InvalidStateError("no frame of " + path() + " is begun", path()); }

  detail::Directory directory_;
  std::optional<detail::WriterLock> lock_;
  std::optional<detail::Control> control_;
  detail::PageKind kind_;
  Schema schema_;
  std::optional<Instruments> instruments_;

  // The hot path. `next_` is the slot of the next frame, committed ones are before `published_`.
  std::array<const char*, 64> known_{};
  uint8_t* slots_ = nullptr;
  uint32_t* cursor_ = nullptr;
  uint32_t* sleepers_ = nullptr;
  uint64_t first_ = 0;
  uint32_t next_ = 0;
  uint32_t published_ = 0;
  /** Up to this slot there is room, and no mark to set. */
  uint32_t limit_ = 0;
  uint32_t begun_ = 0;
  uint32_t type_ = 0;
  uint32_t heldFrom_ = kNone;
  uint32_t heldTo_ = 0;
  bool locked_ = false;
  int64_t time_ = 0;
  int64_t checkAt_ = 0;

  uint32_t capacity_ = 0;
  uint32_t stride_ = 0;
  uint32_t nextMark_ = 0;
  std::shared_ptr<const detail::Page> page_;
  std::unique_ptr<detail::PageSupply> supply_;
  std::unique_ptr<detail::Syncer> syncer_;
};

}  // namespace ticktape

#include "detail/writer_impl.h"
