#include "thread.h"

#include <signal.h>

#include <algorithm>

#include "process.h"

namespace ticktape {
namespace {

// As the process was when the addon was loaded. Never destroyed: threads may still begin while the process ends.
const process::Placement& original = *new process::Placement(process::placement());

/**
 * Where a thread goes that the calling one makes. Programs bind their spinning thread to a core of its own, or give it a priority over all
 * others, and a thread inherits both from its maker: what is to help the spinning thread would wait for it to stop. So it gets the priority
 * that was there before, and of a maker with one core it leaves that to it where there are others, near it if it can be: memory
 * belongs to the node whose core clears it. Where a maker has several cores, it shares them.
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

int Thread::start(const char* name, std::function<void()> body) {
  name_ = name;
  body_ = std::move(body);
  placement_ = awayFromCaller();

  // A thread inherits the mask of its maker, so it never sees a moment without it.
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
  // What fails leaves it where it is: slower, at worst.
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
  // Its number may be another's from here on.
  std::lock_guard<std::mutex> lock(thread->mutex_);
  thread->id_ = 0;
  return nullptr;
}

}  // namespace ticktape
