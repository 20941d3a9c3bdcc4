#include "page_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif
#include <unistd.h>

#include <cstring>

#include "crash_point.h"
#include "sync_log.h"

namespace ticktape {
namespace {

/** Renames without replacing an existing file: a page that was visible once is never replaced. */
Failure renameNew(const std::string& from, const std::string& to) {
#if defined(__linux__) && defined(SYS_renameat2)
  constexpr unsigned kNoReplace = 1;  // RENAME_NOREPLACE, which older C libraries don't name
  if (::syscall(SYS_renameat2, AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), kNoReplace) == 0) return {};
  if (errno != ENOSYS && errno != EINVAL) return failed("rename", to);
#elif defined(__APPLE__)
  if (::renamex_np(from.c_str(), to.c_str(), RENAME_EXCL) == 0) return {};
  if (errno != ENOTSUP) return failed("rename", to);
#endif
  // A file system without RENAME_NOREPLACE: a hard link also fails when the name exists.
  if (::link(from.c_str(), to.c_str()) == 0) {
    ::unlink(from.c_str());
    return {};
  }
  if (errno != EPERM && errno != EOPNOTSUPP) return failed("link", to);
  // A file system without hard links (FAT): check first, then rename. Only one writer holds the journal's lock, so no other process
  // creates the name in between.
  struct stat status;
  if (::lstat(to.c_str(), &status) == 0) return failed(EEXIST, "rename", to);
  if (::rename(from.c_str(), to.c_str()) != 0) return failed("rename", to);
  return {};
}

/** A rename survives power loss once its directory is synced. */
Failure syncDirectoryOf(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  const int file = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return failed("open", directory);
  Failure failure;
  // EINVAL: this file system cannot sync directories, and does not need to.
  if (::fsync(file) != 0 && errno != EINVAL) failure = failed("fsync", directory);
  ::close(file);
  if (!failure) sync_log::directorySynced(directory);
  return failure;
}

}  // namespace

Result<RegionPtr> makePage(const PagePlan& plan) {
  Result<RegionPtr> made = Region::create(plan.temporaryPath, plan.size, plan.mode);
  if (!made.ok()) return made;
  CRASH_POINT("page-allocated");

  Region& page = *made.value;
  const auto giveUp = [&](Failure failure) -> Result<RegionPtr> {
    ::unlink(plan.temporaryPath.c_str());
    return failure;
  };

  page.populate(0, plan.size, true);
  std::memcpy(page.data(), plan.header.data(), plan.header.size());
  CRASH_POINT("page-header-copied");

  if (plan.durable) {
    if (Failure failure = page.syncFile()) return giveUp(failure);
    CRASH_POINT("page-synced");
    // The sync left the blocks clean and therefore write-protected: the writer's first store to each block would fault.
    page.populate(0, plan.size, true);
  }

  if (Failure failure = renameNew(plan.temporaryPath, plan.path)) return giveUp(failure);
  page.renamed(plan.path);
  sync_log::renamed(plan.temporaryPath, plan.path);
  CRASH_POINT("page-renamed");

  if (plan.durable) {
    // The directory could not be synced, so the new name may not survive power loss. The page is removed again, because while it exists
    // it could not be created a second time. No reader depends on it yet: the page before it is sealed only after this one is handed out.
    if (Failure failure = syncDirectoryOf(plan.path)) {
      ::unlink(plan.path.c_str());
      return failure;
    }
    CRASH_POINT("page-directory-synced");
  }
  return made;
}

}  // namespace ticktape
