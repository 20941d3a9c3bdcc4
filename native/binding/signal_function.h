#pragma once

#include <napi.h>

#include <cstdint>

namespace ticktape::binding {

/**
 * Calls a JavaScript function from a thread of the addon, with a number or without. It does not keep the event loop alive
 * unless told to.
 */
class SignalFunction {
 public:
  /** False, with nothing made, when the environment is ending. */
  bool open(Napi::Env env, Napi::Function function, const char* name, bool withNumber);
  /** From any thread, until `close`. */
  void call(uint32_t number = 0);
  /** On the JavaScript thread, when no thread calls any more. With `deliver`, calls made before still arrive. */
  void close(bool deliver);
  void keepAlive(Napi::Env env, bool keep);

 private:
  static void withNumber(napi_env env, napi_value function, void* context, void* data);
  static void plain(napi_env env, napi_value function, void* context, void* data);

  napi_threadsafe_function function_ = nullptr;
};

}  // namespace ticktape::binding
