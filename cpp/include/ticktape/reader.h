#pragma once

#include <map>
#include <memory>
#include <optional>

#include "detail/registration.h"
#include "handlers.h"
#include "instruments.h"
#include "schema.h"

namespace ticktape {

/** Where a reader begins that has no name, or whose name is new. */
enum class Start { first, end };

struct ReaderOptions {
  Start start = Start::first;
  /** Begins at this position instead. */
  std::optional<uint64_t> position = {};
  /** Registers the reader: `checkpoint` stores its position, and the next reader of that name continues there. */
  std::string name = {};
  /** Only what survives power loss. */
  bool durable = false;
  /** How long another reader of that name may take to end, in ns. */
  int64_t patience = 0;
};

/**
 * Reads a journal forward, from any position. One thread uses it.
 *
 *     ticktape::Reader reader("/dev/shm/quotes");
 *     auto handlers = ticktape::handlers(ticktape::on<frames::Ticker>([](const frames::Ticker& t) { ... }));
 *     for (;;)
 *       if (reader.poll(handlers) == 0) reader.wait(1'000'000'000);
 */
class Reader {
 public:
  /** @throws JournalNotFoundError, CorruptJournalError, PositionGoneError, ReaderNameError, ReaderBusyError, SystemError and others. */
  explicit Reader(const std::string& path, const ReaderOptions& options = {});
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;
  ~Reader() {
    if (registration_) registration_->release();
  }

  /**
   * Calls the handler of each frame that is there now, so many frames at most. Returns how many there were.
   *
   * @throws CorruptJournalError, SchemaMismatchError, PositionGoneError, JournalReplacedError, and what a handler throws: `position` is behind
   * its frame then.
   */
  template <class Handlers>
  uint32_t poll(Handlers&& handlers, uint32_t limit = UINT32_MAX) {
    const uint32_t end = available();
    const uint32_t generation = generation_;
    uint32_t count = 0;
    while (slot_ < end && count < limit) {
      const Frame frame = take(end);
      count++;
      handlers.handle(frame);
      if (generation_ != generation) break;  // A handler has sought another position.
    }
    return count;
  }
  /** The next frame; nothing when there is none yet. */
  std::optional<Frame> next() {
    const uint32_t end = available();
    if (slot_ >= end) return {};
    return take(end);
  }

  /** Sleeps until there may be frames, for so many ns at most. Returns whether there are. */
  bool wait(int64_t ns);

  /** Continues at a position: the frame that begins there, or the next one. @throws PositionGoneError, InvalidOptionError past the end. */
  void seek(uint64_t position);
  /** Continues at the first frame with this time, ns since 1970, or a later one; at the end when there is none. */
  void seekTime(int64_t time);

  /** The position of the next frame. */
  uint64_t position() const {
    return slot_ == page_.capacity() || (page_.sealed() && slot_ == page_.cursor()) ? page_.first() + page_.capacity() : page_.first() + slot_;
  }
  /** Slots that are published and not yet read; of pages behind this one, as far as the writer's hint goes. */
  uint64_t lag() const;

  /** Stores the position, where the next reader of this name continues. @throws InvalidOptionError for a reader without a name. */
  void checkpoint() { checkpoint(position(), detail::now()); }
  /** The same for a position behind a frame that was read, without asking the system for the time. */
  void checkpoint(uint64_t position, int64_t time) {
    if (!registration_) throwUnnamed();
    registration_->store(position, time);
  }

  /** The last frame before a position; nothing when there is none. Continues behind it. */
  std::optional<Frame> frameBefore(uint64_t position);
  /** Calls `visit` with each frame of the journal from the last page to the first, within a page in order. Ends when it returns false for a page's end. */
  template <class Visit, class PageEnd>
  void backwards(const Visit& visit, const PageEnd& pageEnd);

