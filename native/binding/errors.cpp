#include "errors.h"

#include <cstring>

namespace ticktape::binding {
namespace {

struct Name {
  int number;
  const char* name;
};

/** C libraries have no portable function for the name of an errno. These are the values that the addon's calls can return. */
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

napi_value text(napi_env env, const std::string& from) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, from.data(), from.size(), &value);
  return value;
}

}  // namespace

napi_value errorOf(napi_env env, const Failure& failure) {
  const std::string code = nameOf(failure.number);
  std::string message = code + ": " + std::strerror(failure.number) + ", " + failure.syscall;
  if (!failure.path.empty()) message += " '" + failure.path + "'";

  napi_value error = nullptr;
  napi_value number = nullptr;
  napi_create_error(env, text(env, code), text(env, message), &error);
  napi_create_int32(env, failure.number, &number);
  napi_set_named_property(env, error, "errno", number);
  napi_set_named_property(env, error, "syscall", text(env, failure.syscall));
  if (!failure.path.empty()) napi_set_named_property(env, error, "path", text(env, failure.path));
  return error;
}

Napi::Value throwFailure(Napi::Env env, const Failure& failure) {
  napi_throw(env, errorOf(env, failure));
  return {};
}

Napi::Value throwType(Napi::Env env, const std::string& message) {
  napi_throw_type_error(env, nullptr, message.c_str());
  return {};
}

Napi::Value throwRange(Napi::Env env, const std::string& message) {
  napi_throw_range_error(env, nullptr, message.c_str());
  return {};
}

Napi::Value throwCode(Napi::Env env, const char* code, const std::string& message) {
  napi_throw_error(env, code, message.c_str());
  return {};
}

}  // namespace ticktape::binding
