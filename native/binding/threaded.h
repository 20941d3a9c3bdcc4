#pragma once

#include "handle.h"

namespace ticktape::binding {

/**
 * A handle with a thread behind it. The thread must be gone before the environment is: the hook runs when a worker ends or is
 * terminated, and when the main thread ends by itself. After process.exit() no hook may run; then the thread lives on
 * until the process is gone, so it uses nothing that C++ destroys at exit.
 */
class ThreadedHandle : public Handle {
 public:
  ThreadedHandle(napi_env env, Kind kind) : Handle(env, kind) {}

 protected:
  /** Ends the thread soon, whatever is left to do. */
  virtual void stop() = 0;

  /**
   * To be called after the thread-safe function was made: hooks run last first, so the thread that calls the function
   * is gone before the function is.
   */
  void stopWithEnvironment() {
    hooked_ = true;
    napi_add_env_cleanup_hook(env(), &onEnd, this);
  }
  /** False when the environment is ending or was forgotten already: then its thread-safe functions are not to be touched. */
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

/** A class that JavaScript constructs: `T::construct` reads the arguments and returns null when it refuses them. */
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
