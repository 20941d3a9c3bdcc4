#pragma once

#include <napi.h>

#include <memory>

#include "environment.h"
#include "errors.h"

namespace ticktape::binding {

enum class Kind { mapping, fileLock, directory, pageWorker, syncer, waiter };

/** The native part of a JavaScript object; it lives until that object is garbage-collected or the environment ends. */
class Handle {
 public:
  Handle(napi_env env, Kind kind) : kind(kind), env_(env), environment_(Environment::shared(env)) {
    environment_->handles.insert(this);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  virtual ~Handle() { environment_->handles.erase(this); }

  /** Attaches this handle to its JavaScript object; the object's finalizer deletes the handle. */
  bool wrap(napi_value object) {
    const auto finalize = [](napi_env, void* handle, void*) { delete static_cast<Handle*>(handle); };
    return napi_wrap(env_, object, this, finalize, nullptr, nullptr) == napi_ok;
  }

  const Kind kind;

 protected:
  napi_env env() const { return env_; }

 private:
  napi_env env_;
  std::shared_ptr<Environment> environment_;
};

/** The handle in a JavaScript value; null when the value has no handle of this addon, or one of another class. */
template <class T>
T* handleIn(napi_env env, napi_value value) {
  void* pointer = nullptr;
  if (napi_unwrap(env, value, &pointer) != napi_ok || pointer == nullptr) return nullptr;
  if (Environment::of(env).handles.count(pointer) == 0) return nullptr;
  auto* handle = static_cast<Handle*>(pointer);
  return handle->kind == T::kKind ? static_cast<T*>(handle) : nullptr;
}

/** A member function of a handle's class, as a function for JavaScript. */
template <class T, Napi::Value (T::*member)(const Napi::CallbackInfo&)>
napi_value method(napi_env env, napi_callback_info raw) {
  const Napi::CallbackInfo info(env, raw);
  T* self = handleIn<T>(env, info.This());
  if (self == nullptr) return throwType(env, std::string("Illegal invocation: this is not a ") + T::kName);
  return (self->*member)(info);
}

template <Napi::Value (*body)(const Napi::CallbackInfo&)>
napi_value function(napi_env env, napi_callback_info raw) {
  const Napi::CallbackInfo info(env, raw);
  return body(info);
}

inline napi_property_descriptor property(const char* name, napi_callback method) {
  return {name, nullptr, method, nullptr, nullptr, nullptr, napi_default_method, nullptr};
}

inline napi_property_descriptor property(const char* name, napi_value value) {
  return {name, nullptr, nullptr, nullptr, nullptr, value, napi_enumerable, nullptr};
}

/** The constructor of a class whose objects only the addon creates; it takes the handle that waits in the environment. */
inline napi_value constructInternally(napi_env env, napi_callback_info raw) {
  const Napi::CallbackInfo info(env, raw);
  Handle*& waiting = Environment::of(env).constructing;
  if (waiting == nullptr || !info.IsConstructCall()) return throwType(env, "Illegal constructor");
  Handle* handle = waiting;
  waiting = nullptr;
  if (!handle->wrap(info.This())) delete handle;
  return info.This();
}

/** Creates an object of such a class; takes ownership of `handle`. */
inline Napi::Value construct(Napi::Env env, napi_ref constructor, Handle* handle) {
  napi_value function = nullptr;
  napi_value object = nullptr;
  napi_get_reference_value(env, constructor, &function);
  Handle*& waiting = Environment::of(env).constructing;
  waiting = handle;
  const bool made = function != nullptr && napi_new_instance(env, function, 0, nullptr, &object) == napi_ok;
  if (waiting != nullptr) delete waiting;  // the constructor did not run: the environment is ending
  waiting = nullptr;
  return made ? Napi::Value(env, object) : Napi::Value();
}

}  // namespace ticktape::binding
