#include "file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_status.h"
#include "fork_guard.h"

namespace ticktape {

Result<std::unique_ptr<FileLock>> FileLock::open(const Directory& directory, const std::string& name, mode_t mode) {
  return openAt(directory.file(), name.c_str(), directory.pathOf(name), O_CREAT, mode);
}

Result<std::unique_ptr<FileLock>> FileLock::openExisting(const std::string& path) {
  return openAt(AT_FDCWD, path.c_str(), path, 0, 0);
}

Result<std::unique_ptr<FileLock>> FileLock::openAt(int directory, const char* name, const std::string& path, int flags, mode_t mode) {
  for (;;) {
    const int file = ticktape::openAt(directory, name, O_RDWR | O_NONBLOCK | flags, mode);
    if (file < 0) return failed("open", path);

    std::unique_ptr<FileLock> lock(new FileLock(file, path));
    int locked;
    do {
      locked = ::flock(file, LOCK_EX | LOCK_NB);
    } while (locked != 0 && errno == EINTR);
    if (locked != 0) {
      if (errno == EWOULDBLOCK) return std::unique_ptr<FileLock>();
      return failed("flock", path);
    }

    // The file may have been removed or replaced between the open and the lock. Then this lock is on a file that no other
    // process will find, and a second owner could lock the file that is now at the path.
    struct stat opened, named;
    if (file_status::ofFile(file, opened) != 0) return failed("fstat", path);
    if (!S_ISREG(opened.st_mode)) return failed(EINVAL, "fstat", path);
    if (file_status::at(directory, name, named, AT_SYMLINK_NOFOLLOW) == 0 && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev) {
      fork_guard::guard(file);
      return Result<std::unique_ptr<FileLock>>(std::move(lock));
    }
  }
}

FileLock::~FileLock() {
  fork_guard::release(file_);
  ::close(file_);
}

Result<std::string> FileLock::read() const {
  std::string text(4096, '\0');
  ssize_t length;
  do {
    length = ::pread(file_, &text[0], text.size(), 0);
  } while (length < 0 && errno == EINTR);
  if (length < 0) return failed("read", path_);
  text.resize(static_cast<std::size_t>(length));
  return text;
}

Failure FileLock::write(const std::string& text) {
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t wrote = ::pwrite(file_, text.data() + done, text.size() - done, static_cast<off_t>(done));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return failed("write", path_);
    done += static_cast<std::size_t>(wrote);
  }
  // Truncated last: a process that reads in between sees old text after the new text, never an empty file.
  if (::ftruncate(file_, static_cast<off_t>(text.size())) != 0) return failed("ftruncate", path_);
  return {};
}

Failure FileLock::setMode(mode_t mode) {
  if (::fchmod(file_, mode) != 0) return failed("fchmod", path_);
  return {};
}

}  // namespace ticktape
