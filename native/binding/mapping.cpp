#include "mapping.h"

#include <sys/mman.h>

#include <cstring>

#include "arguments.h"

namespace ticktape::binding {
namespace {

/**
 * V8 counts a mapped file as external memory that a garbage collection could free, and starts a collection when that memory grows by
 * 64 MiB. So the size is subtracted right after the buffer is created, and added again just before the buffer is released. Two cases are
 * exceptions:
 * - V8 13 (Node 24) aborts the process when more is subtracted than it has counted.
 * - A file of 64 MiB or more starts a collection when its buffer is created; subtracting afterwards does not help.
 */
bool discount(napi_env env, std::size_t size) {
  const int version = Environment::of(env).engineVersion;
  if (version < 1 || version > 12 || size >= 64u << 20) return false;
  int64_t total;
  return napi_adjust_external_memory(env, -static_cast<int64_t>(size), &total) == napi_ok;
}

void undoDiscount(napi_env env, std::size_t size) {
  int64_t total;
  napi_adjust_external_memory(env, static_cast<int64_t>(size), &total);
}

}  // namespace

napi_ref MappingHandle::defineClass(Napi::Env env) {
  using M = MappingHandle;
  const napi_property_descriptor properties[] = {
      property("close", method<M, &M::close>),
      property("populate", method<M, &M::populate>),
      property("advise", method<M, &M::advise>),
      property("sync", method<M, &M::sync>),
      property("lockRange", method<M, &M::lockRange>),
      property("unlockRange", method<M, &M::unlockRange>),
      property("rangeLocked", method<M, &M::rangeLocked>),
      {"damaged", nullptr, nullptr, &M::damaged, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_value constructor = nullptr;
  napi_ref reference = nullptr;
  napi_define_class(env, kName, NAPI_AUTO_LENGTH, constructInternally, nullptr, std::size(properties), properties, &constructor);
  napi_create_reference(env, constructor, 1, &reference);
  return reference;
}

Napi::Value MappingHandle::make(Napi::Env env, RegionPtr region) {
  auto* handle = new MappingHandle(env, region);
  Napi::Value object = construct(env, Environment::of(env).mappingClass, handle);
  if (object.IsEmpty()) return {};

  napi_value buffer = nullptr;
  if (!handle->makeBuffer(&buffer)) {
    handle->region_.reset();
    return {};
  }
  const napi_property_descriptor properties[] = {
      property("buffer", buffer),
      property("size", Napi::Number::New(env, static_cast<double>(region->size()))),
      property("writable", Napi::Boolean::New(env, region->writable())),
      property("inode", Napi::Number::New(env, static_cast<double>(region->inode()))),
      property("device", Napi::Number::New(env, static_cast<double>(region->device()))),
  };
  napi_define_properties(env, object, std::size(properties), properties);
  return object;
}

bool MappingHandle::makeBuffer(napi_value* buffer) {
  hold_ = std::make_shared<BufferHold>(BufferHold{region_, false});
  auto* hint = new std::shared_ptr<BufferHold>(hold_);
  const napi_status status =
      napi_create_external_arraybuffer(env(), region_->data(), region_->size(), &finalizeBuffer, hint, buffer);
  if (status != napi_ok) {
    delete hint;
    hold_.reset();
    if (status == napi_no_external_buffers_allowed) {
      throwCode(env(), "ERR_NO_EXTERNAL_BUFFERS",
                "This runtime does not allow an ArrayBuffer over memory of an addon (Electron does not, because of V8's memory cage), "
                "so it cannot map files");
    } else if (!Napi::Env(env()).IsExceptionPending()) {
      throwCode(env(), "ERR_NO_BUFFER", "The runtime could not create an ArrayBuffer");
    }
    return false;
  }
  hold_->discounted = discount(env(), region_->size());
  napi_create_reference(env(), *buffer, 1, &buffer_);
  return true;
}

/** The ArrayBuffer was garbage-collected, or `close` detached it before and has already cleared the hold. */
void MappingHandle::finalizeBuffer(napi_env env, void*, void* hint) {
  auto* hold = static_cast<std::shared_ptr<BufferHold>*>(hint);
  if ((*hold)->region && (*hold)->discounted) undoDiscount(env, (*hold)->region->size());
  (*hold)->region.reset();
  delete hold;
}

MappingHandle::~MappingHandle() {
  if (buffer_ != nullptr) napi_delete_reference(env(), buffer_);
}

RegionPtr MappingHandle::release() {
  RegionPtr region = std::move(region_);
  region_.reset();
  if (!region) return region;
  wasDamaged_ = region->damaged();

  napi_value buffer = nullptr;
  napi_get_reference_value(env(), buffer_, &buffer);
  bool isDetached = true;
  if (buffer != nullptr) napi_is_detached_arraybuffer(env(), buffer, &isDetached);
  // If other code detached the buffer, it was transferred: another ArrayBuffer has the memory now, and its finalizer unmaps it.
  if (!isDetached) {
    // Before the detach: otherwise V8 sees a decrease below the real value and measures growth from that lower level.
    if (hold_->discounted) undoDiscount(env(), region->size());
    hold_->discounted = false;
    if (napi_detach_arraybuffer(env(), buffer) == napi_ok) hold_->region.reset();
  }
  napi_delete_reference(env(), buffer_);
  buffer_ = nullptr;
  hold_.reset();
  return region;
}

napi_value MappingHandle::damaged(napi_env env, napi_callback_info raw) {
  const Napi::CallbackInfo info(env, raw);
  const auto* self = handleIn<MappingHandle>(env, info.This());
  if (self == nullptr) return throwType(env, "Illegal invocation: this is not a Mapping");
  return Napi::Boolean::New(env, self->region_ ? self->region_->damaged() : self->wasDamaged_);
}

Napi::Value MappingHandle::close(const Napi::CallbackInfo& info) {
  release();
  return info.Env().Undefined();
}

Napi::Value MappingHandle::populate(const Napi::CallbackInfo& info) {
  RegionPtr region;
  size_t offset, length;
  bool write;
  if (!readRegion(info.Env(), info.This(), "mapping", region) || !readRange(info, 0, *region, offset, length) ||
      !readFlag(info, 2, "write", write)) {
    return {};
  }
  region->populate(offset, length, write);
  return info.Env().Undefined();
}

Napi::Value MappingHandle::advise(const Napi::CallbackInfo& info) {
  struct Advice {
    const char* name;
    int value;
  };
  static constexpr Advice kAdvices[] = {
      {"normal", MADV_NORMAL},     {"sequential", MADV_SEQUENTIAL}, {"random", MADV_RANDOM},
      {"willneed", MADV_WILLNEED}, {"dontneed", MADV_DONTNEED},
#if defined(MADV_HUGEPAGE)
      {"hugepage", MADV_HUGEPAGE},
#endif
  };
  RegionPtr region;
  std::string wanted;
  if (!readRegion(info.Env(), info.This(), "mapping", region) || !readText(info, 0, "advice", wanted)) return {};
  for (const Advice& advice : kAdvices) {
    if (wanted != advice.name) continue;
    if (const Failure failure = region->advise(advice.value)) return throwFailure(info.Env(), failure);
    return info.Env().Undefined();
  }
#if !defined(MADV_HUGEPAGE)
  if (wanted == "hugepage") return throwFailure(info.Env(), failed(ENOTSUP, "madvise", region->path()));
#endif
  return throwType(info.Env(), "advice must be normal, sequential, random, willneed, dontneed or hugepage");
}

Napi::Value MappingHandle::sync(const Napi::CallbackInfo& info) {
  RegionPtr region;
  size_t offset, length;
  if (!readRegion(info.Env(), info.This(), "mapping", region) || !readRange(info, 0, *region, offset, length)) return {};
  if (const Failure failure = region->sync(offset, length)) return throwFailure(info.Env(), failure);
  return info.Env().Undefined();
}

Napi::Value MappingHandle::lockRange(const Napi::CallbackInfo& info) {
  RegionPtr region;
  size_t offset, length;
  if (!readRegion(info.Env(), info.This(), "mapping", region) || !readRange(info, 0, *region, offset, length)) return {};
  const Result<int> locked = region->lockRange(offset, length);
  if (!locked.ok()) return throwFailure(info.Env(), locked.failure);
  return Napi::Boolean::New(info.Env(), locked.value == 1);
}

Napi::Value MappingHandle::unlockRange(const Napi::CallbackInfo& info) {
  RegionPtr region;
  size_t offset, length;
  if (!readRegion(info.Env(), info.This(), "mapping", region) || !readRange(info, 0, *region, offset, length)) return {};
  if (const Failure failure = region->unlockRange(offset, length)) return throwFailure(info.Env(), failure);
  return info.Env().Undefined();
}

Napi::Value MappingHandle::rangeLocked(const Napi::CallbackInfo& info) {
  RegionPtr region;
  size_t offset, length;
  if (!readRegion(info.Env(), info.This(), "mapping", region) || !readRange(info, 0, *region, offset, length)) return {};
  const Result<int> locked = region->rangeLocked(offset, length);
  if (!locked.ok()) return throwFailure(info.Env(), locked.failure);
  return Napi::Boolean::New(info.Env(), locked.value == 1);
}

Napi::Value createFile(const Napi::CallbackInfo& info) {
  std::string path;
  size_t size;
  mode_t mode;
  Bytes header;
  if (!readPath(info, 0, "path", path) || !readWhole(info, 1, "size", 1, 0x7fffffff, size) ||
      !readWhole(info, 2, "mode", 0, 07777, mode) || !readBytes(info, 3, "header", header)) {
    return {};
  }
  if (header.length > size) return throwRange(info.Env(), "header is longer than the file");
  const Result<RegionPtr> made = Region::create(path, size, mode);
  if (!made.ok()) return throwFailure(info.Env(), made.failure);
  if (header.length > 0) std::memcpy(made.value->data(), header.data, header.length);
  return MappingHandle::make(info.Env(), made.value);
}

Napi::Value mapFile(const Napi::CallbackInfo& info) {
  std::string path;
  bool writable;
  if (!readPath(info, 0, "path", path) || !readFlag(info, 1, "writable", writable)) return {};
  const Result<RegionPtr> opened = Region::open(path, writable);
  if (!opened.ok()) return throwFailure(info.Env(), opened.failure);
  return MappingHandle::make(info.Env(), opened.value);
}

}  // namespace ticktape::binding
