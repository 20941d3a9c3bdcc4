#include "sync_log.h"

#ifdef TICKTAPE_CRASH_POINTS
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

#include "directory.h"

namespace ticktape::sync_log {
namespace {

int logFile() {
  static const int file = [] {
    const char* path = std::getenv("TICKTAPE_SYNC_LOG");
    return path == nullptr ? -1 : ::open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  }();
  return file;
}

/** Appends with one write call, so that entries of two threads, or of JavaScript, are never mixed. */
void append(std::string entry, const std::vector<uint8_t>& bytes = {}) {
  entry += '\n';
  entry.append(bytes.begin(), bytes.end());
  if (::write(logFile(), entry.data(), entry.size()) != static_cast<ssize_t>(entry.size())) std::abort();
}

/** Without escapes: the simulator's paths need none. */
std::string quoted(const std::string& text) { return '"' + text + '"'; }

}  // namespace

void created(const std::string& path, std::size_t size) {
  if (logFile() >= 0) append("{\"created\":" + quoted(path) + ",\"size\":" + std::to_string(size) + "}");
}

std::vector<uint8_t> copy(const uint8_t* bytes, std::size_t length) {
  return logFile() < 0 ? std::vector<uint8_t>{} : std::vector<uint8_t>(bytes, bytes + length);
}

void synced(const std::string& path, std::size_t offset, const std::vector<uint8_t>& bytes) {
  if (logFile() < 0) return;
  append("{\"synced\":" + quoted(path) + ",\"offset\":" + std::to_string(offset) + ",\"length\":" + std::to_string(bytes.size()) + "}", bytes);
}

void renamed(const std::string& from, const std::string& to) {
  if (logFile() >= 0) append("{\"renamed\":" + quoted(from) + ",\"to\":" + quoted(to) + "}");
}

void directorySynced(const std::string& path) {
  if (logFile() >= 0) append("{\"directorySynced\":" + quoted(path) + "}");
}

std::vector<uint8_t> contents(int directory, const std::string& name) {
  if (logFile() < 0) return {};
  const Result<std::string> bytes = readFileAt(directory, name.c_str(), name, SIZE_MAX);
  return bytes.ok() ? std::vector<uint8_t>(bytes.value.begin(), bytes.value.end()) : std::vector<uint8_t>{};
}

void removed(const std::string& path, const std::vector<uint8_t>& bytes) {
  if (logFile() < 0) return;
  append("{\"removed\":" + quoted(path) + ",\"length\":" + std::to_string(bytes.size()) + "}", bytes);
}

}  // namespace ticktape::sync_log
#endif
