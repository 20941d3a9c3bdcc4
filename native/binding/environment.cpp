#include "environment.h"

#include <cstdlib>

namespace ticktape::binding {

namespace {

using Holder = std::shared_ptr<Environment>;

/** The first number of process.versions.v8. */
int readEngineVersion(napi_env env) {
  napi_value global, process, versions, version;
  char text[16] = "";
  size_t length = 0;
  const bool known = napi_get_global(env, &global) == napi_ok &&
                     napi_get_named_property(env, global, "process", &process) == napi_ok &&
                     napi_get_named_property(env, process, "versions", &versions) == napi_ok &&
                     napi_get_named_property(env, versions, "v8", &version) == napi_ok &&
                     napi_get_value_string_utf8(env, version, text, sizeof text, &length) == napi_ok;
  return known ? std::atoi(text) : 0;
}

}  // namespace

void Environment::install(napi_env env) {
  // Handles also hold a reference: their finalizers may run after this one.
  const auto finalize = [](napi_env, void* holder, void*) { delete static_cast<Holder*>(holder); };
  auto* holder = new Holder(std::make_shared<Environment>());
  (*holder)->engineVersion = readEngineVersion(env);
  napi_set_instance_data(env, holder, finalize, nullptr);
}

std::shared_ptr<Environment> Environment::shared(napi_env env) {
  void* holder = nullptr;
  napi_get_instance_data(env, &holder);
  return *static_cast<Holder*>(holder);
}

Environment& Environment::of(napi_env env) {
  void* holder = nullptr;
  napi_get_instance_data(env, &holder);
  return **static_cast<Holder*>(holder);
}

}  // namespace ticktape::binding
