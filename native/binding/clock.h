#pragma once

#include <napi.h>

#include <memory>

namespace ticktape::binding {

/**
 * `readClock` is the one call on the hot path: it takes nothing, returns nothing, asks the runtime nothing. So it finds the
 * memory to write to by its thread, an environment being one thread's own. When a thread loads the addon twice (a test runner
 * that isolates modules does) both share that memory.
 */
class Clock {
 public:
  /** Of the calling thread; made when there is none. */
  static std::shared_ptr<Clock> ofThread();
  ~Clock();

  /** The ArrayBuffer over it, with a reference of its own. */
  static napi_value makeBuffer(Napi::Env env, const std::shared_ptr<Clock>& clock);
  static napi_value read(napi_env env, napi_callback_info info);
  /** As `read`, but the monotonic tick, into the second half. */
  static napi_value readTick(napi_env env, napi_callback_info info);

 private:
  int64_t time_[2] = {0, 0};
  std::weak_ptr<Clock> self_;
};

Napi::Value now(const Napi::CallbackInfo& info);

}  // namespace ticktape::binding
