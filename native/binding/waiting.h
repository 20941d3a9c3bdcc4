#pragma once

#include <napi.h>

namespace ticktape::binding {

napi_value spin(napi_env env, napi_callback_info info);
napi_value offerCore(napi_env env, napi_callback_info info);
Napi::Value registerBarrier(const Napi::CallbackInfo& info);
Napi::Value barrier(const Napi::CallbackInfo& info);
Napi::Value wait(const Napi::CallbackInfo& info);
Napi::Value waitAny(const Napi::CallbackInfo& info);
Napi::Value wake(const Napi::CallbackInfo& info);

}  // namespace ticktape::binding
