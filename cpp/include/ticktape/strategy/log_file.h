#pragma once

#include "../detail/directory.h"

namespace ticktape::strategy {

/**
 * What a strategy logs: <home>/log/<id>.<day>.<n>.log, a new file each day (UTC) and after 16 MiB; the ten newest are kept. A line that cannot
 * be written is not worth stopping a strategy for: the first failure is printed, then lines go to standard error alone.
 */
class LogFile {
 public:
  LogFile(std::string folder, std::string id) : folder_(std::move(folder)), id_(std::move(id)) {}

  void write(const std::string& text) {
    std::fprintf(stderr, "[%s] %s\n", id_.c_str(), text.c_str());
    if (failed_) return;
    const int64_t now = detail::now();
    const auto seconds = static_cast<time_t>(now / 1'000'000'000);
    struct tm parts {};
    ::gmtime_r(&seconds, &parts);
    char day[16], time[32];
    ::strftime(day, sizeof day, "%Y-%m-%d", &parts);
    ::strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%S", &parts);
    char millis[8];
    std::snprintf(millis, sizeof millis, ".%03d", static_cast<int>(now / 1'000'000 % 1000));
    std::string line = std::string(time) + millis + "Z ";
    for (const char c : text) line += c == '\n' ? std::string("\n  ") : std::string(1, c);
    line += '\n';
    try {
      if (!file_ || day_ != day || size_ > kMostBytes) open(day);
      if (::write(file_.number(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) detail::throwSystem("writing", folder_);
      size_ += line.size();
    } catch (const Error& error) {
      failed_ = true;
      std::fprintf(stderr, "[%s] the log cannot be written: %s\n", id_.c_str(), error.what());
    }
  }

 private:
  static constexpr uint64_t kMostBytes = 16 * 1024 * 1024;
  static constexpr std::size_t kMostFiles = 10;

  struct Name {
    std::string day;
    int number;
    bool operator<(const Name& other) const { return day != other.day ? day < other.day : number < other.number; }
  };

  std::string path(const Name& name) const { return folder_ + '/' + id_ + '.' + name.day + '.' + std::to_string(name.number) + ".log"; }

  void open(const std::string& day) {
    // A home that was removed is not created again.
    if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) detail::throwSystem("creating", folder_);
    const std::vector<Name> files = list();
    Name name{day, !files.empty() && files.back().day == day ? files.back().number : 1};
    struct stat status;
    if (::stat(path(name).c_str(), &status) == 0 && static_cast<uint64_t>(status.st_size) > kMostBytes) name.number++;
    file_ = detail::Descriptor(::open(path(name).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file_ || ::fstat(file_.number(), &status) != 0) detail::throwSystem("opening", path(name));
    size_ = static_cast<uint64_t>(status.st_size);
    day_ = day;
    for (std::size_t i = 0; i + kMostFiles <= files.size(); i++) ::unlink(path(files[i]).c_str());
  }

  /** This strategy's files, oldest first. */
  std::vector<Name> list() const {
    std::vector<Name> found;
    DIR* list = ::opendir(folder_.c_str());
    if (list == nullptr) detail::throwSystem("listing", folder_);
    const std::unique_ptr<DIR, int (*)(DIR*)> closed(list, ::closedir);
    const std::string begin = id_ + '.';
    while (const dirent* entry = ::readdir(list)) {
      const std::string name = entry->d_name;
      int number = 0, end = 0;
      if (name.compare(0, begin.size(), begin) != 0 || name.size() < begin.size() + 16) continue;
      if (std::sscanf(name.c_str() + begin.size() + 10, ".%d.log%n", &number, &end) == 1 && begin.size() + 10 + static_cast<std::size_t>(end) == name.size())
        found.push_back({name.substr(begin.size(), 10), number});
    }
    std::sort(found.begin(), found.end());
    return found;
  }

  const std::string folder_, id_;
  detail::Descriptor file_;
  std::string day_;
  uint64_t size_ = 0;
  bool failed_ = false;
};

}  // namespace ticktape::strategy
