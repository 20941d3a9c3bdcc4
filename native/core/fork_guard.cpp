#include "fork_guard.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <vector>

namespace ticktape::fork_guard {
namespace {

struct Files {
  std::mutex mutex;
  std::vector<int> open;
};

// Never destroyed: threads may still close files while the process exits.
Files& files() {
  static auto* all = new Files;
  return *all;
}

// The mutex is held during the fork, so that the child finds the list complete.
void beforeFork() { files().mutex.lock(); }
void inParent() { files().mutex.unlock(); }
void inChild() {
  for (const int file : files().open) ::close(file);
  files().open.clear();
  files().mutex.unlock();
}

}  // namespace

void guard(int file) {
  static std::once_flag once;
  std::call_once(once, [] { ::pthread_atfork(&beforeFork, &inParent, &inChild); });
  std::lock_guard<std::mutex> lock(files().mutex);
  if (std::find(files().open.begin(), files().open.end(), file) == files().open.end()) files().open.push_back(file);
}

void release(int file) {
  std::lock_guard<std::mutex> lock(files().mutex);
  files().open.erase(std::remove(files().open.begin(), files().open.end(), file), files().open.end());
}

}  // namespace ticktape::fork_guard
