#pragma once

#include <napi.h>

#include <cstdint>

namespace ticktape::binding {

/**
 * Calls a JavaScript function from a thread of the addon, with or without a number as argument. It keeps the event loop alive only
 * after `keepAlive`.
 */
class SignalFunction {
 public:
  /** False when the environment is ending; then nothing was created. */
  bool open(Napi::Env env, Napi::Function function, const char* name, bool withNumber);
  /** May be called from any thread, until `close`. */
  void call(uint32_t number = 0);
  /** Call it on the JavaScript thread, after the last `call` of any thread. With `deliver`, calls made before still arrive. */
  void close(bool deliver);
  void keepAlive(Napi::Env env, bool keep);

 private:
  static void withNumber(napi_env env, napi_value function, void* context, void* data);
  static void plain(napi_env env, napi_value function, void* context, void* data);

  napi_threadsafe_function function_ = nullptr;
};

}  // namespace ticktape::binding
