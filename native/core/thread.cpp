#include "thread.h"

#include <signal.h>

namespace ticktape {

int Thread::start(const char* name, std::function<void()> body) {
  name_ = name;
  body_ = std::move(body);

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

void* Thread::run(void* self) {
  auto* thread = static_cast<Thread*>(self);
#if defined(__APPLE__)
  pthread_setname_np(thread->name_);
#else
  pthread_setname_np(pthread_self(), thread->name_);
#endif
  thread->body_();
  return nullptr;
}

}  // namespace ticktape
