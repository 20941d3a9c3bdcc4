#include "process.h"

#include "../core/parent_watch.h"
#include "../core/process.h"
#include "../core/thread.h"

#include <cmath>

#include "arguments.h"

namespace ticktape::binding {

Napi::Value bootId(const Napi::CallbackInfo& info) {
  const Result<std::string> id = process::bootId();
  if (!id.ok()) return throwFailure(info.Env(), id.failure);
  return Napi::String::New(info.Env(), id.value);
}

Napi::Value processStart(const Napi::CallbackInfo& info) {
  int64_t pid;
  if (!readWhole(info, 0, "pid", 0, 0xffffffff, pid)) return {};
  const int64_t start = process::startOf(pid);
  if (start < 0) return info.Env().Null();
  return Napi::Number::New(info.Env(), static_cast<double>(start));
}

Napi::Value getAffinity(const Napi::CallbackInfo& info) {
  const Result<std::vector<int>> cpus = process::affinity();
  if (!cpus.ok()) return throwFailure(info.Env(), cpus.failure);
  Napi::Array list = Napi::Array::New(info.Env(), cpus.value.size());
  for (uint32_t i = 0; i < cpus.value.size(); i++) list.Set(i, cpus.value[i]);
  return list;
}

Napi::Value setAffinity(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsArray()) return throwType(env, "cpus must be an array");
  const auto list = info[0].As<Napi::Array>();
  std::vector<int> cpus;
  for (uint32_t i = 0; i < list.Length(); i++) {
    const Napi::Value value = list.Get(i);
    if (env.IsExceptionPending()) return {};
    double cpu;
    if (napi_get_value_double(env, value, &cpu) != napi_ok) return throwType(env, "cpus must be numbers");
    if (!(cpu >= 0 && cpu <= 65535 && cpu == std::floor(cpu))) return throwRange(env, "cpus must be 0 to 65535");
    cpus.push_back(static_cast<int>(cpu));
  }
  if (const Failure failure = process::setAffinity(cpus)) return throwFailure(env, failure);
  return env.Undefined();
}

Napi::Value setScheduling(const Napi::CallbackInfo& info) {
  std::string policy;
  int priority;
  if (!readText(info, 0, "policy", policy)) return {};
  Failure failure;
  if (policy == "fifo") {
    if (!readWhole(info, 1, "priority", 1, 99, priority)) return {};
    failure = process::scheduleFifo(priority);
  } else if (policy == "other") {
    if (!readWhole(info, 1, "priority", -20, 19, priority)) return {};
    failure = process::scheduleOther(priority);
  } else {
    return throwType(info.Env(), "policy must be fifo or other");
  }
  if (failure) return throwFailure(info.Env(), failure);
  return info.Env().Undefined();
}

Napi::Value becomeHelper(const Napi::CallbackInfo& info) {
  ticktape::becomeHelper();
  return info.Env().Undefined();
}

Napi::Value lockMemory(const Napi::CallbackInfo& info) {
  if (const Failure failure = process::lockMemory()) return throwFailure(info.Env(), failure);
  return info.Env().Undefined();
}

Napi::Value endWithParent(const Napi::CallbackInfo& info) {
  int64_t parent, graceMs;
  if (!readWhole(info, 0, "parent", 1, 0xffffffff, parent) || !readWhole(info, 1, "graceMs", 0, 3600000, graceMs)) return {};
  const int error = parent_watch::start(parent, graceMs);
  if (error != 0) return throwFailure(info.Env(), failed(error, "pthread_create"));
  return info.Env().Undefined();
}

}  // namespace ticktape::binding
