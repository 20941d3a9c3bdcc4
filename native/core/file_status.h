#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif

namespace ticktape::file_status {

/**
 * What stat() tells of files, by the system calls themselves. The C library of GNU has had functions for them only since 2.33. A binary that is
 * built for an older one carries small functions of its own instead, and those of zig set an `errno` of their own, which nobody reads: a
 * file that is missing was then reported with errno 0. On 64-bit Linux the kernel's structure is that of the C library.
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
