#pragma once

#include <napi.h>

#include "../core/region.h"
#include "handle.h"

namespace ticktape::binding {

/**
 * A mapped file in JavaScript. Two references keep its memory mapped: this object's, and that of the ArrayBuffer over it, which may be
 * reachable for longer. Unmapping cannot wait for the buffer's finalizer, because a busy loop never runs finalizers. So `close` detaches
 * the buffer and drops both references.
 */
class MappingHandle : public Handle {
 public:
  static constexpr Kind kKind = Kind::mapping;
  static constexpr const char* kName = "Mapping";

  static napi_ref defineClass(Napi::Env env);
  /** The JavaScript object over `region`, or an empty value with an exception pending. */
  static Napi::Value make(Napi::Env env, RegionPtr region);

  MappingHandle(napi_env env, RegionPtr region) : Handle(env, kKind), region_(std::move(region)) {}
  ~MappingHandle() override;

  /** Null once closed. */
  const RegionPtr& region() const { return region_; }
  /** Closes the mapping and returns its region. */
  RegionPtr release();

 private:
  /** The ArrayBuffer's reference to the region, shared with its finalizer. */
  struct BufferHold {
    RegionPtr region;
    /** Whether the memory was subtracted from V8's count; see `discount` in mapping.cpp. */
    bool discounted = false;
  };

  bool makeBuffer(napi_value* buffer);
  static void finalizeBuffer(napi_env env, void* data, void* hint);
  static napi_value damaged(napi_env env, napi_callback_info info);

  Napi::Value close(const Napi::CallbackInfo& info);
  Napi::Value populate(const Napi::CallbackInfo& info);
  Napi::Value advise(const Napi::CallbackInfo& info);
  Napi::Value sync(const Napi::CallbackInfo& info);
  Napi::Value lockRange(const Napi::CallbackInfo& info);
  Napi::Value unlockRange(const Napi::CallbackInfo& info);
  Napi::Value rangeLocked(const Napi::CallbackInfo& info);

  RegionPtr region_;
  bool wasDamaged_ = false;
  std::shared_ptr<BufferHold> hold_;
  napi_ref buffer_ = nullptr;
};

Napi::Value createFile(const Napi::CallbackInfo& info);
Napi::Value mapFile(const Napi::CallbackInfo& info);

}  // namespace ticktape::binding
