#pragma once

#include <napi.h>

#include <memory>
#include <unordered_set>

namespace ticktape::binding {

class Clock;
class Handle;

/**
 * The addon's state for one JavaScript environment: the main thread, or one worker thread. Environments share only the
 * process-wide state of the core (the fault handler).
 */
struct Environment {
  /**
   * The native objects behind the addon's JavaScript objects. A JavaScript object is accepted only if its pointer is in this set. Any
   * other pointer is refused before it is dereferenced, so an object of another addon is never used as one of ours.
   */
  std::unordered_set<const void*> handles;

  std::shared_ptr<Clock> clock;
  /** The major version of V8; 0 in a runtime without V8. */
  int engineVersion = 0;
  napi_ref mappingClass = nullptr;
  napi_ref fileLockClass = nullptr;
  napi_ref directoryClass = nullptr;
  /** Set while the addon creates an object of a class that JavaScript cannot construct. */
  Handle* constructing = nullptr;

  static Environment& of(napi_env env);
  static std::shared_ptr<Environment> shared(napi_env env);
  static void install(napi_env env);
};

}  // namespace ticktape::binding
