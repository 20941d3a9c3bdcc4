#pragma once

#include <napi.h>

#include "../core/failure.h"

/**
 * JavaScript errors. Each `throw...` leaves the exception pending and returns an empty value, which the caller returns at once.
 * In a worker that is being terminated every call into the runtime fails, including these. Such failures are ignored: no
 * JavaScript code is left that could handle them.
 */
namespace ticktape::binding {

/** What throwFailure throws. */
napi_value errorOf(napi_env env, const Failure& failure);
/** An Error with `code`, `errno`, `syscall` and, where there is one, `path`. */
Napi::Value throwFailure(Napi::Env env, const Failure& failure);
Napi::Value throwType(Napi::Env env, const std::string& message);
Napi::Value throwRange(Napi::Env env, const std::string& message);
/** An Error with a code of the addon, such as 'ERR_CLOSED'. */
Napi::Value throwCode(Napi::Env env, const char* code, const std::string& message);

}  // namespace ticktape::binding
