#pragma once

#include <napi.h>

#include <functional>

#include "../core/failure.h"

namespace ticktape::binding {

/**
 * Runs a slow operation on the runtime's thread pool. Returns a promise that resolves to undefined, or rejects with the failure's error.
 */
Napi::Value later(Napi::Env env, const char* name, std::function<Failure()> action);

}  // namespace ticktape::binding
