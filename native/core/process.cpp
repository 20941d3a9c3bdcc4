#include "process.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif
#if defined(__APPLE__)
#include <libproc.h>
#include <sys/sysctl.h>
#endif

#include <cctype>
#include <cstdlib>
#include <cstring>

namespace ticktape::process {
namespace {

#if defined(__linux__)
Result<std::string> readSmall(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return failed("open", path);
  char text[4096];
  const ssize_t length = ::read(file, text, sizeof text);
  Failure failure;
  if (length < 0) failure = failed("read", path);
  ::close(file);
  if (failure) return failure;
  return std::string(text, static_cast<std::size_t>(length));
}
#endif

std::string hexadecimalOf(const std::string& uuid) {
  std::string digits;
  for (const char c : uuid) {
    if (std::isxdigit(static_cast<unsigned char>(c))) digits += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return digits;
}

}  // namespace

Failure lockMemory() {
#if defined(MCL_ONFAULT)
  // MCL_ONFAULT: without it every block of V8's large reservations would be brought into memory at once.
  if (::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0) return {};
  if (errno != EINVAL) return failed("mlockall");
#endif
  if (::mlockall(MCL_CURRENT | MCL_FUTURE) != 0) return failed("mlockall");
  return {};
}

#if defined(__linux__)

Result<std::string> bootId() {
#ifdef TICKTAPE_CRASH_POINTS
  // Tests of power loss simulate another boot of the machine.
  if (const char* pretended = std::getenv("TICKTAPE_BOOT_ID")) return std::string(pretended);
#endif
  const std::string path = "/proc/sys/kernel/random/boot_id";
  Result<std::string> text = readSmall(path);
  if (!text.ok()) return text;
  const std::string digits = hexadecimalOf(text.value);
  if (digits.size() != 32) return failed(EBADMSG, "read", path);
  return digits;
}

int64_t startOf(int64_t pid) {
  const Result<std::string> stat = readSmall("/proc/" + std::to_string(pid) + "/stat");
  if (!stat.ok()) return -1;
  // The second field is the program's name in brackets and may contain any character, so count from the last bracket: the start time
  // is field 22, the 20th after it.
  const std::size_t bracket = stat.value.rfind(')');
  if (bracket == std::string::npos) return -1;
  const char* at = stat.value.c_str() + bracket + 1;
  for (int field = 0; field < 20; field++) {
    at = std::strchr(at, ' ');
    if (at == nullptr) return -1;
    at++;
  }
  return std::strtoll(at, nullptr, 10);
}

Result<std::vector<int>> affinity() {
  for (int limit = 1024; limit <= 65536; limit *= 2) {
    cpu_set_t* set = CPU_ALLOC(limit);
    if (set == nullptr) return failed(ENOMEM, "sched_getaffinity");
    const std::size_t size = CPU_ALLOC_SIZE(limit);
    const bool known = ::sched_getaffinity(0, size, set) == 0;
    const Failure failure = known ? Failure{} : failed("sched_getaffinity");
    std::vector<int> cpus;
    for (int cpu = 0; known && cpu < limit; cpu++) {
      if (CPU_ISSET_S(cpu, size, set)) cpus.push_back(cpu);
    }
    CPU_FREE(set);
    if (known) return cpus;
    if (failure.number != EINVAL) return failure;  // EINVAL: the machine has more CPUs than the set holds
  }
  return failed(EINVAL, "sched_getaffinity");
}

Failure setAffinity(const std::vector<int>& cpus, int thread) {
  constexpr int kLimit = 65536;
  cpu_set_t* set = CPU_ALLOC(kLimit);
  if (set == nullptr) return failed(ENOMEM, "sched_setaffinity");
  const std::size_t size = CPU_ALLOC_SIZE(kLimit);
  CPU_ZERO_S(size, set);
  bool sensible = !cpus.empty();
  for (const int cpu : cpus) {
    if (cpu < 0 || cpu >= kLimit) {
      sensible = false;
    } else {
      CPU_SET_S(cpu, size, set);
    }
  }
  Failure failure;
  if (!sensible) {
    failure = failed(EINVAL, "sched_setaffinity");
  } else if (::sched_setaffinity(thread, size, set) != 0) {
    failure = failed("sched_setaffinity");
  }
  CPU_FREE(set);
  return failure;
}

std::vector<int> nodeOf(int cpu) {
  constexpr int kMostNodes = 64;
  std::vector<int> cpus;
  for (int node = 0; node < kMostNodes && cpus.empty(); node++) {
    const std::string of = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/node" + std::to_string(node);
    const Result<std::string> list = readSmall(of + "/cpulist");
    if (!list.ok()) continue;
    // "0-3,8-11"
    for (const char* at = list.value.c_str(); std::isdigit(static_cast<unsigned char>(*at));) {
      char* end;
      const long first = std::strtol(at, &end, 10);
      const long last = *end == '-' ? std::strtol(end + 1, &end, 10) : first;
      for (long one = first; one <= last && last < 65536; one++) cpus.push_back(static_cast<int>(one));
      at = *end == ',' ? end + 1 : end;
    }
  }
  return cpus;
}

int threadId() { return static_cast<int>(::syscall(SYS_gettid)); }

Placement placement() {
  Placement here;
  const Result<std::vector<int>> cpus = affinity();
  if (cpus.ok()) here.cpus = cpus.value;
  here.policy = ::sched_getscheduler(0);
  struct sched_param parameters {};
  if (::sched_getparam(0, &parameters) == 0) here.priority = parameters.sched_priority;
  // With the thread's id: on Linux 0 also means the calling thread, but in POSIX it means the process.
  here.nice = ::getpriority(PRIO_PROCESS, static_cast<id_t>(threadId()));
  return here;
}

void applyPlacement(const Placement& to) {
  // When a call fails, the thread keeps what it inherited from the thread that started it.
  if (!to.cpus.empty()) (void)setAffinity(to.cpus);
  struct sched_param parameters {};
  parameters.sched_priority = to.priority;
  struct sched_param now {};
  ::sched_getparam(0, &now);
  if (::sched_getscheduler(0) != to.policy || now.sched_priority != to.priority) ::sched_setscheduler(0, to.policy, &parameters);
  const auto thread = static_cast<id_t>(threadId());
  if (::getpriority(PRIO_PROCESS, thread) != to.nice) ::setpriority(PRIO_PROCESS, thread, to.nice);
}

Failure scheduleFifo(int priority) {
  struct sched_param parameters {};
  parameters.sched_priority = priority;
  if (::sched_setscheduler(0, SCHED_FIFO, &parameters) != 0) return failed("sched_setscheduler");
  return {};
}

Failure scheduleOther(int nice) {
  struct sched_param parameters {};
  if (::sched_setscheduler(0, SCHED_OTHER, &parameters) != 0) return failed("sched_setscheduler");
  // On Linux a nice value applies to one thread.
  if (::setpriority(PRIO_PROCESS, static_cast<id_t>(threadId()), nice) != 0) return failed("setpriority");
  return {};
}

#elif defined(__APPLE__)

Result<std::string> bootId() {
  char text[64];
  std::size_t length = sizeof text;
  if (::sysctlbyname("kern.bootsessionuuid", text, &length, nullptr, 0) != 0) return failed("sysctl");
  const std::string digits = hexadecimalOf(std::string(text, strnlen(text, length)));
  if (digits.size() != 32) return failed(EBADMSG, "sysctl");
  return digits;
}

int64_t startOf(int64_t pid) {
  struct proc_bsdinfo info;
  if (::proc_pidinfo(static_cast<int>(pid), PROC_PIDTBSDINFO, 0, &info, sizeof info) != sizeof info) return -1;
  return static_cast<int64_t>(info.pbi_start_tvsec) * 1000000 + static_cast<int64_t>(info.pbi_start_tvusec);
}

// macOS cannot bind a thread to a CPU and has no SCHED_FIFO for ordinary processes; a nice value applies to the whole process.
Placement placement() { return {}; }
void applyPlacement(const Placement&) {}
Result<std::vector<int>> affinity() { return failed(ENOTSUP, "sched_getaffinity"); }
Failure setAffinity(const std::vector<int>&, int) { return failed(ENOTSUP, "sched_setaffinity"); }
int threadId() { return 0; }
std::vector<int> nodeOf(int) { return {}; }
Failure scheduleFifo(int) { return failed(ENOTSUP, "sched_setscheduler"); }
Failure scheduleOther(int nice) {
  if (::setpriority(PRIO_PROCESS, 0, nice) != 0) return failed("setpriority");
  return {};
}

#endif

}  // namespace ticktape::process
