#include "syncer.h"

#include <cmath>

#include "../core/format.h"
#include "arguments.h"

namespace ticktape::binding {

napi_value SyncerHandle::defineClass(Napi::Env env) {
  using S = SyncerHandle;
  const napi_property_descriptor properties[] = {
      property("add", method<S, &S::add>),
      property("request", method<S, &S::request>),
      property("durablePosition", method<S, &S::durablePosition>),
      property("error", method<S, &S::error>),
      property("close", method<S, &S::close>),
  };
  napi_value constructor = nullptr;
  napi_define_class(env, kName, NAPI_AUTO_LENGTH, constructThreaded<S>, nullptr, std::size(properties), properties, &constructor);
  return constructor;
}

SyncerHandle* SyncerHandle::construct(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsObject()) {
    throwType(env, "options must be an object");
    return nullptr;
  }
  const Napi::Object options = info[0].As<Napi::Object>();
  const Napi::Value interval = options.Get("intervalMs");
  const Napi::Value onSynced = options.Get("onSynced");
  if (env.IsExceptionPending()) return nullptr;  // a getter threw
  if (!interval.IsNumber() || !onSynced.IsFunction()) {
    throwType(env, "options must have intervalMs (a number) and onSynced (a function)");
    return nullptr;
  }
  const double ms = interval.As<Napi::Number>().DoubleValue();
  if (!(ms >= 0 && ms <= 0x7fffffff)) {
    throwRange(env, "intervalMs must be 0 to 2147483647");
    return nullptr;
  }
  // Rounded up: 0 means never, but 0.5 means often.
  auto* handle = new SyncerHandle(env, static_cast<uint32_t>(std::ceil(ms)));
  if (!handle->onSynced_.open(env, onSynced.As<Napi::Function>(), "ticktape.Syncer", false)) {
    delete handle;
    if (!env.IsExceptionPending()) throwCode(env, "ERR_ENDING", "the environment is ending");
    return nullptr;
  }
  handle->stopWithEnvironment();
  return handle;
}

SyncerHandle::SyncerHandle(napi_env env, uint32_t intervalMs)
    : ThreadedHandle(env, kKind), syncer_({intervalMs, [this] { onSynced_.call(); }}) {}

SyncerHandle::~SyncerHandle() {
  syncer_.stop();
  if (forgetEnvironment()) onSynced_.close(false);  // collected without close
}

Napi::Value SyncerHandle::add(const Napi::CallbackInfo& info) {
  RegionPtr page, control;
  if (!readRegion(info.Env(), info[0], "page", page)) return {};
  if (!info[1].IsNull() && !info[1].IsUndefined() && !readRegion(info.Env(), info[1], "control", control)) return {};
  if (!page->writable() || (control && !control->writable())) {
    return throwType(info.Env(), "page and control must be mapped writable");
  }
  if (page->size() < format::page::kMinSize || (control && control->size() < format::control::kHeaderSize)) {
    return throwRange(info.Env(), "page or control is smaller than its header");
  }
  if (closed_) return throwCode(info.Env(), "ERR_CLOSED", "the Syncer is closed");
  if (const Failure failure = syncer_.add(std::move(page), std::move(control))) return throwFailure(info.Env(), failure);
  return info.Env().Undefined();
}

Napi::Value SyncerHandle::request(const Napi::CallbackInfo& info) {
  if (closed_) return throwCode(info.Env(), "ERR_CLOSED", "the Syncer is closed");
  syncer_.request();
  return info.Env().Undefined();
}

Napi::Value SyncerHandle::durablePosition(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(syncer_.durablePosition()));
}

Napi::Value SyncerHandle::error(const Napi::CallbackInfo& info) { return Napi::Number::New(info.Env(), syncer_.error()); }

Napi::Value SyncerHandle::close(const Napi::CallbackInfo& info) {
  if (!closed_) {
    closed_ = true;
    syncer_.close();
    forgetEnvironment();
    onSynced_.close(true);
  }
  return info.Env().Undefined();
}

}  // namespace ticktape::binding
