#include "thread.h"

#include <signal.h>

#include <algorithm>

#include "process.h"

namespace ticktape {
namespace {

// The placement of the loading thread when the addon was loaded. Never destroyed: threads may still start while the process ends.
const process::Placement& original = *new process::Placement(process::placement());

/**
 * The placement of a thread that the calling thread starts. Programs bind their spinning thread to one core, or give it the highest
 * priority. A new thread inherits both, so a helper thread would wait until the spinning thread stops. Therefore it gets the priority of
 * the loading time. If the caller is bound to one core and there are others, the helper leaves that core to the caller and uses the
 * others, on the same memory node if possible, because memory belongs to the node of the core that clears it. If the caller has several
 * cores, the helper shares them.
 */
process::Placement awayFromCaller() {
  process::Placement away = original;
  const Result<std::vector<int>> here = process::affinity();
  if (!here.ok() || here.value.size() == original.cpus.size()) return away;
  if (here.value.size() > 1) {
    away.cpus = here.value;
    return away;
  }
  const int taken = here.value.front();
  const std::vector<int> near = process::nodeOf(taken);
  std::vector<int> others, neighbours;
  for (const int cpu : original.cpus) {
    if (cpu == taken) continue;
    others.push_back(cpu);
    if (std::count(near.begin(), near.end(), cpu) > 0) neighbours.push_back(cpu);
  }
  if (others.empty()) return original;
  away.cpus = neighbours.empty() ? others : neighbours;
  return away;
}

}  // namespace

void becomeHelper() { process::applyPlacement(awayFromCaller()); }

int Thread::start(const char* name, std::function<void()> body) {
  name_ = name;
  body_ = std::move(body);
  placement_ = awayFromCaller();

  // A thread inherits the signal mask of the thread that starts it, so it never runs without the mask.
  sigset_t all, before;
  sigfillset(&all);
  for (int fault : {SIGBUS, SIGSEGV, SIGFPE, SIGILL, SIGTRAP}) sigdelset(&all, fault);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int error = pthread_create(&thread_, nullptr, &Thread::run, this);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);

  started_ = error == 0;
  return error;
}

void Thread::join() {
  if (!started_) return;
  invite();
  pthread_join(thread_, nullptr);
  started_ = false;
  guest_.clear();
}

void Thread::invite() {
  const Result<std::vector<int>> here = process::affinity();
  std::lock_guard<std::mutex> lock(mutex_);
  if (!here.ok() || here.value == placement_.cpus) return;
  guest_ = here.value;
  moveTo(guest_);
}

void Thread::sendAway() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (guest_.empty()) return;
  guest_.clear();
  moveTo(placement_.cpus);
}

void Thread::moveTo(const std::vector<int>& cpus) const {
  // If this fails, the thread stays where it is, which is at worst slower.
  if (id_ != 0) (void)process::setAffinity(cpus, id_);
}

void* Thread::run(void* self) {
  auto* thread = static_cast<Thread*>(self);
  process::applyPlacement(thread->placement_);
  {
    std::lock_guard<std::mutex> lock(thread->mutex_);
    thread->id_ = process::threadId();
    if (!thread->guest_.empty()) thread->moveTo(thread->guest_);
  }
#if defined(__APPLE__)
  pthread_setname_np(thread->name_);
#else
  pthread_setname_np(pthread_self(), thread->name_);
#endif
  thread->body_();
  // From here on the system may give the id to another thread.
  std::lock_guard<std::mutex> lock(thread->mutex_);
  thread->id_ = 0;
  return nullptr;
}

}  // namespace ticktape
