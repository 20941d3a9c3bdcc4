#include "counter.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#if defined(__linux__) && defined(__x86_64__)
#include <cpuid.h>
#include <sys/prctl.h>
#endif

namespace ticktape::counter {
namespace {

#if defined(__linux__) && defined(__x86_64__)

/**
 * Whether the counter runs at the same rate in all states of the processor. A virtual machine that may be moved to another host often
 * reports that it does not.
 */
bool invariant() {
  unsigned a, b, c, d = 0;
  return __get_cpuid(0x80000007, &a, &b, &c, &d) != 0 && (d & 1u << 8) != 0;
}

/** Whether this process is allowed to read the counter. */
bool allowed() {
  int mode = PR_TSC_ENABLE;
  return ::prctl(PR_GET_TSC, &mode, 0, 0, 0) == 0 && mode == PR_TSC_ENABLE;
}

/** Whether the kernel's own clock uses the counter. It does so only if it found that the counters of all processors agree. */
bool trustedByKernel() {
  const int file = ::open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char text[64] = "";
  const ssize_t length = ::read(file, text, sizeof text - 1);
  ::close(file);
  if (length <= 0) return false;
  text[std::strcspn(text, "\n")] = '\0';
  for (const char* by : {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page"}) {
    if (std::strcmp(text, by) == 0) return true;
  }
  return false;
}

const char* examine() {
  const char* wanted = std::getenv("TICKTAPE_CLOCK");
  if (wanted != nullptr && std::strcmp(wanted, "system") == 0) return "TICKTAPE_CLOCK=system";
  if (!invariant()) return "the processor does not report that its counter runs at a constant rate";
  if (!allowed()) return "the process may not read the counter";
  if (!trustedByKernel()) return "the kernel does not use the counter for its own clock";
  return nullptr;
}

#else

const char* examine() { return "the counter is used only on Linux on x64"; }

#endif

std::atomic<const char*>& reason() {
  static std::atomic<const char*> why{examine()};
  return why;
}

}  // namespace

const char* whyNot() { return reason().load(std::memory_order_relaxed); }

void disable(const char* why) { reason().store(why, std::memory_order_relaxed); }

}  // namespace ticktape::counter
