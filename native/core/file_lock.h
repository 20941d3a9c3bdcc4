#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "directory.h"
#include "failure.h"

namespace ticktape {

/**
 * A file locked with flock for as long as this object lives. The kernel releases the lock when the open file is closed, so also
 * when the process dies: no stale lock survives a crash, and no stored pid has to be trusted.
 */
class FileLock {
 public:
  /** Opens or creates the file. Null without a failure when another open of the file holds the lock. */
  static Result<std::unique_ptr<FileLock>> open(const Directory& directory, const std::string& name, mode_t mode);
  /** Like `open`, but the file must exist: ENOENT if it does not. */
  static Result<std::unique_ptr<FileLock>> openExisting(const std::string& path);

  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

  /** The file's first 4096 bytes. */
  Result<std::string> read() const;
  Failure write(const std::string& text);
  Failure setMode(mode_t mode);

 private:
  static Result<std::unique_ptr<FileLock>> openAt(int directory, const char* name, const std::string& path, int flags, mode_t mode);
  FileLock(int file, std::string path) : file_(file), path_(std::move(path)) {}

  int file_;
  std::string path_;
};

}  // namespace ticktape
