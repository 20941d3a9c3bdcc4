#pragma once

#include <napi.h>

#include <memory>

namespace ticktape::binding {

/**
 * `readClock` is the only call on the hot path: it takes no argument, returns nothing and calls no function of the runtime. It
 * writes to memory that belongs to the calling thread, because an environment belongs to one thread. When a thread loads the addon
 * twice (as a test runner that isolates modules does), both copies share that memory.
 */
class Clock {
 public:
  /** The clock of the calling thread; created at the first call. */
  static std::shared_ptr<Clock> ofThread();
  ~Clock();

  /** The ArrayBuffer over it, with a reference of its own. */
  static napi_value makeBuffer(Napi::Env env, const std::shared_ptr<Clock>& clock);
  static napi_value read(napi_env env, napi_callback_info info);
  /** Like `read`, but stores the monotonic tick in the second word. */
  static napi_value readTick(napi_env env, napi_callback_info info);
  /** Like `read`, but asks the system, and stores in the third word: `read` is compared with this value. */
  static napi_value readSystem(napi_env env, napi_callback_info info);

 private:
  int64_t time_[3] = {0, 0, 0};
  std::weak_ptr<Clock> self_;
};

Napi::Value now(const Napi::CallbackInfo& info);
/** Why the process asks the system's clock for each time; null while it follows the processor's counter. */
Napi::Value whyNoCounter(const Napi::CallbackInfo& info);

}  // namespace ticktape::binding
