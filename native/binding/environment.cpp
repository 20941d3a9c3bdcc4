#include "environment.h"

namespace ticktape::binding {

using Holder = std::shared_ptr<Environment>;

void Environment::install(napi_env env) {
  // Handles hold it too: their finalizers may run after this one's.
  const auto finalize = [](napi_env, void* holder, void*) { delete static_cast<Holder*>(holder); };
  napi_set_instance_data(env, new Holder(std::make_shared<Environment>()), finalize, nullptr);
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
