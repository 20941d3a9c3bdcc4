#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "frame.h"

/** What a reader calls with frames: functions for the structs that `ticktape codegen cpp` has made. */
namespace ticktape {

namespace detail {

template <class T, class Function>
struct Handler {
  Function function;
};
template <class Function>
struct Otherwise {
  Function function;
};

}  // namespace detail

/** Handles frames of one kind: a function of `const T&`, or of `const T&` and `const Frame&`. */
template <class T, class Function>
detail::Handler<T, std::decay_t<Function>> on(Function&& function) {
  return {std::forward<Function>(function)};
}

/** Handles all other frames: a function of `const Frame&`. */
template <class Function>
detail::Otherwise<std::decay_t<Function>> otherwise(Function&& function) {
  return {std::forward<Function>(function)};
}

/** Functions for the frames of a journal. Frames without one are passed over. */
template <class... Parts>
class Handlers {
 public:
  explicit Handlers(Parts... parts) : parts_(std::move(parts)...) {}

  /** Calls the function of a frame. */
  void handle(const Frame& frame) {
    const auto word = frame.load<uint32_t>(0);
    std::apply([&](auto&... part) { (void)(... || take(part, frame, word)); }, parts_);
  }

 private:
  template <class T, class Function>
  static bool take(detail::Handler<T, Function>& handler, const Frame& frame, uint32_t word);

  template <class Function>
  static bool take(detail::Otherwise<Function>& other, const Frame& frame, uint32_t) {
    other.function(frame);
    return true;
  }

  std::tuple<Parts...> parts_;
};

/** For `Reader::poll`: `handlers(on<Ticker>(f), on<Trade>(g), otherwise(h))`, where `otherwise` is the last one. */
template <class... Parts>
Handlers<std::decay_t<Parts>...> handlers(Parts&&... parts) {
  return Handlers<std::decay_t<Parts>...>(std::forward<Parts>(parts)...);
}

}  // namespace ticktape
