#pragma once

#include <napi.h>

#include "../core/syncer.h"
#include "signal_function.h"
#include "threaded.h"

namespace ticktape::binding {

class SyncerHandle : public ThreadedHandle {
 public:
  static constexpr Kind kKind = Kind::syncer;
  static constexpr const char* kName = "Syncer";

  static napi_value defineClass(Napi::Env env);
  static SyncerHandle* construct(const Napi::CallbackInfo& info);
  SyncerHandle(napi_env env, uint32_t intervalMs);
  ~SyncerHandle() override;

 private:
  void stop() override { syncer_.stop(); }
  Napi::Value add(const Napi::CallbackInfo& info);
  Napi::Value request(const Napi::CallbackInfo& info);
  Napi::Value durablePosition(const Napi::CallbackInfo& info);
  Napi::Value error(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  bool closed_ = false;
  SignalFunction onSynced_;
  Syncer syncer_;
};

}  // namespace ticktape::binding
