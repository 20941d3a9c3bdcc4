#pragma once

#include "../writer.h"

/** The parts of a writer that are not its hot path: opening, pages, definitions, the end. */
namespace ticktape {

inline Writer::Writer(const std::string& path, const WriterOptions& options)
    : directory_(detail::Directory::create(privatePath(path), checkedMode(path, options))) {
  open(options);
}

/** A process that must not change what others see, such as a replay, writes elsewhere: into the directory that the variable names. */
inline std::string Writer::privatePath(const std::string& path) {
  const char* folder = std::getenv("TICKTAPE_PRIVATE");
  return folder == nullptr || *folder == '\0' ? path : std::string(folder) + detail::Directory::absolute(path);
}

inline Writer::~Writer() {
  if (begun_ != 0) abort();
  if (syncer_) {
    syncer_->stop();
    try {
      syncer_->sync();
    } catch (const Error&) {
      // A destructor cannot say it; `flush` does.
    }
  }
  if (!supply_) return;
  const auto prepared = supply_->stop();
  // No reader is on it, because the page before it is not sealed.
  try {
    if (prepared && holdsFiles() && directory_.holds(detail::pageName(prepared->number()), prepared->identity()))
      directory_.remove(detail::pageName(prepared->number()));
  } catch (const Error&) {
    // The next writer removes it.
  }
}

/** The mode of the directory: whoever can read files can enter it. */
inline mode_t Writer::checkedMode(const std::string& path, const WriterOptions& options) {
  const std::size_t size = options.pageSize;
  if (size != 0 && (size < format::page::kMinSize || size > format::page::kMaxSize || size % 4096 != 0))
    throw InvalidOptionError("the page size is a multiple of 4096 from 65536 to 1073741824, not " + std::to_string(size), path);
  return options.mode | 0100 | (options.mode & 0444) >> 2;
}

inline void Writer::open(const WriterOptions& options) {
  using namespace detail;
  const std::string other = directory_.otherName();
  if (!other.empty() && directory_.pages().empty())
    throw NotAJournalError(path() + " contains other files ('" + other + "') and no journal; give the journal a directory in it", path());
  lock_.emplace(directory_, options.mode, options.patience);
  // A frame of its own would make the replica differ from its source.
  if (directory_.status(file_name::kReplica))
    throw ReplicaError(path() + " is a replica: its frames come from another journal. Write to that journal, or let this one go on by itself " +
                           "with 'ticktape replicate promote'",
                       path());
  schema_ = Schema::read(directory_);
  control_ = Control::open(directory_, true);
  if (!control_ && errno != ENOENT) throwSystem("opening", directory_.pathOf(file_name::kControl));
  if (control_ && !tryFor(options.patience, [&] { return control_->claim(); })) lock_->throwTaken();
  kind_.boot = bootId();
  // Before anything is created: if recovery is refused, the journal stays as it is.
  auto tail = Recovery(directory_, kind_.boot).run();
  if (!control_) {
    control_ = Control::create(directory_, options.mode);
    if (!control_->claim()) lock_->throwTaken();
  }
  if (tail && options.pageSize != 0 && options.pageSize != tail->page.size()) {
    throw InvalidOptionError("the page size is " + std::to_string(options.pageSize) + ", but " + path() + " was created with pages of " +
                                 std::to_string(tail->page.size()) + " bytes",
                             path());
  }
  kind_.size = tail ? tail->page.size() : options.pageSize != 0 ? options.pageSize : format::page::kDefaultSize;
  kind_.mode = options.mode;
  kind_.checked = options.durability ? *options.durability == Durability::interval : tail && tail->page.checked();
  kind_.journalId = options.journalId ? *options.journalId : tail ? tail->page.journalId() : uint16_t{0};
  kind_.epoch = std::max(lock_->lastEpoch(), tail ? tail->page.epoch() : 0) + 1;
  capacity_ = capacityOf(kind_.size);
  stride_ = strideOf(capacity_);
  lock_->sign(kind_.epoch, kind_.boot);
  if (tail) {
    catchUp(directory_, tail->page, kind_.checked);
    clampReaders(*control_, tail->page.first() + tail->slot);
    time_ = tail->lastTime;
  } else {
    directory_.replace(file_name::kSchema, schema_.text(), options.mode);
  }
  locked_ = control_->version() == 1 || !barrier::registered();
  sleepers_ = control_->word(format::control::kSleepers);
  if (tail && !tail->isFull && tail->page.checked() == kind_.checked && tail->page.journalId() == kind_.journalId) {
    const uint32_t slot = tail->slot;
    enter(std::make_shared<const Page>(std::move(tail->page)), slot);
  } else {
    auto page = std::make_shared<const Page>(createPage(directory_, kind_, tail ? tail->page.number() + 1 : 0, schema_.hash()));
    // Of another boot, sealed, or of another kind: the journal continues on a new page.
    if (tail) {
      storeOrdered(tail->page.word(format::page::kSealed), 1);
      if (kind_.checked || tail->page.checked()) makeDurable(tail->page);
    }
    enter(std::move(page), 0);
  }
  storeOrdered(control_->word(format::control::kCurrentPage), static_cast<uint32_t>(page_->number()));
  control_->wake();
  if (kind_.checked) {
    syncer_ = std::make_unique<Syncer>(path(), kSyncEvery);
    syncer_->enter(page_);
  }
  supply_ = std::make_unique<PageSupply>(directory_, kind_);
  supply_->prepare(page_->number() + 1, schema_.hash());
}

inline void Writer::enter(std::shared_ptr<const detail::Page> page, uint32_t slot) {
  page_ = std::move(page);
  slots_ = page_->slot(0);
  cursor_ = page_->word(format::page::kCursor);
  first_ = page_->first();
  next_ = published_ = slot;
  // The mark of a stride is that of its first frame, which an earlier writer may have set. Mark 0 is never set. A full page may have no mark
  // for the slot behind its last one: after as many marks as there can be, the first frame begins.
  const uint32_t index = slot / stride_;
  const bool isDue = index > 0 && slot < capacity_ && loadRelaxed(mark(index)) == 0;
  nextMark_ = (isDue ? index : index + 1) * stride_;
  limit_ = std::min(capacity_, nextMark_);
}

inline void Writer::makeRoom(uint32_t slots) {
  if (next_ + slots > capacity_) {
    if (heldFrom_ != kNone) throw InvalidStateError("more was written in atomic() than it was told", path());
    roll();
  }
  if (next_ >= nextMark_) {
    storeRelaxed(mark(next_ / stride_), next_);
    nextMark_ = (next_ / stride_ + 1) * stride_;
  }
  limit_ = std::max(next_ + slots, std::min(capacity_, nextMark_));
}

/** The next page is complete before this one is sealed. */
inline void Writer::roll() {
  check();
  auto following = std::make_shared<const detail::Page>(supply_->take(page_->number() + 1, schema_.hash()));
  storeOrdered(page_->word(format::page::kSealed), 1);
  if (syncer_) syncer_->enter(following);
  supply_->retire(page_);
  enter(std::move(following), 0);
  storeOrdered(control_->word(format::control::kCurrentPage), static_cast<uint32_t>(page_->number()));
  // A reader that sleeps at the end of the sealed page continues on the next one.
  if (__atomic_load_n(sleepers_, __ATOMIC_SEQ_CST) != 0) control_->wake();
  supply_->prepare(page_->number() + 1, schema_.hash());
}

inline void Writer::waitForNextPage() {
  while (!directory_.status(detail::pageName(page_->number() + 1))) detail::nap(1'000'000);
}

/** Frames in files that are no longer at the journal's path would be lost. */
inline void Writer::check() {
  checkAt_ = time_ + kCheckEvery;
  if (!holdsFiles() || !directory_.holds(detail::pageName(page_->number()), page_->identity())) {
    throw JournalReplacedError("the journal " + path() + " was removed, moved or replaced while this writer had it open; frames before position " +
                                   std::to_string(position()) + " may be in files that no reader can open",
                               path(), position());
  }
  if (syncer_) syncer_->throwIfFailed();
}

inline bool Writer::holdsFiles() const { return directory_.isAtPath() && directory_.holds(detail::file_name::kControl, control_->identity()); }

inline uint64_t Writer::commit(const CommitOptions& options) {
  if (begun_ == 0) throwNothingBegun();
  const int64_t time = options.time != 0 ? options.time : detail::now();
  if (!options.cause && options.source == 0 && options.dest == 0) return finish(time);
  if (begun_ == 1) throw InvalidOptionError("a frame of one slot has no cause, source and destination", path());
  uint8_t* frame = slots_ + std::size_t{next_} * format::kSlotSize;
  detail::put<uint16_t>(frame + format::frame::kSource, options.source);
  detail::put<uint16_t>(frame + format::frame::kDest, options.dest);
  if (!options.cause) return finish(time);
  const Cause& cause = *options.cause;
  const uint64_t since = cause.sinceRoot + (cause.time > 0 && time > cause.time ? static_cast<uint64_t>(time - cause.time) : 0);
  detail::put<uint64_t>(frame + format::frame::kCause, uint64_t{cause.journal} << format::kCausePositionBits | cause.position);
  detail::put<uint32_t>(frame + format::frame::kSinceRoot, static_cast<uint32_t>(std::min<uint64_t>(since, UINT32_MAX)));
  return finish(time, format::frame_flag::kHasCause);
}

/** What follows the cursor is zero. */
inline void Writer::clear(uint32_t from, uint32_t to) { std::memset(slots_ + std::size_t{from} * format::kSlotSize, 0, std::size_t{to - from} * format::kSlotSize); }

inline void Writer::abort() {
  if (begun_ == 0) return;
  clear(next_, next_ + begun_);
  begun_ = 0;
}

inline void Writer::hold(uint32_t slots) {
  if (begun_ != 0) throwBegun();
  if (heldFrom_ != kNone) throw InvalidStateError("atomic() inside of atomic()", path());
  if (slots > capacity_)
    throw InvalidOptionError(std::to_string(slots) + " slots are to appear at once, but a page of " + path() + " has " + std::to_string(capacity_), path());
  if (next_ + slots > capacity_) roll();
  heldFrom_ = next_;
  heldTo_ = next_ + slots;
}

inline void Writer::publishHeld() {
  const bool tooMuch = next_ > heldTo_;
  if (begun_ != 0 || tooMuch) {
    const bool isBegun = begun_ != 0;
    dropHeld();
    if (isBegun) throwBegun();
    throw InvalidStateError("more was written in atomic() than it was told", path());
  }
  const bool isAny = next_ != heldFrom_;
  heldFrom_ = kNone;
  if (isAny) publish();
}

inline void Writer::dropHeld() {
  abort();
  clear(heldFrom_, next_);
  // A mark of a frame that is gone would be wrong once other frames are there.
  for (uint32_t i = heldFrom_ / stride_; i * stride_ < next_; i++)
    if (loadRelaxed(mark(i)) >= heldFrom_) storeRelaxed(mark(i), 0);
  enter(page_, std::exchange(heldFrom_, kNone));
}

inline void Writer::know(const char* json, uint16_t id) {
  define(Definition::parse(json));
  known_[id % known_.size()] = json;
}

/** A new definition is in schema.json before its first frame, and so is a new name of an enum. */
inline void Writer::define(const Definition& definition) {
  if (definition.slots > capacity_) {
    throw InvalidOptionError("a " + definition.name + " takes " + std::to_string(definition.slots) + " slots, but a page of " + path() + " has " + std::to_string(capacity_),
                             path());
  }
  const std::string file = directory_.pathOf(detail::file_name::kSchema);
  Schema longer = schema_;
  if (const Definition* known = schema_.find(definition.id)) {
    Schema::check(*known, definition, file);
    if (!definition.hasMoreNames(*known)) return;
    longer.addNames(definition);
  } else {
    longer.add(definition, file);
  }
  check();
  directory_.replace(detail::file_name::kSchema, longer.text(), kind_.mode);
  schema_ = std::move(longer);
}

inline uint8_t* Writer::begin(const Definition& definition) {
  define(definition);
  return reserve(definition.id, definition.slots);
}

inline void Writer::addInstruments(const std::vector<Instrument>& instruments) {
  Instruments known = instruments_ ? *instruments_ : Instruments::read(directory_);
  bool isNew = false;
  for (const Instrument& one : instruments) isNew = known.add(one, directory_.pathOf(detail::file_name::kInstruments)) || isNew;
  if (isNew) {
    check();
    directory_.replace(detail::file_name::kInstruments, known.text(), kind_.mode);
  }
  instruments_ = std::move(known);
}

inline uint64_t Writer::flush() {
  if (syncer_) syncer_->sync();
  return durable();
}

}  // namespace ticktape
