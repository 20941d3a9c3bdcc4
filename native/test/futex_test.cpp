#include "../core/futex.h"

#include <unistd.h>

#include <thread>

#include "../core/clock.h"
#include "../core/region.h"
#include "../core/words.h"
#include "check.h"

using namespace ticktape;
using futex::Outcome;

namespace {

RegionPtr words() { return Region::create(check::directory() + "/words", 4096, 0600).value; }

}  // namespace

TEST(a_wait_on_a_word_with_another_value_returns_at_once) {
  const RegionPtr region = words();
  CHECK(futex::wait(wordAt(region->data(), 0), 1, futex::kForever) == Outcome::changed);
}

TEST(a_wait_ends_at_its_timeout) {
  const RegionPtr region = words();
  const int64_t start = clock::monotonic();
  CHECK(futex::wait(wordAt(region->data(), 0), 0, 20'000'000) == Outcome::timeout);
  CHECK(clock::monotonic() - start >= 20'000'000);
  CHECK(futex::wait(wordAt(region->data(), 0), 0, 0) == Outcome::timeout);
}

TEST(another_process_wakes_a_sleeper_through_its_own_mapping) {
  const std::string path = check::directory() + "/words";
  const RegionPtr region = Region::create(path, 4096, 0600).value;
  const int sleeper = check::startChild([&] {
    const auto mine = Region::open(path, false);  // read-only is enough to sleep on
    return futex::wait(wordAt(mine.value->data(), 64), 0, 10'000'000'000) == Outcome::timeout ? 1 : 0;
  });
  check::sleepMs(50);
  storeRelease(wordAt(region->data(), 64), 1);
  CHECK(check::eventually([&] { return futex::wake(wordAt(region->data(), 64)) == 1 || loadAcquire(wordAt(region->data(), 64)) == 1; }));
  CHECK_EQ(check::finish(sleeper), 0);
}

TEST(wake_returns_how_many_were_woken) {
  const RegionPtr region = words();
  if (!futex::available()) check::skip("no futexes here");
  CHECK_EQ(futex::wake(wordAt(region->data(), 0)), 0);
  std::thread first([&] { futex::wait(wordAt(region->data(), 0), 0, futex::kForever); });
  std::thread second([&] { futex::wait(wordAt(region->data(), 0), 0, futex::kForever); });
  int woken = 0;
  CHECK(check::eventually([&] {
    woken += futex::wake(wordAt(region->data(), 0));
    return woken == 2;
  }));
  first.join();
  second.join();
}

TEST(one_wait_watches_many_words) {
  const RegionPtr region = words();
  futex::Word list[futex::kMaxWords];
  for (std::size_t i = 0; i < futex::kMaxWords; i++) list[i] = {wordAt(region->data(), 4 * i), 0};
  CHECK(futex::waitAny(list, futex::kMaxWords, 10'000'000) == Outcome::timeout);
  for (const std::size_t changed : {std::size_t{0}, std::size_t{77}, futex::kMaxWords - 1}) {
    std::thread changing([&] {
      check::sleepMs(10);
      storeRelease(wordAt(region->data(), 4 * changed), 1);
      futex::wake(wordAt(region->data(), 4 * changed));
    });
    CHECK(futex::waitAny(list, futex::kMaxWords, 10'000'000'000) != Outcome::timeout);
    changing.join();
    CHECK(futex::waitAny(list, futex::kMaxWords, futex::kForever) == Outcome::changed);
    storeRelease(wordAt(region->data(), 4 * changed), 0);
  }
}

TEST(waiting_on_a_truncated_file_ends) {
  const std::string path = check::directory() + "/words";
  const RegionPtr region = Region::create(path, 8192, 0600).value;
  CHECK_EQ(::truncate(path.c_str(), 4096), 0);
  CHECK(futex::wait(wordAt(region->data(), 4096), 0, 10'000'000) == Outcome::timeout);
  CHECK(region->damaged());
}
