#include "check.h"

#if defined(__linux__)
#include <sched.h>
#include <sys/mount.h>
#endif
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <vector>

namespace check {
namespace {

struct Test {
  const char* name;
  void (*body)();
};

std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

std::vector<std::string>& directories() {
  static std::vector<std::string> all;
  return all;
}

struct Skipped {
  std::string why;
};

const pid_t runner = ::getpid();

void removeDirectories() {
  if (::getpid() != runner) return;  // a child must not remove its parent's files
  std::error_code ignored;
  for (const std::string& path : directories()) std::filesystem::remove_all(path, ignored);
}

}  // namespace

void fail(const char* file, int line, const std::string& what) {
  std::fprintf(stderr, "%s:%d: not so: %s\n", file, line, what.c_str());
  removeDirectories();
  std::fflush(nullptr);
  ::_exit(1);
}

void skip(const std::string& why) { throw Skipped{why}; }

bool add(const char* name, void (*body)()) {
  tests().push_back({name, body});
  return true;
}

int startChild(const std::function<int()>& body) {
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body());
  return pid;
}

int finish(int pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int inChild(const std::function<int()>& body) { return finish(startChild(body)); }

std::string directory(bool onDisk) {
  std::string path = onDisk ? std::filesystem::temp_directory_path().string() : "/dev/shm";
  if (!std::filesystem::is_directory(path)) path = std::filesystem::temp_directory_path().string();
  path += "/ticktape-test-XXXXXX";
  if (::mkdtemp(&path[0]) == nullptr) fail(__FILE__, __LINE__, "mkdtemp " + path);
  directories().push_back(path);
  return path;
}

int onSmallFileSystem(const std::string& directory, const char* size, const std::function<int()>& body) {
#if defined(__linux__)
  constexpr int kMayNot = 77;
  const int status = inChild([&] {
    // In a separate mount namespace, which ends with the child.
    if (::unshare(CLONE_NEWNS) != 0) return kMayNot;
    if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return kMayNot;
    const std::string options = std::string("size=") + size;
    if (::mount("none", directory.c_str(), "tmpfs", 0, options.c_str()) != 0) return kMayNot;
    return body();
  });
  if (status != kMayNot) return status;
#else
  (void)directory, (void)size, (void)body;
#endif
  skip("mounting a small file system is not permitted");
}

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    sleepMs(1);
  }
  return true;
}

void sleepMs(int ms) {
  timespec time{ms / 1000, (ms % 1000) * 1000000L};
  while (::nanosleep(&time, &time) != 0) continue;
}

}  // namespace check

int main() {
  for (const auto& test : check::tests()) {
    try {
      test.body();
      std::printf("ok    %s\n", test.name);
    } catch (const check::Skipped& skipped) {
      std::printf("skip  %s: %s\n", test.name, skipped.why.c_str());
    }
    std::fflush(stdout);
  }
  check::removeDirectories();
  return 0;
}
