#pragma once

#include "../reader.h"

/** The parts of a reader that are not its hot path: opening, pages, waiting, seeking, definitions. */
namespace ticktape {

inline Reader::Reader(const std::string& path, const ReaderOptions& options) : directory_(path), boot_(detail::bootId()), durable_(options.durable) {
  checkAt_ = detail::monotonic() + kCheckEvery;
  loadSchema();
  attach(detail::Page(directory_, pages().front(), false), 0);
  control_ = detail::Control::forReader(directory_);
  std::optional<uint64_t> position = options.position;
  if (!options.name.empty()) {
    if (!control_) throw JournalNotFoundError(this->path() + " has no control file, so no named readers", this->path());
    for (const int64_t end = detail::monotonic() + options.patience; !registration_;) {
      try {
        registration_.emplace(*control_, options.name);
      } catch (const ReaderBusyError&) {
        if (detail::monotonic() >= end) throw;
        detail::nap(5'000'000);
      }
    }
    if (registration_->position()) position = registration_->position();
  }
  try {
    if (position) seek(*position);
    else if (options.start == Start::end) seekEnd();
  } catch (...) {
    if (registration_) registration_->release();
    throw;
  }
}

inline std::vector<uint64_t> Reader::pages() const {
  std::vector<uint64_t> numbers = directory_.pages();
  if (numbers.empty()) throw JournalNotFoundError(path() + " has no page yet: it is no journal, or its first writer has not come so far", path());
  return numbers;
}

inline void Reader::attach(detail::Page page, uint32_t slot) {
  page_ = std::move(page);
  slot_ = slot;
  // Frames of another boot of the machine above the durable cursor may be damaged, before a writer has recovered the journal.
  const bool inDoubt = page_.checked() && page_.boot() != boot_;
  limit_ = page_.word(durable_ || inDoubt ? format::page::kDurable : format::page::kCursor);
}

inline uint32_t Reader::look() {
  for (;;) {
    // The seal first: the cursor of a sealed page does not move any more.
    const bool sealed = page_.sealed();
    const uint32_t cursor = page_.cursor();
    const uint32_t end = std::min(cursor, loadAcquire(limit_));
    if (cursor < slot_) {
      throw CorruptJournalError("the cursor of " + page_.path() + " went back to slot " + std::to_string(cursor) + ", frames up to " + std::to_string(slot_) +
                                    " have been read",
                                page_.path(), page_.first() + slot_);
    }
    if (end > slot_) return end;
    if (!sealed) {
      if (detail::monotonic() > checkAt_) checkIdentity();
      return slot_;
    }
    if (slot_ < cursor) return slot_;  // The rest is not durable yet.
    attach(pageAfter(), 0);
  }
}

inline detail::Page Reader::pageAfter() const {
  try {
    detail::Page following(directory_, page_.number() + 1, false);
    if (following.capacity() == page_.capacity()) return following;
    throw CorruptJournalError(following.path() + " does not have the size of the page before it", following.path());
  } catch (const JournalNotFoundError&) {
    throwGone(page_.first() + page_.capacity());
  }
}

inline void Reader::throwGone(uint64_t position) const {
  if (!directory_.isAtPath()) throw JournalReplacedError("the journal " + path() + " was removed or replaced while it was read; open another reader", path());
  for (const uint64_t number : directory_.pages()) {
    const uint64_t first = number * page_.capacity();
    if (first < position) continue;
    throw PositionGoneError("position " + std::to_string(position) + " of " + path() + " was removed by retention; the first one that exists is " + std::to_string(first) +
                                ": seek to it",
                            first, path(), position);
  }
  throw CorruptJournalError("the page with position " + std::to_string(position) + " of " + path() + " is missing; run 'ticktape verify'", path(), position);
}

/** A page that is no longer at its path gets no more frames. */
inline void Reader::checkIdentity() {
  checkAt_ = detail::monotonic() + kCheckEvery;
  if (!directory_.isAtPath() || !directory_.holds(detail::pageName(page_.number()), page_.identity())) {
    throw JournalReplacedError(page_.path() + " is no longer the file that is being read: the journal was removed or replaced; open another reader", page_.path(),
                               page_.first() + slot_);
  }
  // On overlayfs the mapping may be of an older copy of the file. The file is loaded first: the mapping cannot be behind it.
  const detail::Page inFile(directory_, page_.number(), false);
  for (const std::size_t offset : {format::page::kCursor, format::page::kSealed, format::page::kDurable}) {
    const uint32_t there = inFile.load(offset);
    if (there <= page_.load(offset)) continue;
    throw JournalReplacedError(page_.path() + " has frames that do not appear in the memory mapped from it (overlayfs copies a file when a writer opens it); open another reader",
                               page_.path(), page_.first() + slot_);
  }
}

inline bool Reader::wait(int64_t ns) {
  for (const int64_t end = detail::monotonic() + ns; !hasFrames();) {
    const int64_t left = std::min(end - detail::monotonic(), kCheckEvery);
    if (left <= 0) return false;
    if (!control_ || !control_->sleep([&] { return hasFrames(); }, left)) detail::nap(std::min(left, kNap));
  }
  return true;
}

inline uint64_t Reader::lag() const {
  const uint64_t behind = page_.cursor() - slot_;
  if (!control_ || !page_.sealed()) return behind;
  const uint64_t current = loadRelaxed(control_->word(format::control::kCurrentPage));
  return behind + (current > page_.number() + 1 ? (current - page_.number() - 1) * page_.capacity() : 0);
}

inline void Reader::seek(uint64_t position) {
  attachPageOf(position);
  generation_++;
  const auto slot = static_cast<uint32_t>(position - page_.first());
  const uint32_t cursor = page_.cursor();
  if (slot > cursor) {
    if (!page_.sealed()) throw InvalidOptionError("position " + std::to_string(position) + " is after the end of " + path(), path(), position);
    slot_ = cursor;
    return;
  }
  uint32_t found = page_.markBefore(slot, cursor);
  while (found < slot) found += page_.checkFrame(found, cursor);
  slot_ = found;
}

/** Attaches the page of a position. A page behind one that is not sealed is only prepared: then it is the one before. */
inline void Reader::attachPageOf(uint64_t position) {
  const uint32_t capacity = page_.capacity();
  const uint64_t number = position / capacity;
  if (number > 0 && position % capacity == 0 && !isSealed(number - 1)) {
    detail::Page before(directory_, number - 1, false);
    if (before.cursor() == capacity) return attach(std::move(before), 0);
  }
  if (number == page_.number()) return;
  try {
    attach(detail::Page(directory_, number, false), 0);
  } catch (const JournalNotFoundError&) {
    if (number > pages().back()) throw InvalidOptionError("position " + std::to_string(position) + " is after the end of " + path(), path(), position);
    throwGone(position);
  }
}

inline bool Reader::isSealed(uint64_t number) const {
  try {
    return detail::Page(directory_, number, false).sealed();
  } catch (const JournalNotFoundError&) {
    return true;
  }
}

inline void Reader::seekEnd() {
  const auto numbers = pages();
  for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
    detail::Page page(directory_, *number, false);
    const uint32_t cursor = page.cursor();
    attach(std::move(page), cursor);
    if (cursor > 0 || *number == 0 || isSealed(*number - 1)) return;
  }
}