  const std::string& path() const { return directory_.path(); }
  uint16_t journalId() const { return page_.journalId(); }
  /** The definitions of the journal's frames, as far as they are known. */
  const Schema& schema() const { return *schema_; }
  /** A definition by its id; null when the journal's schema has none. */
  const Definition* definition(uint16_t type);
  /** The same as the file has it now: the names of its enums may have become more. */
  const Definition* definitionNow(uint16_t type);
  /** The journal's instruments, as its instruments.json has them now. */
  Instruments instruments() const { return Instruments::read(directory_); }
  /** The symbol of an instrument; "" for 0, '#' and the number for one that the journal does not name. */
  std::string symbol(uint32_t number);

  /** That frames of this type are as the program has them. For `Handlers`. */
  template <class T>
  void check(const Frame& frame) {
    if (frame.slots() != T::kSlots) throwSlots(frame, T::kSlots);
    if (known_[T::kId % known_.size()] != T::kJson) know(T::kJson, T::kId);
  }
  /** Wakes this reader, and all others that sleep, from any thread. */
  void wake() const {
    if (control_ && control_->writable()) control_->signal();
  }

 private:
  static constexpr int64_t kCheckEvery = 1'000'000'000;
  static constexpr int64_t kNap = 2'000'000;

  /** The slot up to which frames can be read on the current page. Continues on the next page when this one is over. */
  uint32_t available() {
    const uint32_t end = loadAcquire(limit_);
    return slot_ < end && end <= page_.capacity() ? end : look();
  }

  /** `available` may continue on the next page, and changes `slot_` then: so it comes first. */
  bool hasFrames() {
    const uint32_t end = available();
    return end > slot_;
  }

  Frame take(uint32_t end) {
    const uint8_t* data = page_.slot(slot_);
    const uint32_t word = detail::get<uint32_t>(data);
    const uint32_t slots = word >> 16 & 0xff;
    if ((word & 0xffff) == 0 || slots == 0 || slots > end - slot_) page_.checkFrame(slot_, end);
    const uint64_t position = page_.first() + slot_;
    slot_ += slots;
    return Frame(data, position, this);
  }

  uint32_t look();
  void attach(detail::Page page, uint32_t slot);
  detail::Page pageAfter() const;
  void attachPageOf(uint64_t position);
  void seekEnd();
  bool isSealed(uint64_t number) const;
  std::vector<uint64_t> pages() const;
  /** Nothing when retention has removed it meanwhile. */
  std::optional<detail::Page> pageIfThere(uint64_t number) const;
  void checkIdentity();
  void loadSchema();
  void know(const char* json, uint16_t id);
  [[noreturn]] void throwGone(uint64_t position) const;
  [[noreturn]] void throwSlots(const Frame& frame, uint32_t slots) const;
  [[noreturn]] void throwUnnamed() const { throw InvalidOptionError("the reader of " + path() + " has no name, so it has no checkpoint", path()); }

  detail::Directory directory_;
  detail::BootId boot_;
  bool durable_;
  std::optional<detail::Control> control_;
  std::optional<detail::Registration> registration_;

  detail::Page page_;
  const uint32_t* limit_ = nullptr;
  uint32_t slot_ = 0;
  /** Changes with each seek. */
  uint32_t generation_ = 0;
  std::array<const char*, 64> known_{};
  int64_t checkAt_ = 0;

  std::shared_ptr<const Schema> schema_;
  /** Those of before, so that definitions that were given out stay. */
  std::vector<std::shared_ptr<const Schema>> earlier_;
  std::optional<struct stat> schemaFile_;
  std::map<uint32_t, std::string> symbols_;
};

inline Cause Frame::asCause() const { return {position_, reader_->journalId(), time(), sinceRoot()}; }
inline const Definition* Frame::definition() const { return reader_->definition(type()); }

template <class... Parts>
template <class T, class Function>
bool Handlers<Parts...>::take(detail::Handler<T, Function>& handler, const Frame& frame, uint32_t word) {
  if ((word & 0xffff) != T::kId) return false;
  frame.reader().template check<T>(frame);
  const T& typed = *reinterpret_cast<const T*>(frame.data());
  if constexpr (std::is_invocable_v<Function&, const T&, const Frame&>) handler.function(typed, frame);
  else handler.function(typed);
  return true;
}

}  // namespace ticktape

#include "detail/reader_impl.h"
