#include "crash_point.h"

#ifdef TICKTAPE_CRASH_POINTS
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

namespace ticktape {
namespace {

std::mutex faultsMutex;
std::map<std::string, int>& faults() {
  static auto* numbers = new std::map<std::string, int>;  // never destroyed: threads outlive main
  return *numbers;
}

}  // namespace

int faultPoint(const char* name) {
  std::lock_guard<std::mutex> lock(faultsMutex);
  const auto found = faults().find(name);
  return found == faults().end() ? 0 : found->second;
}

void injectFault(const char* name, int number) {
  std::lock_guard<std::mutex> lock(faultsMutex);
  faults()[name] = number;
}

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
