#include "file_lock.h"

#include "arguments.h"

namespace ticktape::binding {

napi_ref FileLockHandle::defineClass(Napi::Env env) {
  using F = FileLockHandle;
  const napi_property_descriptor properties[] = {
      property("read", method<F, &F::read>),
      property("write", method<F, &F::write>),
      property("setMode", method<F, &F::setMode>),
      property("close", method<F, &F::close>),
  };
  napi_value constructor = nullptr;
  napi_ref reference = nullptr;
  napi_define_class(env, kName, NAPI_AUTO_LENGTH, constructInternally, nullptr, std::size(properties), properties, &constructor);
  napi_create_reference(env, constructor, 1, &reference);
  return reference;
}

Napi::Value FileLockHandle::read(const Napi::CallbackInfo& info) {
  if (!lock_) return throwCode(info.Env(), "ERR_CLOSED", "the lock is released");
  const Result<std::string> text = lock_->read();
  if (!text.ok()) return throwFailure(info.Env(), text.failure);
  return Napi::String::New(info.Env(), text.value);
}

Napi::Value FileLockHandle::write(const Napi::CallbackInfo& info) {
  std::string text;
  if (!lock_) return throwCode(info.Env(), "ERR_CLOSED", "the lock is released");
  if (!readText(info, 0, "text", text)) return {};
  if (const Failure failure = lock_->write(text)) return throwFailure(info.Env(), failure);
  return info.Env().Undefined();
}

Napi::Value FileLockHandle::setMode(const Napi::CallbackInfo& info) {
  mode_t mode;
  if (!lock_) return throwCode(info.Env(), "ERR_CLOSED", "the lock is released");
  if (!readWhole(info, 0, "mode", 0, 07777, mode)) return {};
  if (const Failure failure = lock_->setMode(mode)) return throwFailure(info.Env(), failure);
  return info.Env().Undefined();
}

Napi::Value FileLockHandle::make(Napi::Env env, std::unique_ptr<FileLock> lock) {
  if (!lock) return env.Null();
  return construct(env, Environment::of(env).fileLockClass, new FileLockHandle(env, std::move(lock)));
}

Napi::Value FileLockHandle::close(const Napi::CallbackInfo& info) {
  lock_.reset();
  return info.Env().Undefined();
}

Napi::Value lockFile(const Napi::CallbackInfo& info) {
  std::string path;
  if (!readPath(info, 0, "path", path)) return {};
  Result<std::unique_ptr<FileLock>> opened = FileLock::openExisting(path);
  if (!opened.ok()) return throwFailure(info.Env(), opened.failure);
  return FileLockHandle::make(info.Env(), std::move(opened.value));
}

}  // namespace ticktape::binding
