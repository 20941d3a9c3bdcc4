#pragma once

#include <sys/file.h>

#include "control.h"

namespace ticktape::detail {

/** `writer.lock`, locked for as long as this object lives: the kernel ends the lock with the process. */
class WriterLock {
 public:
  /** @throws WriterLockedError when another process has it after `patience` ns. */
  WriterLock(const Directory& directory, mode_t mode, int64_t patience) : path_(directory.path()) {
    // A process that looks whether there is a writer holds the lock for microseconds.
    if (!tryFor(std::max<int64_t>(patience, 5'000'000), [&] { return take(directory, mode); })) throwTaken();
  }

  [[noreturn]] void throwTaken() const {
    std::string holder = "unknown";
    try {
      holder = std::to_string(contents().wholeAt("pid", 0, UINT32_MAX));
    } catch (const json::SyntaxError&) {
      // The text informs; the lock decides.
    }
    throw WriterLockedError(path_ + " already has a writer (pid " + holder + "); a journal has only one: stop that process, or write another journal", path_);
  }

  /** The epoch of the last writer that signed; 0 when none did. */
  uint64_t lastEpoch() const {
    try {
      return contents().wholeAt("epoch", 0, (uint64_t{1} << 53) - 1);
    } catch (const json::SyntaxError&) {
      return 0;
    }
  }

  /** Says who has the lock. */
  void sign(uint64_t epoch, const BootId& boot) const {
    char host[256] = {};
    ::gethostname(host, sizeof host - 1);
    char since[40] = {};
    const time_t seconds = static_cast<time_t>(now() / 1'000'000'000);
    struct tm parts {};
    ::gmtime_r(&seconds, &parts);
    ::strftime(since, sizeof since, "%Y-%m-%dT%H:%M:%S.000Z", &parts);
    std::string hex;
    for (const uint8_t byte : boot) {
      constexpr char digits[] = "0123456789abcdef";
      hex += digits[byte >> 4];
      hex += digits[byte & 15];
    }
    const std::string text = "{\"pid\":" + std::to_string(::getpid()) + ",\"processStart\":" + std::to_string(processStart()) + ",\"since\":\"" + since +
                             "\",\"host\":" + json::quoted(host) + ",\"epoch\":" + std::to_string(epoch) + ",\"bootId\":\"" + hex + "\"}\n";
    Directory::writeAll(file_.number(), text.data(), text.size(), path_);
    // Truncated last: a process that reads in between sees old text after the new text, never an empty file.
    if (::ftruncate(file_.number(), static_cast<off_t>(text.size())) != 0) throwSystem("writing", path_);
  }

 private:
  bool take(const Directory& directory, mode_t mode) {
    Descriptor file = directory.open(file_name::kLock, O_RDWR | O_CREAT, mode);
    if (!file) throwSystem("opening", directory.pathOf(file_name::kLock));
    file_ = std::move(file);
    if (::flock(file_.number(), LOCK_EX | LOCK_NB) != 0) return false;
    struct stat status;
    if (::fstat(file_.number(), &status) != 0) throwSystem("looking at", directory.pathOf(file_name::kLock));
    // It may have been removed between the open and the lock: then the next attempt opens the one that is there now.
    return directory.holds(file_name::kLock, Identity(status));
  }

  json::Value contents() const {
    char text[4096];
    const ssize_t length = ::pread(file_.number(), text, sizeof text, 0);
    return json::Parser(std::string_view(text, length < 0 ? 0 : static_cast<std::size_t>(length))).parse();
  }

  std::string path_;
  Descriptor file_;
};

}  // namespace ticktape::detail