inline void Reader::seekTime(int64_t time) {
  const auto numbers = pages();
  std::size_t low = 0, high = numbers.size() - 1;
  // The last page that begins before the time.
  while (low < high) {
    const std::size_t middle = (low + high + 1) / 2;
    const detail::Page page(directory_, numbers[middle], false);
    if (page.cursor() == 0 || page.timeOf(0) >= time) high = middle - 1;
    else low = middle;
  }
  attach(detail::Page(directory_, numbers[low], false), 0);
  generation_++;
  for (;;) {
    const uint32_t end = available();
    if (end <= slot_) return;
    // The last frame at a mark that is before the time, then frame by frame.
    const uint32_t stride = detail::strideOf(page_.capacity());
    uint32_t from = 0;
    for (uint32_t low_ = 0, high_ = (end - 1) / stride; low_ < high_;) {
      const uint32_t middle = (low_ + high_ + 1) / 2;
      const uint32_t mark = page_.markBefore(std::min(middle * stride + stride - 1, end - 1), end);
      if (page_.timeOf(mark) < time) {
        low_ = middle;
        from = mark;
      } else {
        high_ = middle - 1;
      }
    }
    for (slot_ = from; slot_ < end; slot_ += page_.checkFrame(slot_, end))
      if (page_.timeOf(slot_) >= time) return;
  }
}

