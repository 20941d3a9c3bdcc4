#include "parent_watch.h"

#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include <atomic>
#include <cerrno>

#include "process.h"
#include "thread.h"

namespace ticktape::parent_watch {
namespace {

/** Between two looks at the parent, where the system cannot wait for its end, in ms. */
constexpr int64_t kLookMs = 250;

void sleepFor(int64_t ms) {
  struct timespec left {};
  left.tv_sec = static_cast<time_t>(ms / 1000);
  left.tv_nsec = static_cast<long>(ms % 1000 * 1000000);
  while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

/** The process that has started this one. */
class Parent {
 public:
  explicit Parent(int64_t pid) : pid_(pid), isDirect_(isMine()), start_(process::startOf(pid)) {}

  /** A process whose parent has ended gets another one. With a wrapper between the two, the parent's start time says whether it is there. */
  bool hasEnded() const { return isDirect_ ? !isMine() : start_ < 0 || process::startOf(pid_) != start_; }

  /** Sleeps until it has ended, without waking up in between. Returns false where the system cannot do that. */
  bool waitForEnd() const;

 private:
  bool isMine() const { return ::getppid() == static_cast<pid_t>(pid_); }

  const int64_t pid_;
  const bool isDirect_;
  const int64_t start_;
};

#if defined(__linux__)
#if !defined(SYS_pidfd_open)
#define SYS_pidfd_open 434
#endif

bool Parent::waitForEnd() const {
  // Readable when the process has ended. There is none before Linux 5.3, or where it is forbidden.
  const int file = static_cast<int>(::syscall(SYS_pidfd_open, static_cast<pid_t>(pid_), 0));
  if (file < 0) return false;
  struct pollfd end {};
  end.fd = file;
  end.events = POLLIN;
  int found = 0;
  // Only now is it sure that the file is of the parent: before, its pid could have become that of another process.
  if (!hasEnded()) {
    do {
      found = ::poll(&end, 1, -1);
    } while (found < 0 && errno == EINTR);
  }
  ::close(file);
  return found > 0;
}

/**
 * SIGCONT at the parent's end does nothing to a process that runs. One that is stopped goes on with it, and so does the thread that
 * watches. SIGKILL instead would not let a process end by itself.
 */
void continueAtEnd() { ::prctl(PR_SET_PDEATHSIG, SIGCONT); }
#else
bool Parent::waitForEnd() const { return false; }
void continueAtEnd() {}
#endif

void watch(const Parent& parent, int64_t graceMs) {
  if (!parent.waitForEnd()) {
    while (!parent.hasEnded()) sleepFor(kLookMs);
  }
  sleepFor(graceMs);
  const pid_t self = ::getpid();
  ::kill(::getpgrp() == self ? -self : self, SIGKILL);
}

}  // namespace

int start(int64_t parent, int64_t graceMs) {
  static std::atomic<bool> started{false};
  if (started.exchange(true)) return 0;
  continueAtEnd();
  // Never destroyed: the thread ends with the process.
  auto* thread = new Thread;
  const int error = thread->start("ticktape-parent", [of = Parent(parent), graceMs] { watch(of, graceMs); });
  if (error != 0) started = false;
  return error;
}

}  // namespace ticktape::parent_watch
