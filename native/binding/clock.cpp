#include "clock.h"

#include "../core/clock.h"
#include "../core/counter.h"
#include "environment.h"

namespace ticktape::binding {
namespace {

/** Both in one structure, so that each reading looks up thread-local memory only once. */
struct Reading {
  int64_t* target = nullptr;
  counter::Clock clock;
};

thread_local Reading reading;
thread_local Clock* owner = nullptr;

}  // namespace

std::shared_ptr<Clock> Clock::ofThread() {
  if (owner != nullptr) {
    if (std::shared_ptr<Clock> present = owner->self_.lock()) return present;
  }
  auto clock = std::make_shared<Clock>();
  clock->self_ = clock;
  owner = clock.get();
  reading.target = clock->time_;
  return clock;
}

Clock::~Clock() {
  if (owner == this) owner = nullptr;
  if (reading.target == time_) reading.target = nullptr;
}

napi_value Clock::makeBuffer(Napi::Env env, const std::shared_ptr<Clock>& clock) {
  auto* hint = new std::shared_ptr<Clock>(clock);
  const auto finalize = [](napi_env, void*, void* held) { delete static_cast<std::shared_ptr<Clock>*>(held); };
  napi_value buffer = nullptr;
  if (napi_create_external_arraybuffer(env, clock->time_, sizeof clock->time_, finalize, hint, &buffer) == napi_ok) return buffer;

  // A runtime without external buffers: use memory of the runtime; a reference keeps it at its address.
  delete hint;
  void* data = nullptr;
  napi_ref kept = nullptr;
  napi_create_arraybuffer(env, sizeof clock->time_, &data, &buffer);
  napi_create_reference(env, buffer, 1, &kept);
  reading.target = static_cast<int64_t*>(data);
  return buffer;
}

napi_value Clock::read(napi_env, napi_callback_info) {
  Reading& mine = reading;
  mine.target[0] = mine.clock.now();
  return nullptr;
}

napi_value Clock::readTick(napi_env, napi_callback_info) {
  reading.target[1] = clock::tick();
  return nullptr;
}

napi_value Clock::readSystem(napi_env, napi_callback_info) {
  reading.target[2] = clock::now();
  return nullptr;
}

Napi::Value now(const Napi::CallbackInfo& info) { return Napi::BigInt::New(info.Env(), reading.clock.now()); }

Napi::Value whyNoCounter(const Napi::CallbackInfo& info) {
  const char* why = counter::whyNot();
  if (why == nullptr) return info.Env().Null();
  return Napi::String::New(info.Env(), why);
}

}  // namespace ticktape::binding
