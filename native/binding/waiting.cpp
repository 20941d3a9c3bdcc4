#include "waiting.h"

#include <sched.h>

#include <cmath>

#include "../core/barrier.h"
#include "../core/futex.h"
#include "../core/words.h"
#include "arguments.h"

namespace ticktape::binding {
namespace {

/** ms to ns; Infinity, and any value too large for ns, means no timeout. */
bool readTimeout(const Napi::CallbackInfo& info, size_t index, int64_t& timeout) {
  double ms;
  if (napi_get_value_double(info.Env(), info[index], &ms) != napi_ok || std::isnan(ms)) {
    throwType(info.Env(), "timeoutMs must be a number");
    return false;
  }
  constexpr double kYear = 365.0 * 86400 * 1000;
  timeout = ms > kYear ? futex::kForever : ms <= 0 ? 0 : static_cast<int64_t>(ms * 1e6);
  return true;
}

Napi::Value nameOf(Napi::Env env, futex::Outcome outcome) {
  switch (outcome) {
    case futex::Outcome::woken: return Napi::String::New(env, "woken");
    case futex::Outcome::changed: return Napi::String::New(env, "changed");
    default: return Napi::String::New(env, "timeout");
  }
}

}  // namespace

/** Uses the C interface directly: the call overhead must be small compared with the spin itself. */
napi_value spin(napi_env env, napi_callback_info info) {
  size_t count = 4;
  napi_value arguments[4];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  const auto* handle = handleIn<MappingHandle>(env, arguments[0]);
  if (handle == nullptr) return throwType(env, "mapping must be a Mapping");
  if (!handle->region()) return throwCode(env, "ERR_CLOSED", "mapping is closed");
  size_t offset;
  uint32_t expected, spins;
  if (!readWordOffset(env, arguments[1], *handle->region(), offset)) return nullptr;
  if (!readWord(env, arguments[2], "expected", expected) || !readWord(env, arguments[3], "spins", spins)) return nullptr;

  // The mapping cannot be closed meanwhile: only this thread could close it.
  const uint32_t* word = wordAt(handle->region()->data(), offset);
  bool changed = loadAcquire(word) != expected;
  for (uint32_t turn = 0; !changed && turn < spins; turn++) {
    pause();
    changed = loadAcquire(word) != expected;
  }
  napi_value result = nullptr;
  napi_get_boolean(env, changed, &result);
  return result;
}

napi_value offerCore(napi_env, napi_callback_info) {
  ::sched_yield();
  return nullptr;
}

Napi::Value registerBarrier(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), barrier::registered()); }

Napi::Value barrier(const Napi::CallbackInfo& info) { return Napi::Boolean::New(info.Env(), barrier::run()); }

Napi::Value wait(const Napi::CallbackInfo& info) {
  RegionPtr region;
  size_t offset;
  uint32_t expected;
  int64_t timeout;
  if (!readRegion(info.Env(), info[0], "mapping", region) || !readWordOffset(info.Env(), info[1], *region, offset) ||
      !readWord(info.Env(), info[2], "expected", expected) || !readTimeout(info, 3, timeout)) {
    return {};
  }
  return nameOf(info.Env(), futex::wait(wordAt(region->data(), offset), expected, timeout));
}

Napi::Value waitAny(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  if (!info[0].IsArray() || !info[1].IsArray() || !info[2].IsArray()) {
    return throwType(env, "mappings, offsets and expected must be arrays");
  }
  const auto mappings = info[0].As<Napi::Array>(), offsets = info[1].As<Napi::Array>(), expected = info[2].As<Napi::Array>();
  const uint32_t count = mappings.Length();
  if (count < 1 || count >= futex::kMaxWords || offsets.Length() != count || expected.Length() != count) {
    return throwRange(env, "mappings, offsets and expected must have the same length, 1 to 127");
  }

  RegionPtr regions[futex::kMaxWords];
  futex::Word words[futex::kMaxWords];
  for (uint32_t i = 0; i < count; i++) {
    const Napi::Value mapping = mappings.Get(i), offsetValue = offsets.Get(i), expectedValue = expected.Get(i);
    if (env.IsExceptionPending()) return {};  // an element that throws when it is read
    size_t offset;
    uint32_t value;
    if (!readRegion(env, mapping, "mapping", regions[i]) || !readWordOffset(env, offsetValue, *regions[i], offset) ||
        !readWord(env, expectedValue, "expected", value)) {
      return {};
    }
    words[i] = {wordAt(regions[i]->data(), offset), value};
  }
  int64_t timeout;
  if (!readTimeout(info, 3, timeout)) return {};
  return nameOf(env, futex::waitAny(words, count, timeout));
}

Napi::Value wake(const Napi::CallbackInfo& info) {
  RegionPtr region;
  size_t offset;
  if (!readRegion(info.Env(), info[0], "mapping", region) || !readWordOffset(info.Env(), info[1], *region, offset)) return {};
  return Napi::Number::New(info.Env(), futex::wake(wordAt(region->data(), offset)));
}

}  // namespace ticktape::binding
