#include "directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#if defined(__linux__)
#include <sys/syscall.h>
#endif
#include <unistd.h>

#include <cstring>

#include "file_status.h"
#include "format.h"
#include "region.h"
#include "sync_log.h"
#include "words.h"

namespace ticktape {
namespace {

bool same(const struct stat& one, const struct stat& other) {
  return one.st_ino == other.st_ino && one.st_dev == other.st_dev;
}

Failure writeAll(int file, const uint8_t* bytes, std::size_t length, const std::string& path) {
  std::size_t done = 0;
  while (done < length) {
    const ssize_t wrote = ::write(file, bytes + done, length - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return failed("write", path);
    done += static_cast<std::size_t>(wrote);
  }
  return {};
}

}  // namespace

int openAt(int directory, const char* name, int flags, mode_t mode) {
  int file;
  do {
    file = ::openat(directory, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
  } while (file < 0 && errno == EINTR);
  return file;
}

Result<std::string> readFileAt(int directory, const char* name, const std::string& path, std::size_t most) {
  // O_NONBLOCK: opening a FIFO must not wait for its other end. The flag has no effect on regular files.
  const int file = openAt(directory, name, O_RDONLY | O_NONBLOCK);
  if (file < 0) return failed("open", path);
  const auto fail = [&](Failure failure) -> Result<std::string> {
    ::close(file);
    return failure;
  };
  struct stat status;
  if (file_status::ofFile(file, status) != 0) return fail(failed("fstat", path));
  if (!S_ISREG(status.st_mode)) return fail(failed(EINVAL, "fstat", path));
  if (static_cast<std::size_t>(status.st_size) > most) return fail(failed(EFBIG, "fstat", path));

  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::pread(file, &bytes[done], bytes.size() - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(failed("read", path));
    if (got == 0) break;  // the file has become shorter
    done += static_cast<std::size_t>(got);
  }
  bytes.resize(done);
  ::close(file);
  return bytes;
}

Result<DirectoryPtr> Directory::open(const std::string& path, bool follow) {
  const int flags = O_DIRECTORY | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW);
  int file;
  do {
    file = ::open(path.c_str(), flags | O_RDONLY);
  } while (file < 0 && errno == EINTR);
#if defined(O_PATH)
  // A directory that this process may search but not list is enough: files in it are opened by name.
  if (file < 0 && errno == EACCES) file = ::open(path.c_str(), flags | O_PATH);
#endif
  if (file < 0) return failed("open", path);
  return DirectoryPtr(new Directory(file, path));
}

Directory::~Directory() { ::close(file_); }

bool Directory::isAtPath() const {
  struct stat own, named;
  if (file_status::ofFile(file_, own) != 0) return true;
  if (file_status::at(AT_FDCWD, path_.c_str(), named, 0) == 0) return same(own, named);
  return errno != ENOENT && errno != ENOTDIR;
}

bool Directory::holds(const std::string& name, const Region& mapped) const {
  struct stat own, named;
  if (!mapped.stat(own)) return true;
  if (file_status::at(file_, name.c_str(), named, AT_SYMLINK_NOFOLLOW) == 0) return same(own, named);
  return errno != ENOENT && errno != ENOTDIR;
}

bool Directory::isAheadOf(const std::string& name, const Region& mapped) const {
  constexpr std::size_t kWords[] = {format::page::kCursor, format::page::kSealed, format::page::kDurable};
  if (mapped.size() < format::page::kHeaderSize) return false;
  // Checked twice: recovery after power loss moves a cursor back, which could happen between the two loads of one check.
  for (int check = 0; check < 2; check++) {
    const int file = openAt(file_, name.c_str(), O_RDONLY | O_NONBLOCK);
    if (file < 0) return false;
    uint8_t header[512];
    const ssize_t got = ::pread(file, header, sizeof header, 0);
    ::close(file);
    if (got != static_cast<ssize_t>(sizeof header)) return false;
    bool ahead = false;
    for (const std::size_t word : kWords) {
      uint32_t there;
      std::memcpy(&there, header + word, sizeof there);
      // Loaded after the file was read, so a mapping of the same file has this value or a newer one.
      ahead = ahead || there > loadAcquire(wordAt(mapped.data(), word));
    }
    if (!ahead) return false;
  }
  return true;
}

Result<std::vector<std::string>> Directory::list() const {
  // Opened again, because the position in a listing belongs to the open file, and several threads may list at the same time.
  const int file = ::openat(file_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return failed("open", path_);
  DIR* stream = ::fdopendir(file);
  if (stream == nullptr) {
    const Failure failure = failed("opendir", path_);
    ::close(file);
    return failure;
  }
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const struct dirent* entry = ::readdir(stream);
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  const Failure failure = errno == 0 ? Failure{} : failed("readdir", path_);
  ::closedir(stream);
  if (failure) return failure;
  return names;
}

Failure Directory::stat(const std::string& name, struct stat& status, bool& found) const {
  const int result = name.empty() ? file_status::ofFile(file_, status) : file_status::at(file_, name.c_str(), status, AT_SYMLINK_NOFOLLOW);
  found = result == 0;
  if (found || errno == ENOENT) return {};
  return failed("stat", name.empty() ? path_ : pathOf(name));
}

Result<std::string> Directory::read(const std::string& name, std::size_t most) const {
  return readFileAt(file_, name.c_str(), pathOf(name), most);
}

Failure Directory::write(const std::string& name, const uint8_t* bytes, std::size_t length, mode_t mode) const {
  const std::string path = pathOf(name);
  const int file = openAt(file_, name.c_str(), O_WRONLY | O_CREAT | O_EXCL, mode);
  if (file < 0) return failed("open", path);
  sync_log::created(path, 0);
  // open() applied the umask; the file must have exactly `mode`.
  Failure failure = ::fchmod(file, mode) == 0 ? Failure{} : failed("fchmod", path);
  if (!failure) failure = writeAll(file, bytes, length, path);
#if defined(F_FULLFSYNC)
  // On macOS fsync stops at the drive's cache.
  if (!failure && ::fcntl(file, F_FULLFSYNC) != 0 && ::fsync(file) != 0) failure = failed("fsync", path);
#else
  if (!failure && ::fsync(file) != 0) failure = failed("fsync", path);
#endif
  if (::close(file) != 0 && !failure) failure = failed("close", path);
  if (failure) {
    remove(name);
    return failure;
  }
  sync_log::synced(path, 0, sync_log::copy(bytes, length));
  return {};
}

Failure Directory::rename(const std::string& from, const std::string& to) const {
  if (::renameat(file_, from.c_str(), file_, to.c_str()) != 0) return failed("rename", pathOf(to));
  sync_log::renamed(pathOf(from), pathOf(to));
  return {};
}

Failure Directory::renameNew(const std::string& from, const std::string& to) const {
  const auto done = [&]() -> Failure {
    sync_log::renamed(pathOf(from), pathOf(to));
    return {};
  };
#if defined(__linux__) && defined(SYS_renameat2)
  constexpr unsigned kNoReplace = 1;  // RENAME_NOREPLACE, which older C libraries do not define
  if (::syscall(SYS_renameat2, file_, from.c_str(), file_, to.c_str(), kNoReplace) == 0) return done();
  if (errno != ENOSYS && errno != EINVAL) return failed("rename", pathOf(to));
#elif defined(__APPLE__)
  if (::renameatx_np(file_, from.c_str(), file_, to.c_str(), RENAME_EXCL) == 0) return done();
  if (errno != ENOTSUP) return failed("rename", pathOf(to));
#endif
  // A file system without this flag: creating a hard link also fails if the name exists.
  if (::linkat(file_, from.c_str(), file_, to.c_str(), 0) == 0) {
    ::unlinkat(file_, from.c_str(), 0);
    return done();
  }
  if (errno != EPERM && errno != EOPNOTSUPP) return failed("link", pathOf(to));
  // A file system without hard links too (FAT): check first. Only one writer at a time holds the journal's lock, so no other process
  // creates the name in between.
  struct stat status;
  if (file_status::at(file_, to.c_str(), status, AT_SYMLINK_NOFOLLOW) == 0) return failed(EEXIST, "rename", pathOf(to));
  if (::renameat(file_, from.c_str(), file_, to.c_str()) != 0) return failed("rename", pathOf(to));
  return done();
}

Failure Directory::link(const std::string& from, const std::string& to) const {
  if (::linkat(file_, from.c_str(), file_, to.c_str(), 0) != 0) return failed("link", pathOf(to));
  return {};
}

Result<bool> Directory::remove(const std::string& name) const {
  const std::vector<uint8_t> bytes = sync_log::contents(file_, name);
  if (::unlinkat(file_, name.c_str(), 0) == 0) {
    sync_log::removed(pathOf(name), bytes);
    return true;
  }
  if (errno == ENOENT) return false;
  return failed("unlink", pathOf(name));
}

Failure Directory::setMode(mode_t mode) const {
  if (::fchmod(file_, mode) != 0) return failed("fchmod", path_);
  return {};
}

Failure Directory::sync() const {
  // EINVAL: a file system that cannot sync directories has nothing to sync. EBADF: a directory that this process may only search (O_PATH).
  if (::fsync(file_) != 0 && errno != EINVAL && errno != EBADF) return failed("fsync", path_);
  sync_log::directorySynced(path_);
  return {};
}

}  // namespace ticktape
