#include "page_worker.h"

#include "../core/format.h"
#include "arguments.h"
#include "directory.h"

namespace ticktape::binding {

napi_value PageWorkerHandle::defineClass(Napi::Env env) {
  using P = PageWorkerHandle;
  const napi_property_descriptor properties[] = {
      property("create", method<P, &P::create>),   property("open", method<P, &P::open>),
      property("dispose", method<P, &P::dispose>), property("collect", method<P, &P::collect>),
      property("wait", method<P, &P::wait>),       property("abandon", method<P, &P::abandon>),
      property("watch", method<P, &P::watch>),     property("checkJournal", method<P, &P::checkJournal>),
      property("replacedAfter", method<P, &P::replacedAfter>), property("close", method<P, &P::close>),
  };
  napi_value constructor = nullptr;
  napi_define_class(env, kName, NAPI_AUTO_LENGTH, constructThreaded<P>, nullptr, std::size(properties), properties, &constructor);
  return constructor;
}

PageWorkerHandle* PageWorkerHandle::construct(const Napi::CallbackInfo& info) { return new PageWorkerHandle(info.Env()); }

Napi::Value PageWorkerHandle::create(const Napi::CallbackInfo& info) {
  PagePlan plan;
  Bytes header;
  if (!readDirectory(info, 0, plan.directory) || !readName(info, 1, "temporaryName", plan.temporaryName) ||
      !readName(info, 2, "name", plan.name) || !readWhole(info, 3, "size", 1, 0x7fffffff, plan.size) ||
      !readWhole(info, 4, "mode", 0, 07777, plan.mode) || !readBytes(info, 5, "header", header) ||
      !readFlag(info, 6, "durable", plan.durable)) {
    return {};
  }
  if (header.length > plan.size) return throwRange(info.Env(), "header is longer than the page");
  if (closed_) return throwCode(info.Env(), "ERR_CLOSED", "the PageWorker is closed");
  plan.header.assign(header.data, header.data + header.length);
  Failure failure;
  const PageWorker::Ticket ticket = worker_.create(std::move(plan), failure);
  if (failure) return throwFailure(info.Env(), failure);
  return Napi::Number::New(info.Env(), ticket);
}

Napi::Value PageWorkerHandle::open(const Napi::CallbackInfo& info) {
  DirectoryPtr directory;
  std::string name;
  if (!readDirectory(info, 0, directory) || !readName(info, 1, "name", name)) return {};
  if (closed_) return throwCode(info.Env(), "ERR_CLOSED", "the PageWorker is closed");
  Failure failure;
  const PageWorker::Ticket ticket = worker_.open(std::move(directory), std::move(name), failure);
  if (failure) return throwFailure(info.Env(), failure);
  return Napi::Number::New(info.Env(), ticket);
}

Napi::Value PageWorkerHandle::watch(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  DirectoryPtr directory;
  RegionPtr control, page;
  std::string name;
  if (!readDirectory(info, 0, directory) || !readRegion(env, info[1], "control", control) ||
      !readName(info, 2, "pageName", name) || !readRegion(env, info[3], "page", page)) {
    return {};
  }
  if (!control->writable() || control->size() < format::control::kSize || page->size() < format::page::kHeaderSize) {
    return throwType(env, "control must be a control file mapped writable, page a page");
  }
  if (closed_) return throwCode(env, "ERR_CLOSED", "the PageWorker is closed");
  worker_.watch(std::move(directory), std::move(control), name, std::move(page));
  return env.Undefined();
}

Napi::Value PageWorkerHandle::checkJournal(const Napi::CallbackInfo& info) {
  worker_.journalWatch().check();
  return replacedAfter(info);
}

Napi::Value PageWorkerHandle::replacedAfter(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(worker_.journalWatch().replacedAfter()));
}

Napi::Value PageWorkerHandle::dispose(const Napi::CallbackInfo& info) {
  auto* mapping = handleIn<MappingHandle>(info.Env(), info[0]);
  if (mapping == nullptr) return throwType(info.Env(), "mapping must be a Mapping");
  if (RegionPtr region = mapping->release()) worker_.dispose(std::move(region));
  return info.Env().Undefined();
}

Napi::Value PageWorkerHandle::collect(const Napi::CallbackInfo& info) {
  PageWorker::Ticket ticket;
  if (!readWhole(info, 0, "ticket", 0, 0xffffffff, ticket)) return {};
  Result<RegionPtr> result;
  const PageWorker::State state = worker_.collect(ticket, result);
  return give(info.Env(), state, result);
}

Napi::Value PageWorkerHandle::wait(const Napi::CallbackInfo& info) {
  PageWorker::Ticket ticket;
  if (!readWhole(info, 0, "ticket", 0, 0xffffffff, ticket)) return {};
  Result<RegionPtr> result;
  const PageWorker::State state = worker_.wait(ticket, result);
  return give(info.Env(), state, result);
}

Napi::Value PageWorkerHandle::give(Napi::Env env, PageWorker::State state, Result<RegionPtr>& result) {
  if (state == PageWorker::State::unknown) return throwRange(env, "there is no such ticket, or it was collected or abandoned");
  if (state == PageWorker::State::pending) return env.Null();
  if (!result.ok()) return throwFailure(env, result.failure);
  return MappingHandle::make(env, std::move(result.value));
}

Napi::Value PageWorkerHandle::abandon(const Napi::CallbackInfo& info) {
  PageWorker::Ticket ticket;
  if (!readWhole(info, 0, "ticket", 0, 0xffffffff, ticket)) return {};
  worker_.abandon(ticket);
  return info.Env().Undefined();
}

Napi::Value PageWorkerHandle::close(const Napi::CallbackInfo& info) {
  closed_ = true;
  worker_.close();
  return info.Env().Undefined();
}

}  // namespace ticktape::binding
