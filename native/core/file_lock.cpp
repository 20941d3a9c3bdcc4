#include "file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fork_guard.h"

namespace ticktape {

Result<std::unique_ptr<FileLock>> FileLock::open(const std::string& path, mode_t mode) {
  for (;;) {
    int file;
    do {
      file = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, mode);
    } while (file < 0 && errno == EINTR);
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
    if (::fstat(file, &opened) != 0) return failed("fstat", path);
    if (!S_ISREG(opened.st_mode)) return failed(EINVAL, "fstat", path);
    if (::lstat(path.c_str(), &named) == 0 && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev) {
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

}  // namespace ticktape
