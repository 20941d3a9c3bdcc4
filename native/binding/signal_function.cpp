#include "signal_function.h"

namespace ticktape::binding {
namespace {

/** An error thrown by the function becomes an uncaught exception, as from any callback. */
void invoke(napi_env env, napi_value function, size_t count, const napi_value* arguments) {
  napi_value receiver = nullptr;
  napi_value result = nullptr;
  napi_get_undefined(env, &receiver);
  if (napi_call_function(env, receiver, function, count, arguments, &result) != napi_pending_exception) return;
  napi_value error = nullptr;
  if (napi_get_and_clear_last_exception(env, &error) == napi_ok) napi_fatal_exception(env, error);
}

}  // namespace

bool SignalFunction::open(Napi::Env env, Napi::Function function, const char* name, bool numbered) {
  const napi_value resource = Napi::String::New(env, name);
  if (napi_create_threadsafe_function(env, function, nullptr, resource, 0, 1, nullptr, nullptr, nullptr,
                                      numbered ? &withNumber : &plain, &function_) != napi_ok) {
    function_ = nullptr;
    return false;
  }
  napi_unref_threadsafe_function(env, function_);
  return true;
}

void SignalFunction::call(uint32_t number) {
  // The number is passed in the pointer: nothing to allocate, and nothing to free if the call never arrives.
  void* data = reinterpret_cast<void*>(static_cast<uintptr_t>(number));
  if (function_ != nullptr) napi_call_threadsafe_function(function_, data, napi_tsfn_nonblocking);
}

void SignalFunction::close(bool deliver) {
  if (function_ == nullptr) return;
  napi_release_threadsafe_function(function_, deliver ? napi_tsfn_release : napi_tsfn_abort);
  function_ = nullptr;
}

void SignalFunction::keepAlive(Napi::Env env, bool keep) {
  if (function_ == nullptr) return;
  if (keep) {
    napi_ref_threadsafe_function(env, function_);
  } else {
    napi_unref_threadsafe_function(env, function_);
  }
}

void SignalFunction::withNumber(napi_env env, napi_value function, void*, void* data) {
  if (env == nullptr) return;  // closed meanwhile
  napi_value number = nullptr;
  napi_create_uint32(env, static_cast<uint32_t>(reinterpret_cast<uintptr_t>(data)), &number);
  invoke(env, function, 1, &number);
}

void SignalFunction::plain(napi_env env, napi_value function, void*, void*) {
  if (env != nullptr) invoke(env, function, 0, nullptr);
}

}  // namespace ticktape::binding
