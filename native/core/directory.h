#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "failure.h"

namespace ticktape {

class Directory;
class Region;
using DirectoryPtr = std::shared_ptr<Directory>;

/**
 * An open directory. Operations on a name act in this directory, even if its path names another directory now. So a directory that was
 * removed or moved cannot be confused with a newer one at the same path. Names contain no '/'.
 */
class Directory {
 public:
  /** `follow`: the last part of the path may be a symbolic link. */
  static Result<DirectoryPtr> open(const std::string& path, bool follow);

  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
  ~Directory();

  int file() const { return file_; }
  const std::string& path() const { return path_; }
  std::string pathOf(const std::string& name) const { return path_ + '/' + name; }

  /** Whether the path still names this directory. True if that cannot be checked (permissions). */
  bool isAtPath() const;
  /** Whether `name` is the file that is mapped. True if that cannot be checked. */
  bool holds(const std::string& name, const Region& mapped) const;
  /**
   * Whether the cursor, the seal or the durable cursor in the file of this name is greater than in the mapping. A mapping shows its file's
   * contents, so in that case it maps another file: for example the one in a lower layer of overlayfs.
   */
  bool isAheadOf(const std::string& name, const Region& mapped) const;

  /** All names but "." and "..". */
  Result<std::vector<std::string>> list() const;
  /** `found` is false if no file has this name. An empty name is the directory itself. Symbolic links are not followed. */
  Failure stat(const std::string& name, struct stat& status, bool& found) const;
  /** A regular file's bytes, refused (EFBIG) when there are more than `most`. */
  Result<std::string> read(const std::string& name, std::size_t most) const;
  /** Creates a file that must not exist, with exactly this mode, and syncs it. On failure no file remains. */
  Failure write(const std::string& name, const uint8_t* bytes, std::size_t length, mode_t mode) const;
  /** Replaces an existing file. */
  Failure rename(const std::string& from, const std::string& to) const;
  /** Never replaces an existing file (EEXIST). */
  Failure renameNew(const std::string& from, const std::string& to) const;
  Failure link(const std::string& from, const std::string& to) const;
  /** False without a failure if there was no such file. */
  Result<bool> remove(const std::string& name) const;
  Failure setMode(mode_t mode) const;
  /** fsync: changes of names survive power loss. */
  Failure sync() const;

 private:
  Directory(int file, std::string path) : file_(file), path_(std::move(path)) {}

  int file_;
  std::string path_;
};

/** open(2) with O_NOFOLLOW and O_CLOEXEC. Repeated when a signal interrupts it. */
int openAt(int directory, const char* name, int flags, mode_t mode = 0);

/** As Directory::read, for any path. EINVAL if it is not a regular file. */
Result<std::string> readFileAt(int directory, const char* name, const std::string& path, std::size_t most);

}  // namespace ticktape
