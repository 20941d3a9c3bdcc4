#pragma once

#include "handle.h"

namespace ticktape::binding {

/**
 * A handle that has a thread. The thread must end before the environment does. The cleanup hook runs when a worker ends or is
 * terminated, and when the main thread ends normally. After process.exit() it is possible that no hook runs. Then the thread lives
 * until the process ends, so it must not use anything that C++ destroys at exit.
 */
class ThreadedHandle : public Handle {
 public:
  ThreadedHandle(napi_env env, Kind kind) : Handle(env, kind) {}

 protected:
  /** Ends the thread soon, even if jobs are left. */
  virtual void stop() = 0;

  /**
   * Call it after the thread-safe function was created: hooks run in reverse order, so the thread that calls the function
   * ends before the function is released.
   */
  void stopWithEnvironment() {
    hooked_ = true;
    napi_add_env_cleanup_hook(env(), &onEnd, this);
  }
  /** False when the environment is ending, or after an earlier call: then its thread-safe functions must not be used. */
  bool forgetEnvironment() {
    if (!hooked_) return false;
    hooked_ = false;
    napi_remove_env_cleanup_hook(env(), &onEnd, this);
    return true;
  }

 private:
  static void onEnd(void* self) {
    auto* handle = static_cast<ThreadedHandle*>(self);
    handle->hooked_ = false;
    handle->stop();
  }

  bool hooked_ = false;
};

/** The constructor of a class that JavaScript may construct: `T::construct` reads the arguments and returns null if they are invalid. */
template <class T>
napi_value constructThreaded(napi_env env, napi_callback_info raw) {
  const Napi::CallbackInfo info(env, raw);
  if (!info.IsConstructCall()) return throwType(env, std::string("Class constructor ") + T::kName + " needs new");
  T* handle = T::construct(info);
  if (handle == nullptr) return nullptr;
  if (!handle->wrap(info.This())) delete handle;
  return info.This();
}

}  // namespace ticktape::binding
