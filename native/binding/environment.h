#pragma once

#include <napi.h>

#include <memory>
#include <unordered_set>

namespace ticktape::binding {

class Clock;
class Handle;

/**
 * What the addon keeps for one JavaScript environment: the main thread, or one worker thread. Nothing is shared between
 * environments but the core's own process-wide state (the fault handler).
 */
struct Environment {
  /**
   * The native objects behind our JavaScript objects. An object is ours only when the pointer in it is found here: any other
   * is refused before it is looked at, so no foreign object can be taken for one of ours.
   */
  std::unordered_set<const void*> handles;

  std::shared_ptr<Clock> clock;
  /** Of V8; 0 where there is none. */
  int engineVersion = 0;
  napi_ref mappingClass = nullptr;
  napi_ref fileLockClass = nullptr;
  napi_ref directoryClass = nullptr;
  /** Set while the addon itself makes an object of a class that JavaScript may not construct. */
  Handle* constructing = nullptr;

  static Environment& of(napi_env env);
  static std::shared_ptr<Environment> shared(napi_env env);
  static void install(napi_env env);
};

}  // namespace ticktape::binding
