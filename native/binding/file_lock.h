#pragma once

#include <napi.h>

#include "../core/file_lock.h"
#include "handle.h"

namespace ticktape::binding {

class FileLockHandle : public Handle {
 public:
  static constexpr Kind kKind = Kind::fileLock;
  static constexpr const char* kName = "FileLock";

  static napi_ref defineClass(Napi::Env env);
  /** The JavaScript object over `lock`; null when there is none. */
  static Napi::Value make(Napi::Env env, std::unique_ptr<FileLock> lock);
  FileLockHandle(napi_env env, std::unique_ptr<FileLock> lock) : Handle(env, kKind), lock_(std::move(lock)) {}

 private:
  Napi::Value read(const Napi::CallbackInfo& info);
  Napi::Value write(const Napi::CallbackInfo& info);
  Napi::Value setMode(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  std::unique_ptr<FileLock> lock_;
};

Napi::Value lockFile(const Napi::CallbackInfo& info);

}  // namespace ticktape::binding
