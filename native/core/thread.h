#pragma once

#include <pthread.h>

#include <functional>
#include <mutex>
#include <vector>

#include "process.h"

namespace ticktape {

/**
 * A thread that may fail to start without throwing (std::thread throws, and the addon is built without exceptions).
 * It blocks all signals except those of its own faults; the others are left to the JavaScript thread. It does not inherit that thread's
 * CPU binding or priority.
 */
class Thread {
 public:
  Thread() = default;
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  ~Thread() { join(); }

  /** 0, or the errno of pthread_create. `name` has at most 15 characters. */
  int start(const char* name, std::function<void()> body);
  /** Waits until the thread has ended; returns at once if it never started. */
  void join();
  bool started() const { return started_; }

  /** The calling thread is about to sleep until this thread has done something: lets this thread run on the caller's cores, until `sendAway`. */
  void invite();
  void sendAway();

 private:
  static void* run(void* self);
  /** Call it while holding the mutex. */
  void moveTo(const std::vector<int>& cpus) const;

  pthread_t thread_{};
  bool started_ = false;
  const char* name_ = "";
  std::function<void()> body_;
  process::Placement placement_;

  std::mutex mutex_;
  /** The thread's id while it runs, else 0. */
  int id_ = 0;
  /** The cores of the caller that it may use; empty when there is no such caller. */
  std::vector<int> guest_;
};

/**
 * Gives the calling thread, which inherited the placement of the thread that started it, the one of a helper thread: for threads of
 * the runtime.
 */
void becomeHelper();

}  // namespace ticktape
