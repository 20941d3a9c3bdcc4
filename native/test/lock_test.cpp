#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "../core/file_lock.h"
#include "../core/region.h"
#include "check.h"

using namespace ticktape;

namespace {

Result<std::unique_ptr<FileLock>> lockAt(const std::string& path, mode_t mode) {
  const std::size_t slash = path.rfind('/');
  return FileLock::open(*Directory::open(path.substr(0, slash), true).value, path.substr(slash + 1), mode);
}

bool canLock(const std::string& path) {
  const auto opened = lockAt(path, 0600);
  CHECK(opened.ok());
  return opened.value != nullptr;
}

}  // namespace

TEST(a_second_open_of_a_locked_file_gets_no_lock) {
  const std::string path = check::directory() + "/lock";
  auto lock = lockAt(path, 0600);
  CHECK(lock.value != nullptr);
  CHECK(!canLock(path));
  lock.value.reset();
  CHECK(canLock(path));
}

TEST(a_forked_child_does_not_keep_the_locks_of_a_dead_process) {
  const std::string directory = check::directory();
  const std::string path = directory + "/lock";
  const std::string ranged = directory + "/ranged";
  CHECK(Region::create(ranged, 4096, 0600).ok());
  int grandchild[2];
  CHECK_EQ(::pipe(grandchild), 0);
  check::inChild([&] {
    const auto lock = lockAt(path, 0600);
    const auto region = Region::open(ranged, true);
    if (!lock.value || region.value->lockRange(0, 1).value != 1) return 1;
    const pid_t pid = ::fork();
    if (pid == 0) {
      for (;;) ::pause();
    }
    return ::write(grandchild[1], &pid, sizeof pid) == sizeof pid ? 0 : 1;
  });
  pid_t pid = 0;
  CHECK_EQ(::read(grandchild[0], &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  CHECK(check::eventually([&] { return canLock(path); }));
  CHECK_EQ(Region::open(ranged, true).value->lockRange(0, 1).value, 1);
  CHECK_EQ(::kill(pid, SIGKILL), 0);
}

TEST(another_process_gets_no_lock_until_the_holder_dies) {
  const std::string path = check::directory() + "/lock";
  int ready[2];
  CHECK_EQ(::pipe(ready), 0);
  const int holder = check::startChild([&] {
    const auto lock = lockAt(path, 0600);
    if (::write(ready[1], "x", 1) != 1) return 1;
    for (;;) ::pause();
  });
  char byte;
  CHECK_EQ(::read(ready[0], &byte, 1), 1);
  CHECK(!canLock(path));
  ::kill(holder, SIGKILL);
  CHECK_EQ(check::finish(holder), 128 + SIGKILL);
  CHECK(canLock(path));
}

TEST(a_program_started_while_the_lock_is_held_does_not_inherit_it) {
  const std::string path = check::directory() + "/lock";
  auto lock = lockAt(path, 0600);
  int gone[2];
  CHECK_EQ(::pipe(gone), 0);
  for (const int end : gone) CHECK_EQ(::fcntl(end, F_SETFD, FD_CLOEXEC), 0);
  const int program = check::startChild([] { return ::execlp("sleep", "sleep", "100", nullptr); });
  // The other end closes in the child when exec has succeeded.
  ::close(gone[1]);
  char byte;
  CHECK_EQ(::read(gone[0], &byte, 1), 0);
  lock.value.reset();
  CHECK(canLock(path));
  ::kill(program, SIGKILL);
  check::finish(program);
}

TEST(the_text_in_a_lock_file_can_be_read_by_others) {
  const std::string path = check::directory() + "/lock";
  auto lock = lockAt(path, 0600);
  CHECK(!lock.value->write("a long text with much in it"));
  CHECK(!lock.value->write("short"));
  CHECK(lock.value->read().value == "short");
}

TEST(a_lock_on_a_file_that_was_replaced_meanwhile_does_not_count) {
  const std::string path = check::directory() + "/lock";
  auto old = lockAt(path, 0600);
  CHECK_EQ(::unlink(path.c_str()), 0);
  auto fresh = lockAt(path, 0600);
  CHECK(fresh.value != nullptr);
  CHECK(!canLock(path));
}

TEST(a_lock_file_must_be_a_regular_file) {
  const std::string directory = check::directory();
  CHECK_EQ(::symlink("lock", (directory + "/link").c_str()), 0);
  CHECK_EQ(lockAt(directory + "/link", 0600).failure.number, ELOOP);
  CHECK_EQ(lockAt(directory, 0600).failure.number, EISDIR);
}

TEST(a_range_is_locked_by_one_mapping_at_a_time) {
  const std::string path = check::directory() + "/file";
  const auto first = Region::create(path, 4096, 0600);
  const auto second = Region::open(path, true);
  const auto reader = Region::open(path, false);
  CHECK_EQ(first.value->lockRange(100, 10).value, 1);
  CHECK_EQ(second.value->lockRange(109, 1).value, 0);
  CHECK_EQ(second.value->lockRange(110, 1).value, 1);
  CHECK_EQ(reader.value->rangeLocked(100, 1).value, 1);
  CHECK_EQ(first.value->rangeLocked(100, 10).value, 0);  // a mapping's own lock does not count
  CHECK(!first.value->unlockRange(100, 10));
  CHECK_EQ(second.value->lockRange(100, 10).value, 1);
}

TEST(a_range_lock_ends_with_its_mapping) {
  const std::string path = check::directory() + "/file";
  auto first = Region::create(path, 4096, 0600);
  const auto second = Region::open(path, true);
  CHECK_EQ(first.value->lockRange(0, 1).value, 1);
  CHECK_EQ(second.value->rangeLocked(0, 1).value, 1);
  first.value.reset();
  CHECK_EQ(second.value->rangeLocked(0, 1).value, 0);
}

TEST(a_range_lock_ends_with_its_process) {
  const std::string path = check::directory() + "/file";
  const auto mine = Region::create(path, 4096, 0600);
  int ready[2];
  CHECK_EQ(::pipe(ready), 0);
  const int holder = check::startChild([&] {
    const auto theirs = Region::open(path, true);
    if (theirs.value->lockRange(0, 1).value != 1) return 1;
    if (::write(ready[1], "x", 1) != 1) return 2;
    for (;;) ::pause();
  });
  char byte;
  CHECK_EQ(::read(ready[0], &byte, 1), 1);
  CHECK_EQ(mine.value->lockRange(0, 1).value, 0);
  ::kill(holder, SIGKILL);
  check::finish(holder);
  CHECK_EQ(mine.value->lockRange(0, 1).value, 1);
}
