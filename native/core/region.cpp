#include "region.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "allocate.h"
#include "crash_point.h"
#include "directory.h"
#include "fault.h"
#include "file_status.h"
#include "fork_guard.h"
#include "memory_file.h"
#include "populate.h"
#include "sync_log.h"

namespace ticktape {
namespace {

constexpr std::size_t kMaxSize = 0x7fffffff;

}  // namespace

Result<RegionPtr> Region::create(const std::string& path, std::size_t size, mode_t mode) {
  return createAt(AT_FDCWD, path.c_str(), path, size, mode);
}

Result<RegionPtr> Region::create(const Directory& directory, const std::string& name, std::size_t size, mode_t mode) {
  return createAt(directory.file(), name.c_str(), directory.pathOf(name), size, mode);
}

Result<RegionPtr> Region::open(const std::string& path, bool writable) {
  return openAt(AT_FDCWD, path.c_str(), path, writable);
}

Result<RegionPtr> Region::open(const Directory& directory, const std::string& name, bool writable) {
  return openAt(directory.file(), name.c_str(), directory.pathOf(name), writable);
}

Result<RegionPtr> Region::createAt(int directory, const char* name, const std::string& path, std::size_t size, mode_t mode) {
  const int file = ticktape::openAt(directory, name, O_RDWR | O_CREAT | O_EXCL, mode);
  if (file < 0) return failed("open", path);

  Result<RegionPtr> made;
  // open() applied the umask; the file must have exactly `mode`.
  if (::fchmod(file, mode) != 0) {
    made = failed("fchmod", path);
    ::close(file);
  } else if (Failure failure = allocate(file, size)) {
    failure.path = path;
    ::close(file);
    made = failure;
  } else {
    made = map(file, path, size, true);
  }
  if (made.ok()) {
    sync_log::created(path, size);
  } else {
    ::unlinkat(directory, name, 0);
  }
  return made;
}

Result<RegionPtr> Region::openAt(int directory, const char* name, const std::string& path, bool writable) {
  // O_NONBLOCK: opening a FIFO at this path must not wait for its other end. It has no effect on regular files.
  const int file = ticktape::openAt(directory, name, (writable ? O_RDWR : O_RDONLY) | O_NONBLOCK);
  if (file < 0) return failed("open", path);

  struct stat status;
  if (file_status::ofFile(file, status) != 0) {
    Failure failure = failed("fstat", path);
    ::close(file);
    return failure;
  }
  if (!S_ISREG(status.st_mode) || status.st_size <= 0 || static_cast<std::size_t>(status.st_size) > kMaxSize) {
    ::close(file);
    return failed(EINVAL, "fstat", path);
  }
  return map(file, path, static_cast<std::size_t>(status.st_size), writable);
}

/** Takes ownership of `file`. */
Result<RegionPtr> Region::map(int file, const std::string& path, std::size_t size, bool writable) {
  RegionPtr region(new Region);
  region->file_ = file;
  region->path_ = path;
  region->writable_ = writable;
  region->inMemory_ = isMemoryFile(file);

  struct stat status;
  if (file_status::ofFile(file, status) != 0) return failed("fstat", path);
  region->inode_ = static_cast<uint64_t>(status.st_ino);
  region->device_ = static_cast<uint64_t>(status.st_dev);

  const int protection = writable ? PROT_READ | PROT_WRITE : PROT_READ;
  void* data = ::mmap(nullptr, size, protection, MAP_SHARED, file, 0);
  if (data == MAP_FAILED) return failed("mmap", path);
  region->data_ = static_cast<uint8_t*>(data);
  region->size_ = size;

  region->guard_ = fault::guard(data, size, protection);
  if (region->guard_ < 0) return failed(ENOMEM, "mmap", path);
  return region;
}

Region::~Region() {
  fault::release(guard_);
  if (data_ != nullptr) ::munmap(data_, size_);
  if (file_ >= 0) {
    fork_guard::release(file_);
    ::close(file_);
  }
}

bool Region::stat(struct stat& status) const { return file_status::ofFile(file_, status) == 0; }

bool Region::damaged() const { return fault::damaged(guard_); }

void Region::populate(std::size_t offset, std::size_t length, bool write) const {
  ticktape::populate(data_, size_, offset, length, write && writable_, inMemory_);
}

Failure Region::advise(int advice) const {
  if (::madvise(data_, size_, advice) != 0) return failed("madvise", path_);
  return {};
}

Failure Region::sync(std::size_t offset, std::size_t length) const {
  if (length == 0) return {};
  const std::size_t block = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const std::size_t from = offset & ~(block - 1);
  if (const int number = FAULT_POINT("msync")) return failed(number, "msync", path_);
  const auto bytes = sync_log::copy(data_ + from, std::min((offset + length + block - 1) & ~(block - 1), size_) - from);
  if (::msync(data_ + from, offset + length - from, MS_SYNC) != 0) return failed("msync", path_);
  sync_log::synced(path_, from, bytes);
  return {};
}

Failure Region::syncFile() const {
  if (const int number = FAULT_POINT("fsync")) return failed(number, "fsync", path_);
  const auto bytes = sync_log::copy(data_, size_);
#if defined(F_FULLFSYNC)
  // On macOS fsync stops at the drive's cache.
  if (::fcntl(file_, F_FULLFSYNC) == 0) return {};
#endif
  if (::fsync(file_) != 0) return failed("fsync", path_);
  sync_log::synced(path_, 0, bytes);
  return {};
}

// Open-file-description locks belong to the open file, not to the process: two mappings in one process exclude each other,
// and closing another descriptor of the file releases nothing. Systems without them use process-wide record locks, which
// exclude other processes, but not a second mapping in the same process.
#if defined(F_OFD_SETLK)
constexpr int kSetLock = F_OFD_SETLK;
constexpr int kGetLock = F_OFD_GETLK;
#else
constexpr int kSetLock = F_SETLK;
constexpr int kGetLock = F_GETLK;
#endif

namespace {

struct flock rangeOf(short type, std::size_t offset, std::size_t length) {
  struct flock range {};
  range.l_type = type;
  range.l_whence = SEEK_SET;
  range.l_start = static_cast<off_t>(offset);
  range.l_len = static_cast<off_t>(length);
  range.l_pid = 0;  // the kernel requires 0 for open-file-description locks
  return range;
}

}  // namespace

Result<int> Region::lockRange(std::size_t offset, std::size_t length) const {
  struct flock range = rangeOf(F_WRLCK, offset, length);
  if (::fcntl(file_, kSetLock, &range) == 0) {
    fork_guard::guard(file_);
#if defined(MADV_DONTFORK)
    // A forked child's copy of the mapping would keep the file open, and with it the lock.
    ::madvise(data_, size_, MADV_DONTFORK);
#endif
    return 1;
  }
  if (errno == EAGAIN || errno == EACCES) return 0;
  return failed("fcntl", path_);
}

Failure Region::unlockRange(std::size_t offset, std::size_t length) const {
  struct flock range = rangeOf(F_UNLCK, offset, length);
  if (::fcntl(file_, kSetLock, &range) != 0) return failed("fcntl", path_);
  return {};
}

Result<int> Region::rangeLocked(std::size_t offset, std::size_t length) const {
  struct flock range = rangeOf(F_WRLCK, offset, length);
  if (::fcntl(file_, kGetLock, &range) != 0) return failed("fcntl", path_);
  return range.l_type == F_UNLCK ? 0 : 1;
}

}  // namespace ticktape
