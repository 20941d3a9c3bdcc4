#include "directory.h"

#include <fcntl.h>

#include <cstring>

#include "arguments.h"
#include "file_lock.h"
#include "later.h"

namespace ticktape::binding {
namespace {

Napi::Value asBytes(Napi::Env env, const Result<std::string>& read) {
  if (!read.ok()) return throwFailure(env, read.failure);
  return Napi::Buffer<char>::Copy(env, read.value.data(), read.value.size());
}

Napi::Value nothing(Napi::Env env, const Failure& failure) {
  if (failure) return throwFailure(env, failure);
  return env.Undefined();
}

}  // namespace

napi_ref DirectoryHandle::defineClass(Napi::Env env) {
  using D = DirectoryHandle;
  const napi_property_descriptor properties[] = {
      property("createFile", method<D, &D::createFile>),
      property("mapFile", method<D, &D::mapFile>),
      property("lockFile", method<D, &D::lockFile>),
      property("readFile", method<D, &D::readFile>),
      property("writeFile", method<D, &D::writeFile>),
      property("names", method<D, &D::names>),
      property("stat", method<D, &D::stat>),
      property("isAtPath", method<D, &D::isAtPath>),
      property("holds", method<D, &D::holds>),
      property("isAheadOf", method<D, &D::isAheadOf>),
      property("rename", method<D, &D::rename>),
      property("link", method<D, &D::link>),
      property("remove", method<D, &D::remove>),
      property("removeLater", method<D, &D::removeLater>),
      property("setMode", method<D, &D::setMode>),
      property("sync", method<D, &D::sync>),
      property("syncLater", method<D, &D::syncLater>),
      property("close", method<D, &D::close>),
  };
  napi_value constructor = nullptr;
  napi_ref reference = nullptr;
  napi_define_class(env, kName, NAPI_AUTO_LENGTH, constructInternally, nullptr, std::size(properties), properties, &constructor);
  napi_create_reference(env, constructor, 1, &reference);
  return reference;
}

Napi::Value DirectoryHandle::make(Napi::Env env, DirectoryPtr directory) {
  const std::string path = directory->path();
  Napi::Value object = construct(env, Environment::of(env).directoryClass, new DirectoryHandle(env, std::move(directory)));
  if (object.IsEmpty()) return {};
  const napi_property_descriptor properties[] = {property("path", Napi::String::New(env, path))};
  napi_define_properties(env, object, std::size(properties), properties);
  return object;
}

bool DirectoryHandle::open(const Napi::CallbackInfo& info) const {
  if (directory_) return true;
  throwCode(info.Env(), "ERR_CLOSED", "the Directory is closed");
  return false;
}

Napi::Value DirectoryHandle::createFile(const Napi::CallbackInfo& info) {
  std::string name;
  size_t size;
  mode_t mode;
  Bytes header;
  if (!open(info) || !readName(info, 0, "name", name) || !readWhole(info, 1, "size", 1, 0x7fffffff, size) ||
      !readWhole(info, 2, "mode", 0, 07777, mode) || !readBytes(info, 3, "header", header)) {
    return {};
  }
  if (header.length > size) return throwRange(info.Env(), "header is longer than the file");
  const Result<RegionPtr> made = Region::create(*directory_, name, size, mode);
  if (!made.ok()) return throwFailure(info.Env(), made.failure);
  if (header.length > 0) std::memcpy(made.value->data(), header.data, header.length);
  return MappingHandle::make(info.Env(), made.value);
}

Napi::Value DirectoryHandle::mapFile(const Napi::CallbackInfo& info) {
  std::string name;
  bool writable;
  if (!open(info) || !readName(info, 0, "name", name) || !readFlag(info, 1, "writable", writable)) return {};
  const Result<RegionPtr> opened = Region::open(*directory_, name, writable);
  if (!opened.ok()) return throwFailure(info.Env(), opened.failure);
  return MappingHandle::make(info.Env(), opened.value);
}

Napi::Value DirectoryHandle::lockFile(const Napi::CallbackInfo& info) {
  std::string name;
  mode_t mode;
  if (!open(info) || !readName(info, 0, "name", name) || !readWhole(info, 1, "mode", 0, 07777, mode)) return {};
  Result<std::unique_ptr<FileLock>> opened = FileLock::open(*directory_, name, mode);
  if (!opened.ok()) return throwFailure(info.Env(), opened.failure);
  return FileLockHandle::make(info.Env(), std::move(opened.value));
}

Napi::Value DirectoryHandle::readFile(const Napi::CallbackInfo& info) {
  std::string name;
  size_t most;
  if (!open(info) || !readName(info, 0, "name", name) || !readWhole(info, 1, "most", 0, 0x7fffffff, most)) return {};
  return asBytes(info.Env(), directory_->read(name, most));
}

Napi::Value DirectoryHandle::writeFile(const Napi::CallbackInfo& info) {
  std::string name;
  Bytes bytes;
  mode_t mode;
  if (!open(info) || !readName(info, 0, "name", name) || !readBytes(info, 1, "bytes", bytes) ||
      !readWhole(info, 2, "mode", 0, 07777, mode)) {
    return {};
  }
  return nothing(info.Env(), directory_->write(name, bytes.data, bytes.length, mode));
}

Napi::Value DirectoryHandle::names(const Napi::CallbackInfo& info) {
  if (!open(info)) return {};
  const Result<std::vector<std::string>> found = directory_->list();
  if (!found.ok()) return throwFailure(info.Env(), found.failure);
  Napi::Array list = Napi::Array::New(info.Env(), found.value.size());
  for (uint32_t i = 0; i < list.Length(); i++) list.Set(i, found.value[i]);
  return list;
}

Napi::Value DirectoryHandle::stat(const Napi::CallbackInfo& info) {
  std::string name;
  if (!open(info) || (!info[0].IsUndefined() && !readName(info, 0, "name", name))) return {};
  struct stat status;
  bool found = false;
  if (const Failure failure = directory_->stat(name, status, found)) return throwFailure(info.Env(), failure);
  if (!found) return info.Env().Null();
  Napi::Object result = Napi::Object::New(info.Env());
  result.Set("isFile", static_cast<bool>(S_ISREG(status.st_mode)));
  result.Set("size", static_cast<double>(status.st_size));
  result.Set("mode", static_cast<double>(status.st_mode & 07777));
  result.Set("uid", static_cast<double>(status.st_uid));
  return result;
}

Napi::Value DirectoryHandle::isAtPath(const Napi::CallbackInfo& info) {
  if (!open(info)) return {};
  return Napi::Boolean::New(info.Env(), directory_->isAtPath());
}

Napi::Value DirectoryHandle::holds(const Napi::CallbackInfo& info) {
  std::string name;
  RegionPtr mapped;
  if (!open(info) || !readName(info, 0, "name", name) || !readRegion(info.Env(), info[1], "mapping", mapped)) return {};
  return Napi::Boolean::New(info.Env(), directory_->holds(name, *mapped));
}

Napi::Value DirectoryHandle::isAheadOf(const Napi::CallbackInfo& info) {
  std::string name;
  RegionPtr mapped;
  if (!open(info) || !readName(info, 0, "name", name) || !readRegion(info.Env(), info[1], "mapping", mapped)) return {};
  return Napi::Boolean::New(info.Env(), directory_->isAheadOf(name, *mapped));
}

Napi::Value DirectoryHandle::rename(const Napi::CallbackInfo& info) {
  std::string from, to;
  if (!open(info) || !readName(info, 0, "from", from) || !readName(info, 1, "to", to)) return {};
  return nothing(info.Env(), directory_->rename(from, to));
}

Napi::Value DirectoryHandle::link(const Napi::CallbackInfo& info) {
  std::string from, to;
  if (!open(info) || !readName(info, 0, "from", from) || !readName(info, 1, "to", to)) return {};
  return nothing(info.Env(), directory_->link(from, to));
}

Napi::Value DirectoryHandle::remove(const Napi::CallbackInfo& info) {
  std::string name;
  if (!open(info) || !readName(info, 0, "name", name)) return {};
  const Result<bool> removed = directory_->remove(name);
  if (!removed.ok()) return throwFailure(info.Env(), removed.failure);
  return Napi::Boolean::New(info.Env(), removed.value);
}

Napi::Value DirectoryHandle::removeLater(const Napi::CallbackInfo& info) {
  std::string name;
  if (!open(info) || !readName(info, 0, "name", name)) return {};
  return later(info.Env(), "ticktape:remove", [directory = directory_, name] { return directory->remove(name).failure; });
}

Napi::Value DirectoryHandle::setMode(const Napi::CallbackInfo& info) {
  mode_t mode;
  if (!open(info) || !readWhole(info, 0, "mode", 0, 07777, mode)) return {};
  return nothing(info.Env(), directory_->setMode(mode));
}

Napi::Value DirectoryHandle::sync(const Napi::CallbackInfo& info) {
  if (!open(info)) return {};
  return nothing(info.Env(), directory_->sync());
}

Napi::Value DirectoryHandle::syncLater(const Napi::CallbackInfo& info) {
  if (!open(info)) return {};
  return later(info.Env(), "ticktape:sync", [directory = directory_] { return directory->sync(); });
}

Napi::Value DirectoryHandle::close(const Napi::CallbackInfo& info) {
  directory_.reset();
  return info.Env().Undefined();
}

bool readDirectory(const Napi::CallbackInfo& info, size_t index, DirectoryPtr& value) {
  const auto* handle = handleIn<DirectoryHandle>(info.Env(), info[index]);
  if (handle == nullptr) {
    throwType(info.Env(), "directory must be a Directory");
    return false;
  }
  value = handle->directory();
  if (value) return true;
  throwCode(info.Env(), "ERR_CLOSED", "the Directory is closed");
  return false;
}

Napi::Value openDirectory(const Napi::CallbackInfo& info) {
  std::string path;
  bool follow;
  if (!readPath(info, 0, "path", path) || !readFlag(info, 1, "follow", follow)) return {};
  Result<DirectoryPtr> opened = Directory::open(path, follow);
  if (!opened.ok()) return throwFailure(info.Env(), opened.failure);
  return DirectoryHandle::make(info.Env(), std::move(opened.value));
}

Napi::Value readFile(const Napi::CallbackInfo& info) {
  std::string path;
  size_t most;
  if (!readPath(info, 0, "path", path) || !readWhole(info, 1, "most", 0, 0x7fffffff, most)) return {};
  return asBytes(info.Env(), readFileAt(AT_FDCWD, path.c_str(), path, most));
}

}  // namespace ticktape::binding
