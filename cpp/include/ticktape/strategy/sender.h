#pragma once

#include "../writer.h"
#include "base.h"

namespace ticktape::strategy {

/** The number of the sequence's journal. */
inline constexpr uint16_t kSequence = 1;

/** Gathers what a strategy sends for one frame, and publishes it in one store. */
class Sender {
 public:
  Sender(Writer& writer, uint16_t strategy) : writer_(writer), strategy_(strategy), room_(writer.pageSlots() - trading::Lifecycle::kSlots) {
    writer.define<trading::Order>();
    writer.define<trading::TimerRequest>();
    writer.define<trading::Lifecycle>();
    writer.define<trading::Progress>();
  }

  /** @throws InvalidStateError for more than fits on a page. */
  template <class T>
  void send(const T& frame, const std::optional<Cause>& cause) {
    if (slots_ + T::kSlots > room_) {
      throw InvalidStateError("a strategy sends more for one frame than a page of its journal holds (" + std::to_string(room_) + " slots); it could not all appear at once",
                              writer_.path());
    }
    CommitOptions options;
    options.cause = cause;
    options.source = strategy_;
    add(frame, options);
    sent_++;
  }

  /** The start or the end of the process: with what was sent, in one store. */
  void add(const trading::Lifecycle& frame) { add(frame, CommitOptions()); }

  /** Orders and requests that were published. */
  uint64_t published() const { return published_; }

  /** All that was sent appears now. @throws as Writer::begin. */
  void publish() {
    if (pending_.empty()) return;
    const auto pending = std::move(pending_);
    pending_.clear();
    const uint32_t slots = std::exchange(slots_, 0);
    writer_.atomic(slots, [&] {
      for (const auto& write : pending) write();
    });
    published_ = sent_;
  }

 private:
  template <class T>
  void add(const T& frame, const CommitOptions& options) {
    pending_.push_back([this, frame, options] { writer_.write<T>([&](T& made) { made = frame; }, options); });
    slots_ += T::kSlots;
  }

  Writer& writer_;
  const uint16_t strategy_;
  const uint32_t room_;
  std::vector<std::function<void()>> pending_;
  uint32_t slots_ = 0;
  uint64_t sent_ = 0;
  uint64_t published_ = 0;
};

}  // namespace ticktape::strategy
