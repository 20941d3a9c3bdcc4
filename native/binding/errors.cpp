#include "errors.h"

#include <cstring>

namespace ticktape::binding {
namespace {

struct Name {
  int number;
  const char* name;
};

/** C libraries have no common way to tell an errno's name. These are the ones the addon's calls can give. */
constexpr Name kNames[] = {
#define NAME(name) {name, #name}
    NAME(E2BIG),  NAME(EACCES),  NAME(EAGAIN),       NAME(EBADF),   NAME(EBADMSG),   NAME(EBUSY),     NAME(ECHILD),
    NAME(EDEADLK), NAME(EDQUOT), NAME(EEXIST),       NAME(EFAULT),  NAME(EFBIG),     NAME(EINTR),     NAME(EINVAL),
    NAME(EIO),    NAME(EISDIR),  NAME(ELOOP),        NAME(EMFILE),  NAME(EMLINK),    NAME(ENAMETOOLONG), NAME(ENFILE),
    NAME(ENODEV), NAME(ENOENT),  NAME(ENOLCK),       NAME(ENOMEM),  NAME(ENOSPC),    NAME(ENOSYS),    NAME(ENOTDIR),
    NAME(ENOTSUP), NAME(ENXIO),  NAME(EOVERFLOW),    NAME(EPERM),   NAME(EPIPE),     NAME(EROFS),     NAME(ESPIPE),
    NAME(ESRCH),  NAME(ESTALE),  NAME(ETXTBSY),      NAME(EXDEV),   NAME(ETIMEDOUT),
#undef NAME
};

std::string nameOf(int number) {
  for (const Name& name : kNames) {
    if (name.number == number) return name.name;
  }
  return "E" + std::to_string(number);
}

}  // namespace

Napi::Value throwFailure(Napi::Env env, const Failure& failure) {
  const std::string code = nameOf(failure.number);
  std::string message = code + ": " + std::strerror(failure.number) + ", " + failure.syscall;
  if (!failure.path.empty()) message += " '" + failure.path + "'";

  Napi::Error error = Napi::Error::New(env, message);
  Napi::Object object = error.Value();
  object.Set("code", code);
  object.Set("errno", failure.number);
  object.Set("syscall", failure.syscall);
  if (!failure.path.empty()) object.Set("path", failure.path);
  error.ThrowAsJavaScriptException();
  return {};
}

Napi::Value throwType(Napi::Env env, const std::string& message) {
  Napi::TypeError::New(env, message).ThrowAsJavaScriptException();
  return {};
}

Napi::Value throwRange(Napi::Env env, const std::string& message) {
  Napi::RangeError::New(env, message).ThrowAsJavaScriptException();
  return {};
}

Napi::Value throwCode(Napi::Env env, const char* code, const std::string& message) {
  Napi::Error error = Napi::Error::New(env, message);
  error.Value().Set("code", code);
  error.ThrowAsJavaScriptException();
  return {};
}

}  // namespace ticktape::binding
