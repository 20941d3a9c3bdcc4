#pragma once

#include <napi.h>

namespace ticktape::binding {

Napi::Value bootId(const Napi::CallbackInfo& info);
Napi::Value processStart(const Napi::CallbackInfo& info);
Napi::Value getAffinity(const Napi::CallbackInfo& info);
Napi::Value setAffinity(const Napi::CallbackInfo& info);
Napi::Value setScheduling(const Napi::CallbackInfo& info);
Napi::Value becomeHelper(const Napi::CallbackInfo& info);
Napi::Value lockMemory(const Napi::CallbackInfo& info);
Napi::Value endWithParent(const Napi::CallbackInfo& info);

}  // namespace ticktape::binding
