#include "later.h"

#include "errors.h"

namespace ticktape::binding {
namespace {

struct Job {
  std::function<Failure()> action;
  Failure failure;
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;
};

void run(napi_env, void* data) {
  auto* job = static_cast<Job*>(data);
  job->failure = job->action();
}

void finish(napi_env env, napi_status status, void* data) {
  auto* job = static_cast<Job*>(data);
  // Any other status means that the environment ends: no JavaScript code is left that waits for the promise.
  if (status == napi_ok) {
    napi_value undefined = nullptr;
    napi_get_undefined(env, &undefined);
    if (job->failure) napi_reject_deferred(env, job->deferred, errorOf(env, job->failure));
    else napi_resolve_deferred(env, job->deferred, undefined);
  }
  napi_delete_async_work(env, job->work);
  delete job;
}

}  // namespace

Napi::Value later(Napi::Env env, const char* name, std::function<Failure()> action) {
  auto* job = new Job;
  job->action = std::move(action);
  napi_value promise = nullptr;
  napi_value resource = nullptr;
  napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &resource);
  napi_create_promise(env, &job->deferred, &promise);
  if (napi_create_async_work(env, nullptr, resource, &run, &finish, job, &job->work) != napi_ok) {
    delete job;
    return throwCode(env, "ERR_NO_WORK", "The runtime took no work for its thread pool");
  }
  napi_queue_async_work(env, job->work);
  return Napi::Value(env, promise);
}

}  // namespace ticktape::binding
