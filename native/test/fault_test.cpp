#include "../core/fault.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <thread>
#include <vector>

#include "../core/region.h"
#include "check.h"

using namespace ticktape;

namespace {

RegionPtr make(const std::string& path, std::size_t size) { return Region::create(path, size, 0600).value; }

volatile uint8_t* at(const RegionPtr& region, std::size_t offset) { return region->data() + offset; }

}  // namespace

TEST(a_mapping_of_a_truncated_file_reads_as_zeros_and_is_marked_damaged) {
  for (const bool onDisk : {false, true}) {
    const std::string path = check::directory(onDisk) + "/file";
    const RegionPtr writer = make(path, 65536);
    const RegionPtr reader = Region::open(path, false).value;
    *at(writer, 100) = 1;
    *at(writer, 40000) = 2;
    CHECK_EQ(::truncate(path.c_str(), 4096), 0);

    CHECK_EQ(*at(reader, 100), 1);
    CHECK(!reader->damaged());
    CHECK_EQ(*at(reader, 40000), 0);
    CHECK(reader->damaged());
    CHECK(!writer->damaged());
    *at(writer, 40000) = 3;
    CHECK_EQ(*at(writer, 40000), 3);
    CHECK(writer->damaged());
  }
}

TEST(a_new_mapping_of_a_repaired_file_is_not_damaged) {
  const std::string path = check::directory() + "/file";
  {
    const RegionPtr first = make(path, 8192);
    CHECK_EQ(::truncate(path.c_str(), 0), 0);
    CHECK_EQ(*at(first, 0), 0);
    CHECK(first->damaged());
  }
  CHECK_EQ(::truncate(path.c_str(), 8192), 0);
  CHECK(!Region::open(path, true).value->damaged());
}

TEST(many_threads_can_fault_while_others_map_and_unmap) {
  const std::string directory = check::directory();
  const RegionPtr region = make(directory + "/file", 1 << 20);
  CHECK_EQ(::truncate((directory + "/file").c_str(), 0), 0);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; t++) {
    threads.emplace_back([&, t] {
      for (std::size_t offset = 0; offset < 1 << 20; offset += 4096) CHECK_EQ(*at(region, offset), 0);
      for (int i = 0; i < 50; i++) make(directory + "/" + std::to_string(t) + "-" + std::to_string(i), 4096);
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(region->damaged());
}

TEST(a_fault_outside_our_mappings_still_kills_the_process) {
  const std::string path = check::directory() + "/file";
  const RegionPtr ours = make(path + "-ours", 4096);
  CHECK(check::inChild([&] {
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    auto* other = static_cast<volatile uint8_t*>(::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, file, 0));
    return other[0];
  }) != 0);
  CHECK(check::inChild([] { return ::raise(SIGBUS); }) != 0);
}
