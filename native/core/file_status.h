#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

namespace ticktape::file_status {

/**
 * The status of files, read by the system calls directly. glibc exports functions for them only since 2.33. A binary for an older glibc
 * contains small functions of its own instead. Those of zig set an `errno` of their own, which the addon does not read: a missing file was
 * then reported with errno 0. On 64-bit Linux the kernel's structure is the same as the C library's.
 */
#if defined(__linux__) && defined(SYS_newfstatat) && defined(SYS_fstat)
inline int ofFile(int file, struct stat& status) { return static_cast<int>(::syscall(SYS_fstat, file, &status)); }
inline int at(int directory, const char* name, struct stat& status, int flags) {
  return static_cast<int>(::syscall(SYS_newfstatat, directory, name, &status, flags));
}
#else
inline int ofFile(int file, struct stat& status) { return ::fstat(file, &status); }
inline int at(int directory, const char* name, struct stat& status, int flags) {
  return ::fstatat(directory, name, &status, flags);
}
#endif

}  // namespace ticktape::file_status
