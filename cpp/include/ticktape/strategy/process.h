#pragma once

#include <csignal>
#include <mutex>

#include "config.h"
#include "log_file.h"
#include "messages.h"
#include "pulse.h"
#include "snapshot.h"

namespace ticktape::strategy {

/** How far an earlier process had come by its own journal: a position of the sequence, and whether the frame there was handled. */
inline std::optional<std::pair<uint64_t, bool>> lastHandled(const std::string& journal) {
  Reader reader(journal);
  std::optional<std::pair<uint64_t, bool>> found;
  reader.backwards(
      [&](const Frame& frame) {
        if (frame.type() == trading::Lifecycle::kId && frame.slots() == trading::Lifecycle::kSlots)
          found = {reinterpret_cast<const trading::Lifecycle*>(frame.data())->next, false};
        else if (frame.hasCause()) found = {frame.cause(), true};
      },
      [&] { return !found; });
  return found;
}

/** A strategy's process in a desk, by docs/strategy-protocol.md. */
class Process {
 public:
  Process(Strategy& own, const Info& info, const Config& config, Messages& messages)
      : own_(own),
        info_(info),
        config_(config),
        messages_(messages),
        pulse_(config.all.textAt("heartbeats"), config.all.wholeAt("cell", 0, UINT32_MAX)),
        log_(config.all.textAt("log"), config.id) {
    checkInput();
    // Page size, number and checksums are those of its pages, which the gateway has created.
    WriterOptions options;
    options.patience = kPatience;
    writer_ = std::make_unique<Writer>(config.output, options);
    ReaderOptions sequence;
    sequence.name = config.id;
    sequence.patience = kPatience;
    sequence.start = info.from;
    if (info.from == Start::first) sequence.position = firstStart(config.input);
    reader_ = std::make_unique<Reader>(config.input, sequence);
    resume();
    // Both were opened by their paths.
    checkInput();
    findHome();
    writeLifecycle(trading::Lifecycle::Event::started);
  }

  /** For the thread that reads messages: the sequence's sleepers look again. */
  void wake() const { reader_->wake(); }

  /** Takes part until the gateway stops it. */
  void run() {
    host_ = std::make_unique<Host>(own_, info_, config_.identity, *writer_, [this](const std::string& text) { log_.write(text); }, false);
    try {
      const uint64_t before = reader_->position();
      const auto last = learn(*host_, config_.identity.number, config_.input, before, [&] { pulse_.beat(before); });
      std::vector<Instrument> known;
      for (const auto& [number, terms] : host_->instruments.all()) known.push_back(terms.entry);
      writer_->addInstruments(known);
      host_->onInstrument = [this](const Instrument& entry) { writer_->addInstruments({entry}); };
      host_->start(last);
      tell();
      messages_.say("ready");
      follow();
    } catch (...) {
      recordFailure();
      throw;
    }
    writeProgress();
    host_->stop([this](Sender& sender, bool failed) { sender.add(lifecycle(failed ? trading::Lifecycle::Event::failed : trading::Lifecycle::Event::stopped)); });
    writer_->flush();
  }

 private:
  /** How long an earlier process of this strategy may take to end. */
  static constexpr int64_t kPatience = 10'000'000'000;
  /** Frames that are handled before it looks at other things than frames. */
  static constexpr int kBatch = 64;
  /** The longest sleep: a wake-up by the gateway's message may come just before it. */
  static constexpr int64_t kSleep = 50'000'000;

  /** Another home may be at that path by now. */
  void checkInput() const {
    struct stat found;
    const bool there = ::stat(config_.input.c_str(), &found) == 0;
    if (there && std::to_string(found.st_dev) + ':' + std::to_string(found.st_ino) == config_.all.textAt("inputIdentity")) return;
    throw JournalReplacedError("the journal " + config_.input + " was replaced by a new one; this process belongs to the earlier one", config_.input);
  }

