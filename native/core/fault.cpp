#include "fault.h"

#include <dlfcn.h>
#include <signal.h>
#include <sys/mman.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>

namespace ticktape::fault {
namespace {

/**
 * A signal handler must not take a lock, so it reads this table without one. `version` is odd while an entry changes. An entry
 * that is seen half changed cannot be the one searched for: the faulting thread keeps its own mapping, and so its entry, alive.
 */
struct Entry {
  std::atomic<uint32_t> version{0};
  std::atomic<uintptr_t> start{0};
  std::atomic<uintptr_t> end{0};
  std::atomic<int> protection{0};
  std::atomic<bool> damaged{false};
};

constexpr int kEntries = 16384;
Entry entries[kEntries];            // zero pages until used
std::atomic<int> used{0};           // entries from here on were never used
std::atomic<uintptr_t> blockSize{0};
struct sigaction previous;

// Never destroyed: threads may still unmap while the process exits.
std::mutex& tableMutex() {
  static auto* mutex = new std::mutex;
  return *mutex;
}

Entry* find(uintptr_t address) {
  const int count = used.load(std::memory_order_acquire);
  for (int i = 0; i < count; i++) {
    Entry& entry = entries[i];
    const uint32_t version = entry.version.load(std::memory_order_acquire);
    if (version & 1) continue;
    const uintptr_t start = entry.start.load(std::memory_order_acquire);
    const uintptr_t end = entry.end.load(std::memory_order_acquire);
    if (address < start || address >= end) continue;
    if (entry.version.load(std::memory_order_acquire) == version) return &entry;
  }
  return nullptr;
}

/** Maps a block of zeros over a block that the file no longer has. */
bool replaceByZeros(void* block, std::size_t size, int protection) {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
#if defined(__linux__) && defined(__LP64__)
  // The raw system call: wrappers of mmap (sanitizers, allocators) are not safe in signal handlers.
  return ::syscall(SYS_mmap, block, size, protection, kFlags, -1, 0) != -1;
#else
  return ::mmap(block, size, protection, kFlags, -1, 0) != MAP_FAILED;
#endif
}

void passOn(int signal, siginfo_t* info, void* context) {
  if (previous.sa_flags & SA_SIGINFO) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  } else {
    // The default action: returning runs the faulting instruction again, now without a handler. A signal that was sent by kill()
    // does not come again by itself, so it is raised.
    ::signal(SIGBUS, SIG_DFL);
    if (info->si_code <= 0) ::raise(SIGBUS);
  }
}

void onSigbus(int signal, siginfo_t* info, void* context) {
  const int savedErrno = errno;
  if (info->si_code == BUS_ADRERR) {
    const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
    if (Entry* entry = find(address)) {
      const uintptr_t size = blockSize.load(std::memory_order_relaxed);
      void* block = reinterpret_cast<void*>(address & ~(size - 1));
      entry->damaged.store(true, std::memory_order_release);
      if (replaceByZeros(block, size, entry->protection.load(std::memory_order_relaxed))) {
        errno = savedErrno;
        return;
      }
    }
  }
  passOn(signal, info, context);
  errno = savedErrno;
}

/** The end of a worker thread may unload the addon; the handler must stay loaded. */
void keepLoaded() {
  Dl_info info;
  if (::dladdr(reinterpret_cast<void*>(&onSigbus), &info) && info.dli_fname) {
    ::dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
  }
}

void install() {
  blockSize.store(static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE)));
  keepLoaded();
  struct sigaction action {};
  action.sa_sigaction = &onSigbus;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGBUS, nullptr, &previous);
  ::sigaction(SIGBUS, &action, nullptr);
}

}  // namespace

int guard(void* start, std::size_t length, int protection) {
  static std::once_flag once;
  std::call_once(once, install);

  std::lock_guard<std::mutex> lock(tableMutex());
  int slot = 0;
  const int count = used.load(std::memory_order_relaxed);
  while (slot < count && entries[slot].start.load(std::memory_order_relaxed) != 0) slot++;
  if (slot == kEntries) return -1;

  Entry& entry = entries[slot];
  entry.version.fetch_add(1, std::memory_order_acq_rel);
  entry.damaged.store(false, std::memory_order_relaxed);
  entry.protection.store(protection, std::memory_order_relaxed);
  entry.end.store(reinterpret_cast<uintptr_t>(start) + length, std::memory_order_relaxed);
  entry.start.store(reinterpret_cast<uintptr_t>(start), std::memory_order_relaxed);
  entry.version.fetch_add(1, std::memory_order_release);
  if (slot == count) used.store(count + 1, std::memory_order_release);
  return slot;
}

void release(int slot) {
  if (slot < 0) return;
  std::lock_guard<std::mutex> lock(tableMutex());
  Entry& entry = entries[slot];
  entry.version.fetch_add(1, std::memory_order_acq_rel);
  entry.start.store(0, std::memory_order_relaxed);
  entry.end.store(0, std::memory_order_relaxed);
  entry.version.fetch_add(1, std::memory_order_release);
}

bool damaged(int slot) { return slot >= 0 && entries[slot].damaged.load(std::memory_order_acquire); }

}  // namespace ticktape::fault
