#pragma once

#include <napi.h>

#include "../core/page_worker.h"
#include "threaded.h"

namespace ticktape::binding {

class PageWorkerHandle : public ThreadedHandle {
 public:
  static constexpr Kind kKind = Kind::pageWorker;
  static constexpr const char* kName = "PageWorker";

  static napi_value defineClass(Napi::Env env);
  static PageWorkerHandle* construct(const Napi::CallbackInfo& info);
  explicit PageWorkerHandle(napi_env env) : ThreadedHandle(env, kKind) { stopWithEnvironment(); }
  ~PageWorkerHandle() override { forgetEnvironment(); }

 private:
  void stop() override { worker_.stop(); }
  Napi::Value create(const Napi::CallbackInfo& info);
  Napi::Value open(const Napi::CallbackInfo& info);
  Napi::Value watch(const Napi::CallbackInfo& info);
  Napi::Value checkJournal(const Napi::CallbackInfo& info);
  Napi::Value replacedAfter(const Napi::CallbackInfo& info);
  Napi::Value dispose(const Napi::CallbackInfo& info);
  Napi::Value collect(const Napi::CallbackInfo& info);
  Napi::Value wait(const Napi::CallbackInfo& info);
  Napi::Value abandon(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);
  Napi::Value give(Napi::Env env, PageWorker::State state, Result<RegionPtr>& result);

  bool closed_ = false;
  PageWorker worker_;
};

}  // namespace ticktape::binding
