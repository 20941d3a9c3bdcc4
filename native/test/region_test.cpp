#include "../core/region.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "../core/populate.h"
#include "check.h"

using namespace ticktape;

namespace {

void makeFile(const std::string& path, const std::string& text) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  CHECK(file >= 0);
  CHECK_EQ(::write(file, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  ::close(file);
}

bool exists(const std::string& path) {
  struct stat status;
  return ::lstat(path.c_str(), &status) == 0;
}

/** The number of page faults so far. */
long faults() {
  struct rusage used;
  ::getrusage(RUSAGE_SELF, &used);
  return used.ru_minflt;
}

}  // namespace

TEST(a_created_file_is_fully_allocated_and_has_its_mode) {
  for (const bool onDisk : {false, true}) {
    const std::string path = check::directory(onDisk) + "/file";
    const auto made = Region::create(path, 1 << 20, 0600);
    CHECK(made.ok());
    struct stat status;
    CHECK_EQ(::stat(path.c_str(), &status), 0);
    CHECK_EQ(status.st_size, 1 << 20);
    CHECK(status.st_blocks * 512 >= 1 << 20);
    CHECK_EQ(status.st_mode & 07777, 0600u);
    CHECK_EQ(made.value->inode(), status.st_ino);
    CHECK_EQ(made.value->device(), status.st_dev);
  }
}

TEST(creating_an_existing_file_fails_and_leaves_it_unchanged) {
  const std::string path = check::directory() + "/file";
  makeFile(path, "kept");
  const auto made = Region::create(path, 4096, 0600);
  CHECK_EQ(made.failure.number, EEXIST);
  CHECK(exists(path));
}

TEST(two_mappings_of_a_file_share_its_bytes) {
  const std::string path = check::directory() + "/file";
  const auto writer = Region::create(path, 8192, 0600);
  const auto reader = Region::open(path, false);
  CHECK(writer.ok() && reader.ok());
  CHECK(!reader.value->writable());
  writer.value->data()[5000] = 42;
  CHECK_EQ(reader.value->data()[5000], 42);
}

TEST(opening_refuses_anything_but_a_regular_file) {
  const std::string directory = check::directory();
  makeFile(directory + "/file", "text");
  makeFile(directory + "/empty", "");
  CHECK_EQ(::symlink("file", (directory + "/link").c_str()), 0);
  CHECK_EQ(::mkfifo((directory + "/fifo").c_str(), 0600), 0);
  CHECK_EQ(::symlink("nowhere", (directory + "/dangling").c_str()), 0);

  CHECK_EQ(Region::open(directory + "/missing", false).failure.number, ENOENT);
  CHECK_EQ(Region::open(directory + "/link", false).failure.number, ELOOP);
  CHECK_EQ(Region::open(directory + "/fifo", false).failure.number, EINVAL);  // and does not wait for a writer
  CHECK_EQ(Region::open(directory + "/empty", false).failure.number, EINVAL);
  CHECK_EQ(Region::open(directory, false).failure.number, EINVAL);
  CHECK_EQ(Region::create(directory + "/dangling", 4096, 0600).failure.number, EEXIST);
  CHECK(!exists(directory + "/nowhere"));
}

TEST(opening_refuses_a_file_of_2_gib) {
  const std::string path = check::directory() + "/file";
  makeFile(path, "x");
  CHECK_EQ(::truncate(path.c_str(), 0x80000000LL), 0);
  const auto opened = Region::open(path, false);
  CHECK_EQ(opened.failure.number, EINVAL);
  CHECK(std::strcmp(opened.failure.syscall, "fstat") == 0);
  CHECK(opened.failure.path == path);
}

TEST(a_file_size_limit_is_an_error_not_a_signal) {
  const std::string path = check::directory() + "/file";
  CHECK_EQ(check::inChild([&] {
    const struct rlimit limit {65536, 65536};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    if (!Region::create(path + "-small", 65536, 0600).ok()) return 1;
    const auto made = Region::create(path, 65537, 0600);
    return made.failure.number == EFBIG && !exists(path) ? 0 : 2;
  }), 0);
}

TEST(a_full_file_system_is_an_error_and_leaves_no_file) {
  const std::string directory = check::directory();
  CHECK_EQ(check::onSmallFileSystem(directory, "64k", [&] {
    const auto made = Region::create(directory + "/file", 1 << 20, 0600);
    return made.failure.number == ENOSPC && !exists(directory + "/file") ? 0 : 1;
  }), 0);
}

TEST(a_file_gets_the_requested_mode_whatever_the_umask_is) {
  const std::string path = check::directory() + "/file";
  CHECK_EQ(check::inChild([&] {
    ::umask(077);
    return Region::create(path, 4096, 0664).ok() ? 0 : 1;
  }), 0);
  struct stat status;
  CHECK_EQ(::stat(path.c_str(), &status), 0);
  CHECK_EQ(status.st_mode & 07777, 0664u);
}

TEST(populating_changes_no_byte_another_thread_writes) {
  const std::string path = check::directory(true) + "/file";
  const auto made = Region::create(path, 1 << 16, 0600);
  CHECK(made.ok());
  auto* word = reinterpret_cast<uint32_t*>(made.value->data());
  std::atomic<bool> done{false};
  std::thread populating([&] {
    while (!done) {
      made.value->populate(0, 1 << 16, true);
      populateByTouching(made.value->data(), 1 << 16, 0, 1 << 16, true);
    }
  });
  for (uint32_t turn = 1; turn < 200000; turn++) {
    __atomic_store_n(word, turn, __ATOMIC_RELAXED);
    CHECK_EQ(__atomic_load_n(word, __ATOMIC_RELAXED), turn);
  }
  done = true;
  populating.join();
}

TEST(populating_outside_the_mapping_does_nothing) {
  const std::string path = check::directory() + "/file";
  const auto made = Region::create(path, 4096, 0600);
  made.value->populate(4096, 1, true);
  made.value->populate(1 << 30, 1 << 30, true);
  made.value->populate(0, 0, true);
  made.value->populate(4095, SIZE_MAX, false);
}

TEST(memory_stays_mapped_until_the_last_reference_is_dropped) {
  const std::string path = check::directory() + "/file";
  RegionPtr first = Region::create(path, 4096, 0600).value;
  RegionPtr second = first;
  first.reset();
  second->data()[0] = 1;
  uint8_t* gone = second->data();
  second.reset();
  CHECK_EQ(check::inChild([gone] {
    ::signal(SIGSEGV, SIG_DFL);
    *static_cast<volatile uint8_t*>(gone) = 1;
    return 0;
  }), 128 + SIGSEGV);
}

TEST(sync_accepts_any_range) {
  const std::string path = check::directory(true) + "/file";
  const auto made = Region::create(path, 3 * 4096 + 100, 0600);
  CHECK(!made.value->sync(0, 3 * 4096 + 100));
  CHECK(!made.value->sync(4097, 1));
  CHECK(!made.value->sync(0, 0));
  CHECK(!made.value->syncFile());
}

TEST(stores_into_a_populated_file_take_no_fault) {
#if defined(__SANITIZE_THREAD__)
  check::skip("ThreadSanitizer causes page faults of its own");
#endif
  constexpr std::size_t kSize = 1 << 20;
  for (const bool onDisk : {false, true}) {
    const std::string path = check::directory(onDisk) + "/file";
    const RegionPtr made = Region::create(path, kSize, 0600).value;
    const RegionPtr opened = Region::open(path, true).value;
    for (const RegionPtr& region : {made, opened}) {
      region->populate(0, kSize, true);
      const long before = faults();
      for (std::size_t at = 0; at < kSize; at += 4096) *static_cast<volatile uint8_t*>(region->data() + at) = 1;
      CHECK(faults() - before < 8);
    }
  }
}

TEST(populating_a_truncated_file_marks_it_damaged_and_does_not_kill) {
  const std::string path = check::directory() + "/file";
  CHECK(Region::create(path, 1 << 20, 0600).ok());
  const RegionPtr region = Region::open(path, false).value;
  CHECK_EQ(::truncate(path.c_str(), 4096), 0);
  region->populate(0, 1 << 20, false);
  CHECK(region->damaged());
}
