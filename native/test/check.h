#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <type_traits>

/** A minimal test framework. Unlike assert, CHECK works in every build. */
namespace check {

[[noreturn]] void fail(const char* file, int line, const std::string& what);
[[noreturn]] void skip(const std::string& why);
bool add(const char* name, void (*body)());

/** Runs `body` in a child process. Returns its exit status, or 128 + the signal that ended it. */
int inChild(const std::function<int()>& body);
/** Like `inChild`, but does not wait; `finish` waits. */
int startChild(const std::function<int()>& body);
int finish(int pid);

/** A new directory. It is removed with its content when the program ends. Under /dev/shm, or on disk. */
std::string directory(bool onDisk = false);

/** Runs `body` in a child process with a file system of only `size` ("64k") at `directory`. Skips the test where mounting is not allowed. */
int onSmallFileSystem(const std::string& directory, const char* size, const std::function<int()>& body);

/** Waits up to ten seconds for the condition to become true. */
bool eventually(const std::function<bool()>& condition);
void sleepMs(int ms);

}  // namespace check

#define CHECK(condition) \
  do {                   \
    if (!(condition)) ::check::fail(__FILE__, __LINE__, #condition); \
  } while (0)

#define CHECK_EQ(left, right)                                                                             \
  do {                                                                                                    \
    const auto leftValue = (left);                                                                        \
    const auto rightValue = static_cast<std::decay_t<decltype(leftValue)>>(right);                                      \
    if (!(leftValue == rightValue))                                                                       \
      ::check::fail(__FILE__, __LINE__, std::string(#left " == " #right " (") + std::to_string(leftValue) + \
                                            ", " + std::to_string(rightValue) + ")");                     \
  } while (0)

#define TEST(name)                                                    \
  static void name();                                                 \
  [[maybe_unused]] static const bool name##Added = ::check::add(#name, name); \
  static void name()
