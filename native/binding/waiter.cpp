#include "waiter.h"

#include "arguments.h"

namespace ticktape::binding {

napi_value WaiterHandle::defineClass(Napi::Env env) {
  using W = WaiterHandle;
  const napi_property_descriptor properties[] = {
      property("watch", method<W, &W::watch>), property("unwatch", method<W, &W::unwatch>), property("ref", method<W, &W::ref>),
      property("unref", method<W, &W::unref>), property("close", method<W, &W::close>),
  };
  napi_value constructor = nullptr;
  napi_define_class(env, kName, NAPI_AUTO_LENGTH, constructThreaded<W>, nullptr, std::size(properties), properties, &constructor);
  return constructor;
}

WaiterHandle* WaiterHandle::construct(const Napi::CallbackInfo& info) {
  Napi::Function onWake;
  if (!readFunction(info, 0, "onWake", onWake)) return nullptr;
  auto* handle = new WaiterHandle(info.Env());
  if (!handle->onWake_.open(info.Env(), onWake, "ticktape.Waiter", true)) {
    delete handle;
    if (!info.Env().IsExceptionPending()) throwCode(info.Env(), "ERR_ENDING", "the environment is ending");
    return nullptr;
  }
  handle->stopWithEnvironment();
  return handle;
}

WaiterHandle::WaiterHandle(napi_env env)
    : ThreadedHandle(env, kKind), waiter_([this](uint32_t id) { onWake_.call(id); }) {}

WaiterHandle::~WaiterHandle() {
  waiter_.close();
  if (forgetEnvironment()) onWake_.close(false);  // collected without close
}

Napi::Value WaiterHandle::watch(const Napi::CallbackInfo& info) {
  uint32_t id, expected;
  RegionPtr region;
  size_t offset;
  if (!readWhole(info, 0, "id", 0, 0xffffffff, id) || !readRegion(info.Env(), info[1], "mapping", region) ||
      !readWordOffset(info.Env(), info[2], *region, offset) || !readWord(info.Env(), info[3], "expected", expected)) {
    return {};
  }
  if (closed_) return throwCode(info.Env(), "ERR_CLOSED", "the Waiter is closed");
  if (const Failure failure = waiter_.watch(id, std::move(region), offset, expected)) return throwFailure(info.Env(), failure);
  return info.Env().Undefined();
}

Napi::Value WaiterHandle::unwatch(const Napi::CallbackInfo& info) {
  uint32_t id;
  if (!readWhole(info, 0, "id", 0, 0xffffffff, id)) return {};
  waiter_.unwatch(id);
  return info.Env().Undefined();
}

Napi::Value WaiterHandle::ref(const Napi::CallbackInfo& info) {
  onWake_.keepAlive(info.Env(), true);
  return info.Env().Undefined();
}

Napi::Value WaiterHandle::unref(const Napi::CallbackInfo& info) {
  onWake_.keepAlive(info.Env(), false);
  return info.Env().Undefined();
}

Napi::Value WaiterHandle::close(const Napi::CallbackInfo& info) {
  if (!closed_) {
    closed_ = true;
    waiter_.close();
    forgetEnvironment();
    onWake_.close(false);
  }
  return info.Env().Undefined();
}

}  // namespace ticktape::binding
