#include "memory_file.h"

#if defined(__linux__)
#include <sys/vfs.h>
#endif

namespace ticktape {

bool isMemoryFile(int file) {
#if defined(__linux__)
  constexpr auto kTmpfs = 0x01021994;  // TMPFS_MAGIC of <linux/magic.h>
  struct statfs about;
  return ::fstatfs(file, &about) == 0 && about.f_type == kTmpfs;
#else
  (void)file;
  return false;
#endif
}

}  // namespace ticktape
