#pragma once

#if !defined(__linux__) || !(defined(__x86_64__) || defined(__aarch64__))
#error "ticktape for C++ runs on Linux, on x86-64 and arm64"
#endif

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <utility>

#include "../errors.h"
#include "words.h"

/** What the system does for journals: descriptors, mapped files, locks, clocks, sleeping and waking. */
namespace ticktape::detail {

/** A file descriptor, closed at the end. */
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() { close(); }

  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_ = -1;
};

/** Which file it is, whatever its name. */
struct Identity {
  dev_t device = 0;
  ino_t inode = 0;

  Identity() = default;
  explicit Identity(const struct stat& status) : device(status.st_dev), inode(status.st_ino) {}
  bool operator==(const Identity& other) const { return device == other.device && inode == other.inode; }
  bool operator!=(const Identity& other) const { return !(*this == other); }
};

/** A file in memory, shared with all processes that map it. */
class Mapping {
 public:
  Mapping() = default;
  Mapping(int file, std::size_t size, bool writable, const std::string& path) : size_(size) {
    void* data = ::mmap(nullptr, size, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, file, 0);
    if (data == MAP_FAILED) throwSystem("mapping", path);
    data_ = static_cast<uint8_t*>(data);
  }
  Mapping(Mapping&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(other.size_) {}
  Mapping& operator=(Mapping&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Mapping() {
    if (data_ != nullptr) ::munmap(data_, size_);
  }

  uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  uint32_t* word(std::size_t offset) const { return wordAt(data_, offset); }

  /** Returns once the whole mapping is on the disk. */
  void sync(std::size_t length, const std::string& path) const {
    if (::msync(data_, length, MS_SYNC) != 0) throwSystem("syncing", path);
  }

  /** Gives the memory its pages now, so that the first stores into it cause no page faults. */
  void populate() const {
#if defined(MADV_POPULATE_WRITE)
    if (::madvise(data_, size_, MADV_POPULATE_WRITE) == 0) return;
#endif
    // Older kernels: a load brings a page in, and changes nothing.
    for (std::size_t at = 0; at < size_; at += 4096) (void)*static_cast<volatile uint8_t*>(data_ + at);
  }

 private:
  uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

inline int64_t timeOf(clockid_t clock) {
  timespec time;
  ::clock_gettime(clock, &time);
  return static_cast<int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}
/** ns since 1970. */
inline int64_t now() { return timeOf(CLOCK_REALTIME); }
/** ns of a clock that nobody sets. */
inline int64_t monotonic() { return timeOf(CLOCK_MONOTONIC); }

inline void nap(int64_t ns) {
  const timespec time{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
  ::nanosleep(&time, nullptr);
}

/** Calls `attempt` until it returns true, for so many ns at most. */
template <class Attempt>
bool tryFor(int64_t ns, const Attempt& attempt) {
  for (const int64_t end = monotonic() + ns;;) {
    if (attempt()) return true;
    if (monotonic() >= end) return false;
    nap(1'000'000);
  }
}

inline bool setLock(int file, short kind, std::size_t offset) {
  struct flock lock {};
  lock.l_type = kind;
  lock.l_whence = SEEK_SET;
  lock.l_start = static_cast<off_t>(offset);
  lock.l_len = 1;
  // F_OFD_SETLK: not all headers define it without _GNU_SOURCE.
  return ::fcntl(file, 37, &lock) == 0;
}
/** A write lock on one byte that lives as long as the file is open. False when another open of the file has it. */
inline bool lockByte(int file, std::size_t offset) { return setLock(file, F_WRLCK, offset); }
inline void unlockByte(int file, std::size_t offset) { setLock(file, F_UNLCK, offset); }

/** Sleeps while the word has this value, for so many ns at most. Not private: other processes wake it. */
inline void futexWait(const uint32_t* word, uint32_t value, int64_t ns) {
  const timespec time{static_cast<time_t>(ns / 1'000'000'000), static_cast<long>(ns % 1'000'000'000)};
  ::syscall(SYS_futex, word, FUTEX_WAIT, value, &time, nullptr, 0);
}
inline void futexWake(const uint32_t* word) { ::syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0); }

/** The first bytes of a small file of the system. */
inline std::string readSystemFile(const char* path) {
  const Descriptor file(::open(path, O_RDONLY | O_CLOEXEC));
  char text[4096];
  const ssize_t length = file ? ::read(file.number(), text, sizeof text) : -1;
  if (length < 0) throwSystem("reading", path);
  return std::string(text, static_cast<std::size_t>(length));
}

using BootId = std::array<uint8_t, 16>;

/** 16 bytes that identify this boot of the machine. */
inline BootId bootId() {
  BootId id{};
  std::size_t digits = 0;
  for (const char c : readSystemFile("/proc/sys/kernel/random/boot_id")) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0 || digits >= 32) continue;
    id[digits / 2] = static_cast<uint8_t>(id[digits / 2] << 4 | digit);
    digits++;
  }
  return id;
}

/** This process's start time in clock ticks since boot. */
inline uint64_t processStart() {
  const std::string text = readSystemFile("/proc/self/stat");
  // The name of the program, in parentheses, may have spaces. The start time is the 20th word behind it.
  std::size_t at = text.rfind(')');
  for (int word = 0; word < 20 && at != std::string::npos; word++) at = text.find(' ', at + 1);
  return at == std::string::npos ? 0 : std::strtoull(text.c_str() + at, nullptr, 10);
}

}  // namespace ticktape::detail
