#pragma once

#include <napi.h>

#include "../core/waiter.h"
#include "signal_function.h"
#include "threaded.h"

namespace ticktape::binding {

class WaiterHandle : public ThreadedHandle {
 public:
  static constexpr Kind kKind = Kind::waiter;
  static constexpr const char* kName = "Waiter";

  static napi_value defineClass(Napi::Env env);
  static WaiterHandle* construct(const Napi::CallbackInfo& info);
  explicit WaiterHandle(napi_env env);
  ~WaiterHandle() override;

 private:
  void stop() override { waiter_.close(); }
  Napi::Value watch(const Napi::CallbackInfo& info);
  Napi::Value unwatch(const Napi::CallbackInfo& info);
  Napi::Value ref(const Napi::CallbackInfo& info);
  Napi::Value unref(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  bool closed_ = false;
  SignalFunction onWake_;
  Waiter waiter_;
};

}  // namespace ticktape::binding