  /** Continues after the frame of the last output: the last process may have been killed before it stored its position. */
  void resume() {
    const auto found = lastHandled(config_.output);
    if (!found || reader_->position() > found->first) return;
    reader_->seek(found->first);
    if (found->second && !reader_->next()) {
      throw InvalidStateError("strategy '" + config_.id + "' has acted on position " + std::to_string(found->first) + " of " + config_.input + ", which ends before it",
                              config_.input, found->first);
    }
  }

  /** Each page says to which home it belongs: retention may remove the pages before it. */
  void findHome() {
    Reader own(config_.output);
    while (auto frame = own.next()) {
      if (frame->type() != trading::Home::kId || frame->slots() != trading::Home::kSlots) continue;
      home_ = *reinterpret_cast<const trading::Home*>(frame->data());
      break;
    }
    homePage_ = writer_->position() / writer_->pageSlots();
  }
  void keepHome() {
    const uint64_t page = writer_->position() / writer_->pageSlots();
    if (page == homePage_ || !home_) return;
    writer_->write<trading::Home>([&](trading::Home& frame) { frame = *home_; });
    homePage_ = page;
  }

  trading::Lifecycle lifecycle(trading::Lifecycle::Event event) const {
    trading::Lifecycle frame{};
    frame.process = config_.id;
    frame.next = reader_->position();
    frame.read = read_;
    frame.pid = static_cast<uint32_t>(::getpid());
    frame.run = config_.identity.epoch;
    frame.event = event;
    return frame;
  }
  void writeLifecycle(trading::Lifecycle::Event event) {
    writer_->write<trading::Lifecycle>([&](trading::Lifecycle& frame) { frame = lifecycle(event); });
  }
  void writeProgress() {
    writer_->write<trading::Progress>([&](trading::Progress& frame) {
      frame.next = reader_->position();
      frame.read = read_;
      frame.run = config_.identity.epoch;
      ages_.copyTo(frame);
    });
  }

  /** What has ended the process is thrown on: an error in here must not take its place. */
  void recordFailure() {
    try {
      writeProgress();
      writeLifecycle(trading::Lifecycle::Event::failed);
    } catch (const Error& error) {
      std::fprintf(stderr, "the failure could not be written into the journal: %s: %s\n", error.code(), error.what());
    }
  }

  void tell() { pulse_.tell(reader_->position(), read_, host_->sent(), reader_->lag(), ages_); }

  /** Handles frames until the gateway stops it. */
  void follow() {
    auto handlers = host_->handlers();
    const std::string wait = config_.all.textAt("wait");
    const bool spins = wait == "spin" || wait == "yield";
    const auto every = static_cast<int64_t>(config_.all.at("progressMs").number * 1e6);
    int64_t due = detail::monotonic() + every;
    for (;;) {
      const uint64_t stopAt = messages_.stopAt();
      const int64_t now = detail::now();
      int count = 0;
      for (; count < kBatch && reader_->position() < stopAt; count++) {
        const auto frame = reader_->next();
        if (!frame) break;
        // Of the first frame only: the others have waited for it.
        if (count == 0) ages_.record(now - frame->time());
        handlers.handle(*frame);
        read_++;
        // Only now: killed before this line, the process finds the frame in its own journal, or handles it again.
        const uint64_t behind = frame->position() + frame->slots();
        reader_->checkpoint(behind, now);
        pulse_.beat(behind);
      }
      if (count == 0 && stopAt != Messages::kNever) return;
      if (detail::monotonic() > due) {
        due = detail::monotonic() + every;
        tell();
        keepHome();
      }
      if (count == 0 && !spins) reader_->wait(std::min(kSleep, every));
    }
  }

  Strategy& own_;
  const Info info_;
  const Config& config_;
  Messages& messages_;
  Pulse pulse_;
  LogFile log_;
  Ages ages_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Reader> reader_;
  std::unique_ptr<Host> host_;
  std::optional<trading::Home> home_;
  uint64_t homePage_ = 0;
  uint64_t read_ = 0;
};

}  // namespace ticktape::strategy
