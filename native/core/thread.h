#pragma once

#include <pthread.h>

#include <functional>
#include <mutex>
#include <vector>

#include "process.h"

namespace ticktape {

/**
 * A thread that may fail to start without throwing (std::thread throws, and the addon is built without exceptions).
 * It takes no signals but those of its own faults: the rest belong to the JavaScript thread. Nor does it inherit the cores that one is
 * bound to, or its priority: it leaves them to it.
 */
class Thread {
 public:
  Thread() = default;
  Thread(const Thread&) = delete;
  Thread& operator=(const Thread&) = delete;
  ~Thread() { join(); }

  /** 0, or the errno of pthread_create. `name` has at most 15 characters. */
  int start(const char* name, std::function<void()> body);
  /** Waits for the end of it; nothing when it never started. */
  void join();
  bool started() const { return started_; }

  /** The calling thread is going to sleep until this one has done something: moves it to the sleeper's cores, until `sendAway`. */
  void invite();
  void sendAway();

 private:
  static void* run(void* self);
  /** Under the mutex. */
  void moveTo(const std::vector<int>& cpus) const;

  pthread_t thread_{};
  bool started_ = false;
  const char* name_ = "";
  std::function<void()> body_;
  process::Placement placement_;

  std::mutex mutex_;
  /** Its id while it runs, else 0. */
  int id_ = 0;
  /** Where it has been invited to; empty when it has not. */
  std::vector<int> guest_;
};

}  // namespace ticktape
