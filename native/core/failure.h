#pragma once

#include <cerrno>
#include <string>
#include <utility>

namespace ticktape {

/** A failed system call: which call, on which file, and why. */
struct Failure {
  int number = 0;
  const char* syscall = "";
  std::string path;

  explicit operator bool() const { return number != 0; }
};

/** Captures errno at once, before anything else can change it. */
inline Failure failed(const char* syscall, std::string path = {}) {
  const int number = errno;
  return Failure{number, syscall, std::move(path)};
}

inline Failure failed(int number, const char* syscall, std::string path = {}) {
  return Failure{number, syscall, std::move(path)};
}

/** A value, or the failure that prevented it. */
template <class T>
struct Result {
  T value{};
  Failure failure{};

  Result() = default;
  Result(T made) : value(std::move(made)) {}
  Result(Failure why) : failure(std::move(why)) {}
  bool ok() const { return failure.number == 0; }
};

}  // namespace ticktape
