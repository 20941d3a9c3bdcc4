#pragma once

#include <dirent.h>

#include <cctype>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "system.h"

namespace ticktape::detail {

namespace file_name {
inline constexpr char kLock[] = "writer.lock";
inline constexpr char kSchema[] = "schema.json";
inline constexpr char kInstruments[] = "instruments.json";
inline constexpr char kControl[] = "control";
inline constexpr char kReplica[] = "replica.json";
inline constexpr char kRepair[] = "repair.json";
inline constexpr char kTemporary[] = ".tmp";
}  // namespace file_name

inline std::string pageName(uint64_t number) {
  char name[32];
  std::snprintf(name, sizeof name, "%010llu.page", static_cast<unsigned long long>(number));
  return name;
}

/** A journal's directory, held open: files are opened, created, renamed and removed in it, never by path. */
class Directory {
 public:
  /** @throws JournalNotFoundError, NotAJournalError, SystemError. */
  explicit Directory(const std::string& path) : path_(absolute(path)), file_(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (!file_ && errno == ENOENT) throw JournalNotFoundError("there is no journal at " + path_, path_);
    if (!file_ && errno == ENOTDIR) throw NotAJournalError(path_ + " is no directory, so it is no journal", path_);
    if (!file_) throwSystem("opening", path_);
    struct stat status;
    if (::fstat(file_.number(), &status) != 0) throwSystem("looking at", path_);
    identity_ = Identity(status);
  }

  /** The same; created with the folders above it if it is not there. Their names are durable: without them the files would be lost too. */
  static Directory create(const std::string& path, mode_t mode) {
    const std::string whole = absolute(path);
    for (std::size_t at = whole.find('/', 1); at != std::string::npos; at = whole.find('/', at + 1)) {
      const std::string above = whole.substr(0, at);
      // What is no directory, or cannot be made, fails in the call that needs it.
      if (::mkdir(above.c_str(), 0700) == 0) syncName(above);
    }
    if (::mkdir(whole.c_str(), mode) == 0) syncName(whole);
    else if (errno != EEXIST) throwSystem("creating", whole);
    return Directory(whole);
  }

  static std::string absolute(const std::string& path) {
    if (path.empty()) throw InvalidOptionError("a journal's path is empty");
    std::string whole = path;
    if (path[0] != '/') {
      char folder[PATH_MAX];
      if (::getcwd(folder, sizeof folder) == nullptr) throwSystem("looking for", path);
      whole = std::string(folder) + '/' + path;
    }
    while (whole.size() > 1 && whole.back() == '/') whole.pop_back();
    return whole;
  }

  const std::string& path() const { return path_; }
  std::string pathOf(const std::string& name) const { return path_ + '/' + name; }

  /** The numbers of its pages, in order. */
  std::vector<uint64_t> pages() const {
    std::vector<uint64_t> numbers;
    for (const std::string& name : names())
      if (isPage(name)) numbers.push_back(std::strtoull(name.c_str(), nullptr, 10));
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }

  std::vector<std::string> temporaries() const {
    std::vector<std::string> found;
    for (std::string& name : names())
      if (isTemporary(name)) found.push_back(std::move(name));
    return found;
  }

  /** A name that no journal has; empty when there is none. */
  std::string otherName() const {
    using namespace file_name;
    for (const std::string& name : names()) {
      const bool known =
          name == kLock || name == kSchema || name == kInstruments || name == kControl || name == kReplica || name == kRepair;
      if (!known && !isPage(name) && !isTemporary(name)) return name;
    }
    return {};
  }

  /** A file, never a link. No descriptor, with errno, when there is none. */
  Descriptor open(const std::string& name, int flags, mode_t mode = 0) const {
    return Descriptor(::openat(file_.number(), name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, mode));
  }