inline std::optional<Frame> Reader::frameBefore(uint64_t position) {
  const auto numbers = pages();
  for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
    const uint64_t first = *number * page_.capacity();
    if (first >= position) continue;
    const detail::Page page(directory_, *number, false);
    const auto end = static_cast<uint32_t>(std::min<uint64_t>(page.cursor(), position - first));
    if (const auto slot = page.frameBefore(end)) {
      seek(first + *slot);
      return next();
    }
  }
  return {};
}

template <class Visit, class PageEnd>
void Reader::backwards(const Visit& visit, const PageEnd& pageEnd) {
  const auto numbers = pages();
  for (auto number = numbers.rbegin(); number != numbers.rend(); ++number) {
    const std::optional<detail::Page> opened = pageIfThere(*number);
    // Retention removes the first pages: those before it are gone too.
    if (!opened) return;
    const detail::Page& page = *opened;
    page.walk(0, page.cursor(), [&](uint32_t slot) { visit(Frame(page.slot(slot), page.first() + slot, this)); });
    if (!pageEnd()) return;
  }
}

inline std::optional<detail::Page> Reader::pageIfThere(uint64_t number) const {
  try {
    return detail::Page(directory_, number, false);
  } catch (const JournalNotFoundError&) {
    if (number < pages().front()) return {};
    throw;
  }
}

inline void Reader::loadSchema() {
  const auto file = directory_.status(detail::file_name::kSchema);
  const bool same = schema_ && file && schemaFile_ && file->st_ino == schemaFile_->st_ino && file->st_size == schemaFile_->st_size &&
                    file->st_mtim.tv_sec == schemaFile_->st_mtim.tv_sec && file->st_mtim.tv_nsec == schemaFile_->st_mtim.tv_nsec;
  if (same) return;
  schemaFile_ = file;
  if (schema_) earlier_.push_back(schema_);
  schema_ = std::make_shared<const Schema>(Schema::read(directory_));
}

inline const Definition* Reader::definition(uint16_t type) {
  const Definition* known = schema_->find(type);
  return known != nullptr ? known : definitionNow(type);
}

inline const Definition* Reader::definitionNow(uint16_t type) {
  loadSchema();
  return schema_->find(type);
}

inline void Reader::know(const char* json, uint16_t id) {
  const Definition program = Definition::parse(json);
  const Definition* known = definition(id);
  const std::string file = directory_.pathOf(detail::file_name::kSchema);
  if (known == nullptr) throw CorruptJournalError(file + " has no definition of " + program.name + ", but there are such frames; run 'ticktape repair'", file);
  if (!known->difference(program).empty()) known = definitionNow(id);
  Schema::check(*known, program, file);
  known_[id % known_.size()] = json;
}

inline void Reader::throwSlots(const Frame& frame, uint32_t slots) const {
  throw CorruptJournalError("the frame at position " + std::to_string(frame.position()) + " of " + path() + " has " + std::to_string(frame.slots()) +
                                " slots, but the program's frames with id " + std::to_string(frame.type()) + " have " + std::to_string(slots),
                            path(), frame.position());
}

inline std::string Reader::symbol(uint32_t number) {
  if (number == 0) return {};
  const auto known = symbols_.find(number);
  if (known != symbols_.end()) return known->second;
  const Instruments all = instruments();
  const Instrument* found = all.find(number);
  if (found == nullptr) return '#' + std::to_string(number);
  return symbols_[number] = found->symbol;
}

}  // namespace ticktape
