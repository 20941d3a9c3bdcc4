#pragma once

#include <napi.h>

#include "../core/directory.h"
#include "handle.h"

namespace ticktape::binding {

/** An open directory in JavaScript. */
class DirectoryHandle : public Handle {
 public:
  static constexpr Kind kKind = Kind::directory;
  static constexpr const char* kName = "Directory";

  static napi_ref defineClass(Napi::Env env);
  static Napi::Value make(Napi::Env env, DirectoryPtr directory);
  DirectoryHandle(napi_env env, DirectoryPtr directory) : Handle(env, kKind), directory_(std::move(directory)) {}

  /** Null once closed. */
  const DirectoryPtr& directory() const { return directory_; }

 private:
  Napi::Value createFile(const Napi::CallbackInfo& info);
  Napi::Value mapFile(const Napi::CallbackInfo& info);
  Napi::Value lockFile(const Napi::CallbackInfo& info);
  Napi::Value readFile(const Napi::CallbackInfo& info);
  Napi::Value writeFile(const Napi::CallbackInfo& info);
  Napi::Value names(const Napi::CallbackInfo& info);
  Napi::Value stat(const Napi::CallbackInfo& info);
  Napi::Value isAtPath(const Napi::CallbackInfo& info);
  Napi::Value holds(const Napi::CallbackInfo& info);
  Napi::Value isAheadOf(const Napi::CallbackInfo& info);
  Napi::Value rename(const Napi::CallbackInfo& info);
  Napi::Value link(const Napi::CallbackInfo& info);
  Napi::Value remove(const Napi::CallbackInfo& info);
  Napi::Value removeLater(const Napi::CallbackInfo& info);
  Napi::Value setMode(const Napi::CallbackInfo& info);
  Napi::Value sync(const Napi::CallbackInfo& info);
  Napi::Value syncLater(const Napi::CallbackInfo& info);
  Napi::Value close(const Napi::CallbackInfo& info);

  /** False with an exception pending once closed. */
  bool open(const Napi::CallbackInfo& info) const;

  DirectoryPtr directory_;
};

/** A Directory that is open, as an argument. */
bool readDirectory(const Napi::CallbackInfo& info, size_t index, DirectoryPtr& value);

Napi::Value openDirectory(const Napi::CallbackInfo& info);
Napi::Value readFile(const Napi::CallbackInfo& info);

}  // namespace ticktape::binding
