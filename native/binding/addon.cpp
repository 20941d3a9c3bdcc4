#include <napi.h>

#include "../core/crash_point.h"
#include "../core/crc32c.h"
#include "../core/futex.h"
#include "arguments.h"
#include "clock.h"
#include "directory.h"
#include "file_lock.h"
#include "frames.h"
#include "page_worker.h"
#include "process.h"
#include "syncer.h"
#include "waiter.h"
#include "waiting.h"

/** All exports of the addon, under the names in src/native/addon.ts. */
namespace ticktape::binding {
namespace {

#if defined(__APPLE__)
constexpr const char* kPlatform = "darwin";
#else
constexpr const char* kPlatform = "linux";
#endif

#ifdef TICKTAPE_CRASH_POINTS
Napi::Value crashHere(const Napi::CallbackInfo& info) {
  std::string name;
  if (!readText(info, 0, "name", name)) return {};
  crashPoint(name.c_str());
  return info.Env().Undefined();
}

Napi::Value injectFaultHere(const Napi::CallbackInfo& info) {
  std::string name;
  int number;
  if (!readText(info, 0, "name", name) || !readWhole(info, 1, "errno", 0, 4095, number)) return {};
  injectFault(name.c_str(), number);
  return info.Env().Undefined();
}
#endif

Napi::Object init(Napi::Env env, Napi::Object exports) {
  Environment::install(env);
  Environment& environment = Environment::of(env);
  environment.mappingClass = MappingHandle::defineClass(env);
  environment.fileLockClass = FileLockHandle::defineClass(env);
  environment.directoryClass = DirectoryHandle::defineClass(env);
  environment.clock = Clock::ofThread();

  const napi_property_descriptor properties[] = {
      property("platform", Napi::String::New(env, kPlatform)),
      property("futex", Napi::Boolean::New(env, futex::available())),
      property("futexWaitv", Napi::Boolean::New(env, futex::waitvAvailable())),
      property("hardwareCrc", Napi::Boolean::New(env, crc32cInHardware())),

      property("createFile", function<createFile>),
      property("mapFile", function<mapFile>),
      property("readFile", function<readFile>),
      property("lockFile", function<lockFile>),
      property("openDirectory", function<openDirectory>),
      property("PageWorker", PageWorkerHandle::defineClass(env)),
      property("Syncer", SyncerHandle::defineClass(env)),
      property("Waiter", WaiterHandle::defineClass(env)),

      property("clockBuffer", Clock::makeBuffer(env, environment.clock)),
      property("readClock", &Clock::read),
      property("readTick", &Clock::readTick),
      property("readSystemClock", &Clock::readSystem),
      property("now", function<now>),
      property("whyNoCounter", function<whyNoCounter>),

      property("spin", &spin),
      property("offerCore", &offerCore),
      property("registerBarrier", function<registerBarrier>),
      property("barrier", function<barrier>),
      property("wait", function<wait>),
      property("waitAny", function<waitAny>),
      property("wake", function<wake>),

      property("crc32c", function<crc32c>),
      property("frameCrc", function<frameCrc>),
      property("stampFrames", function<stampFrames>),
      property("pageCrc", function<pageCrc>),
      property("walkFrames", function<walkFrames>),

      property("bootId", function<bootId>),
      property("processStart", function<processStart>),
      property("getAffinity", function<getAffinity>),
      property("setAffinity", function<setAffinity>),
      property("setScheduling", function<setScheduling>),
      property("becomeHelper", function<becomeHelper>),
      property("lockMemory", function<lockMemory>),
      property("endWithParent", function<endWithParent>),
#ifdef TICKTAPE_CRASH_POINTS
      property("crashPoint", function<crashHere>),
      property("injectFault", function<injectFaultHere>),
#endif
  };
  napi_define_properties(env, exports, std::size(properties), properties);
  return exports;
}

}  // namespace

NODE_API_MODULE(ticktape, init)

}  // namespace ticktape::binding
