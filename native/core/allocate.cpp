#include "allocate.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "crash_point.h"
#include "memory_file.h"

namespace ticktape {
namespace {

[[maybe_unused]] Failure writeZeros(int file, std::size_t size) {
  static const char zeros[65536] = {};
  for (std::size_t done = 0; done < size;) {
    const std::size_t length = size - done < sizeof zeros ? size - done : sizeof zeros;
    const ssize_t wrote = ::pwrite(file, zeros, length, static_cast<off_t>(done));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return failed("write");
    done += static_cast<std::size_t>(wrote);
  }
  return {};
}

}  // namespace

Failure allocate(int file, std::size_t size) {
  if (const int number = FAULT_POINT("posix_fallocate")) return failed(number, "posix_fallocate");
  // Growing a file past this limit raises SIGXFSZ, which kills a process that does not ignore it.
  struct rlimit limit;
  if (::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && size > limit.rlim_cur) {
    return failed(EFBIG, "posix_fallocate");
  }

#if defined(__APPLE__)
  fstore_t store{};
  store.fst_flags = F_ALLOCATEALL;
  store.fst_posmode = F_PEOFPOSMODE;
  store.fst_length = static_cast<off_t>(size);
  if (::fcntl(file, F_PREALLOCATE, &store) != 0) return failed("fcntl");
  if (::ftruncate(file, static_cast<off_t>(size)) != 0) return failed("ftruncate");
  return {};
#else
  // On tmpfs, posix_fallocate only reserves blocks: each would be cleared at its first touch, with one page fault per block. Writing zeros
  // clears them all in one call, and a mapping then brings them in sixteen at a time (populate.cpp).
  if (isMemoryFile(file)) return writeZeros(file, size);
  int number;
  do {
    number = ::posix_fallocate(file, 0, static_cast<off_t>(size));
  } while (number == EINTR);
  // This file system cannot allocate without writing. Some C libraries write zeros by themselves, others do not.
  if (number == EOPNOTSUPP) return writeZeros(file, size);
  if (number != 0) return failed(number, "posix_fallocate");
  return {};
#endif
}

}  // namespace ticktape