  std::optional<struct stat> status(const std::string& name) const {
    struct stat found;
    if (::fstatat(file_.number(), name.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0) return found;
    if (errno != ENOENT) throwSystem("looking at", pathOf(name));
    return {};
  }
  /** Whether the name is still that file. */
  bool holds(const std::string& name, const Identity& identity) const {
    const auto found = status(name);
    return found && Identity(*found) == identity;
  }
  bool isAtPath() const {
    struct stat found;
    return ::stat(path_.c_str(), &found) == 0 && Identity(found) == identity_;
  }

  /** The bytes of a file; nothing when there is none. @throws CorruptJournalError for what is no file, or larger than `most`. */
  std::optional<std::string> read(const std::string& name, std::size_t most) const {
    const Descriptor file = open(name, O_RDONLY);
    if (!file && errno == ENOENT) return {};
    if (!file) throwSystem("opening", pathOf(name));
    struct stat status;
    if (::fstat(file.number(), &status) != 0) throwSystem("looking at", pathOf(name));
    if (!S_ISREG(status.st_mode) || static_cast<uint64_t>(status.st_size) > most)
      throw CorruptJournalError(pathOf(name) + " is no regular file, or too large; run 'ticktape repair'", pathOf(name));
    std::string text(static_cast<std::size_t>(status.st_size), '\0');
    std::size_t done = 0;
    while (done < text.size()) {
      const ssize_t length = ::pread(file.number(), &text[done], text.size() - done, static_cast<off_t>(done));
      if (length < 0 && errno == EINTR) continue;
      if (length < 0) throwSystem("reading", pathOf(name));
      if (length == 0) break;
      done += static_cast<std::size_t>(length);
    }
    text.resize(done);
    return text;
  }

  /** Creates a file, or replaces it in one step: a process that opens it sees the old file or the new one. */
  void replace(const std::string& name, const std::string& text, mode_t mode) const {
    const std::string temporary = name + file_name::kTemporary;
    remove(temporary);
    const Descriptor file = open(temporary, O_WRONLY | O_CREAT | O_EXCL, mode);
    if (!file) throwSystem("creating", pathOf(temporary));
    writeAll(file.number(), text.data(), text.size(), pathOf(temporary));
    if (::fchmod(file.number(), mode) != 0 || ::fsync(file.number()) != 0) throwSystem("syncing", pathOf(temporary));
    rename(temporary, name);
    sync();
  }

  void rename(const std::string& from, const std::string& to) const {
    if (::renameat(file_.number(), from.c_str(), file_.number(), to.c_str()) != 0) throwSystem("renaming", pathOf(from));
  }
  void remove(const std::string& name) const {
    if (::unlinkat(file_.number(), name.c_str(), 0) != 0 && errno != ENOENT) throwSystem("removing", pathOf(name));
  }
  void sync() const {
    if (::fsync(file_.number()) != 0) throwSystem("syncing", path_);
  }

  static void writeAll(int file, const char* bytes, std::size_t length, const std::string& path) {
    for (std::size_t done = 0; done < length;) {
      const ssize_t wrote = ::pwrite(file, bytes + done, length - done, static_cast<off_t>(done));
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote < 0) throwSystem("writing", path);
      done += static_cast<std::size_t>(wrote);
    }
  }

 private:
  /** Syncs the directory in which a name was made. */
  static void syncName(const std::string& made) {
    const std::size_t end = made.rfind('/');
    const std::string folder = end == 0 ? "/" : made.substr(0, end);
    const Descriptor file(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // One that may be searched but not read cannot be opened. Its file system writes the change later.
    if (!file && errno == EACCES) return;
    if (!file || ::fsync(file.number()) != 0) throwSystem("syncing", folder);
  }

  static bool isPage(const std::string& name) {
    return name.size() == 15 && name.compare(10, 5, ".page") == 0 &&
           std::all_of(name.begin(), name.begin() + 10, [](unsigned char c) { return std::isdigit(c) != 0; });
  }
  static bool isTemporary(const std::string& name) {
    return name.size() >= 4 && name.compare(name.size() - 4, 4, file_name::kTemporary) == 0;
  }

  std::vector<std::string> names() const {
    const int again = ::openat(file_.number(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR* list = again < 0 ? nullptr : ::fdopendir(again);
    if (list == nullptr) throwSystem("listing", path_);
    const std::unique_ptr<DIR, int (*)(DIR*)> closed(list, ::closedir);
    std::vector<std::string> found;
    while (const dirent* entry = ::readdir(list)) {
      const std::string name = entry->d_name;
      if (name != "." && name != "..") found.push_back(name);
    }
    return found;
  }

  std::string path_;
  Descriptor file_;
  Identity identity_;
};

}  // namespace ticktape::detail
