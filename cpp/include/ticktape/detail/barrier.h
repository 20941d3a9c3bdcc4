#pragma once

#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

/**
 * Asymmetric fences: the sleeper, which runs rarely, pays for the fence, so that the writer, which runs often, needs none. A `registered`
 * writer publishes with an ordinary store and then loads the word for sleepers with an ordinary load. A sleeper announces itself, calls
 * `run`, and then checks once more for frames. `run` is membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED), in Linux from 4.16 on.
 */
namespace ticktape::barrier {

#if defined(__linux__)

// linux/membarrier.h of older kernels does not define them.
inline constexpr int kGlobalExpedited = 1 << 1;
inline constexpr int kRegisterGlobalExpedited = 1 << 2;

// The system call's number depends on the architecture. Older headers do not define it.
#if defined(SYS_membarrier)
inline constexpr long kMembarrier = SYS_membarrier;
#elif defined(__x86_64__)
inline constexpr long kMembarrier = 324;
#else
inline constexpr long kMembarrier = 283;
#endif

/** Registers this process, once, so that the barriers of others reach its threads. False where the system or a filter refuses. */
inline bool registered() {
  // A registration lasts as long as the process. A forked child inherits it.
  static const bool done = ::syscall(kMembarrier, kRegisterGlobalExpedited, 0, 0) == 0;
  return done;
}

/**
 * Has every running thread of every registered process execute a full memory fence: afterwards its earlier stores are visible, and its later
 * loads see the caller's stores. True when that is done, and also on systems that have no such call, where no process can be registered.
 * False where the system refuses the call to this process.
 */
inline bool run() { return ::syscall(kMembarrier, kGlobalExpedited, 0, 0) == 0; }

#else

inline bool registered() { return false; }
inline bool run() { return true; }

#endif

}  // namespace ticktape::barrier
