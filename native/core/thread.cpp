#include "thread.h"

#include <signal.h>

#include <algorithm>

#include "process.h"

namespace ticktape {
namespace {

// As the process was when the addon was loaded.
const process::Placement home = process::placement();

/**
 * Where a thread goes that the calling one makes. Programs bind their spinning thread to a core of its own, or give it a priority over all
 * others, and a thread inherits both from its maker: what is to help the spinning thread would wait for it to stop. So it goes home, and
 * leaves the maker's core to the maker where there is another.
 */
process::Placement awayFromHere() {
  process::Placement away = home;
  const Result<std::vector<int>> here = process::affinity();
  if (!here.ok() || here.value.size() >= home.cpus.size()) return away;
  const auto isHere = [&](int cpu) { return std::count(here.value.begin(), here.value.end(), cpu) > 0; };
  away.cpus.erase(std::remove_if(away.cpus.begin(), away.cpus.end(), isHere), away.cpus.end());
  return away.cpus.empty() ? home : away;
}

}  // namespace

int Thread::start(const char* name, std::function<void()> body) {
  name_ = name;
  body_ = std::move(body);
  placement_ = awayFromHere();

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
  pthread_join(thread_, nullptr);
  started_ = false;
}

void Thread::invite() {
  const int id = id_.load();
  if (id == 0 || placement_.cpus.size() == home.cpus.size()) return;
  const Result<std::vector<int>> here = process::affinity();
  if (here.ok()) (void)process::setAffinity(here.value, id);
}

void Thread::sendAway() {
  const int id = id_.load();
  if (id != 0 && placement_.cpus.size() < home.cpus.size()) (void)process::setAffinity(placement_.cpus, id);
}

void* Thread::run(void* self) {
  auto* thread = static_cast<Thread*>(self);
  process::place(thread->placement_);
  thread->id_.store(process::threadId());
#if defined(__APPLE__)
  pthread_setname_np(thread->name_);
#else
  pthread_setname_np(pthread_self(), thread->name_);
#endif
  thread->body_();
  return nullptr;
}

}  // namespace ticktape
