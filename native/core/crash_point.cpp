#include "crash_point.h"

#ifdef TICKTAPE_CRASH_POINTS
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

namespace ticktape {

void crashPoint(const char* name) {
  const char* wanted = std::getenv("TICKTAPE_CRASH_POINT");
  if (wanted == nullptr) return;
  const char* colon = std::strrchr(wanted, ':');
  const std::size_t length = colon ? static_cast<std::size_t>(colon - wanted) : std::strlen(wanted);
  if (std::strlen(name) != length || std::strncmp(name, wanted, length) != 0) return;
  const long turn = colon ? std::strtol(colon + 1, nullptr, 10) : 1;
  static std::atomic<long> reached{0};
  if (reached.fetch_add(1) + 1 >= turn) ::kill(::getpid(), SIGKILL);
}

}  // namespace ticktape
#endif
