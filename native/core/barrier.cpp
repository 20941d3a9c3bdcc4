#include "barrier.h"

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace ticktape::barrier {

#if defined(__linux__)

namespace {

// linux/membarrier.h of older kernels does not define them.
constexpr int kGlobalExpedited = 1 << 1;
constexpr int kRegisterGlobalExpedited = 1 << 2;

// The system call's number depends on the architecture. Older headers do not define it.
#if defined(SYS_membarrier)
constexpr long kMembarrier = SYS_membarrier;
#elif defined(__x86_64__)
constexpr long kMembarrier = 324;
#else
constexpr long kMembarrier = 283;
#endif

}  // namespace

bool registered() {
  // A registration lasts as long as the process. A forked child inherits it.
  static const bool done = ::syscall(kMembarrier, kRegisterGlobalExpedited, 0, 0) == 0;
  return done;
}

bool run() { return ::syscall(kMembarrier, kGlobalExpedited, 0, 0) == 0; }

#else

bool registered() { return false; }
bool run() { return true; }

#endif

}  // namespace ticktape::barrier
