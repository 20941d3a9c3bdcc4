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
 * A directory, open. What is done by a name in it is done in this directory, whatever its path names by then: one that was removed
 * or moved away can never be mistaken for the one that came after it. Names have no '/' in them.
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

  /** Whether the path still names it. When that cannot be found out (permissions), it counts as being there. */
  bool inPlace() const;
  /** Whether `name` is the file that is mapped. */
  bool holds(const std::string& name, const Region& mapped) const;
  /**
   * Whether the file of this name is ahead of a mapping of it in a header's cursor, seal or durable cursor. A mapping shows what its
   * file holds, so it is a mapping of another file then: of a copy in a lower layer of overlayfs, say.
   */
  bool isAheadOf(const std::string& name, const Region& mapped) const;

  /** All names but "." and "..". */
  Result<std::vector<std::string>> list() const;
  /** `found` is false when there is none of this name. An empty name is the directory itself. Symbolic links are not followed. */
  Failure stat(const std::string& name, struct stat& status, bool& found) const;
  /** A regular file's bytes, refused (EFBIG) when there are more than `most`. */
  Result<std::string> read(const std::string& name, std::size_t most) const;
  /** Makes a file exclusively, with exactly this mode, and syncs it. On failure there is none. */
  Failure write(const std::string& name, const uint8_t* bytes, std::size_t length, mode_t mode) const;
  /** Over what is there. */
  Failure rename(const std::string& from, const std::string& to) const;
  /** Never over a file that is there (EEXIST). */
  Failure renameNew(const std::string& from, const std::string& to) const;
  Failure link(const std::string& from, const std::string& to) const;
  /** False without a failure when there was none. */
  Result<bool> remove(const std::string& name) const;
  Failure setMode(mode_t mode) const;
  /** fsync: changes of names survive power loss. */
  Failure sync() const;

 private:
  Directory(int file, std::string path) : file_(file), path_(std::move(path)) {}

  int file_;
  std::string path_;
};

/** open(2) with O_NOFOLLOW and O_CLOEXEC, again when a signal came. */
int openAt(int directory, const char* name, int flags, mode_t mode = 0);

/** As Directory::read, of any path. Refused with EINVAL: what is no regular file. */
Result<std::string> readFileAt(int directory, const char* name, const std::string& path, std::size_t most);

}  // namespace ticktape
