#pragma once

#include <napi.h>

namespace ticktape::binding {

Napi::Value crc32c(const Napi::CallbackInfo& info);
Napi::Value frameCrc(const Napi::CallbackInfo& info);
Napi::Value stampFrames(const Napi::CallbackInfo& info);
Napi::Value pageCrc(const Napi::CallbackInfo& info);
Napi::Value walkFrames(const Napi::CallbackInfo& info);

}  // namespace ticktape::binding
