#include "../core/waiter.h"

#include <sys/resource.h>

#include <set>

#include "../core/clock.h"
#include "../core/futex.h"
#include "../core/words.h"
#include "check.h"

using namespace ticktape;

namespace {

struct Fixture {
  RegionPtr region = Region::create(check::directory() + "/words", 65536, 0600).value;
  std::mutex mutex;
  std::multiset<uint32_t> fired;
  Waiter waiter{[this](uint32_t id) {
    std::lock_guard<std::mutex> lock(mutex);
    fired.insert(id);
  }};

  void watch(uint32_t id, std::size_t offset, uint32_t expected) { CHECK(!waiter.watch(id, region, offset, expected)); }
  void change(std::size_t offset, uint32_t value) {
    storeRelease(wordAt(region->data(), offset), value);
    futex::wake(wordAt(region->data(), offset));
  }
  std::size_t count(uint32_t id) {
    std::lock_guard<std::mutex> lock(mutex);
    return fired.count(id);
  }
};

int64_t processorTime() { return clock::read(CLOCK_PROCESS_CPUTIME_ID); }

}  // namespace

TEST(a_watch_reports_once_when_its_word_changes) {
  Fixture f;
  f.watch(7, 0, 0);
  f.watch(8, 4, 0);
  check::sleepMs(10);
  CHECK_EQ(f.count(7), 0u);
  f.change(0, 1);
  CHECK(check::eventually([&] { return f.count(7) == 1; }));
  f.change(0, 2);
  check::sleepMs(10);
  CHECK_EQ(f.count(7), 1u);
  CHECK_EQ(f.count(8), 0u);
}

TEST(a_watch_on_a_word_with_another_value_reports_at_once) {
  Fixture f;
  f.watch(1, 0, 5);
  CHECK(check::eventually([&] { return f.count(1) == 1; }));
}

TEST(an_unwatched_word_is_not_reported) {
  Fixture f;
  f.watch(1, 0, 0);
  f.waiter.unwatch(1);
  f.waiter.unwatch(99);
  f.change(0, 1);
  check::sleepMs(10);
  CHECK_EQ(f.count(1), 0u);
}

TEST(a_watch_of_the_same_id_replaces_the_one_before) {
  Fixture f;
  f.watch(1, 0, 0);
  f.watch(1, 4, 0);
  f.change(0, 1);
  check::sleepMs(10);
  CHECK_EQ(f.count(1), 0u);
  f.change(4, 1);
  CHECK(check::eventually([&] { return f.count(1) == 1; }));
}

TEST(more_words_than_one_kernel_call_takes_are_watched) {
  Fixture f;
  for (uint32_t id = 0; id < 1000; id++) f.watch(id, 4 * id, 0);
  for (uint32_t id = 0; id < 1000; id++) f.change(4 * id, 1);
  CHECK(check::eventually([&] {
    std::lock_guard<std::mutex> lock(f.mutex);
    return f.fired.size() == 1000;
  }));
  for (uint32_t id = 0; id < 1000; id++) CHECK_EQ(f.count(id), 1u);
}

TEST(watching_costs_nothing_while_nothing_changes) {
  if (!futex::waitvAvailable()) check::skip("this kernel cannot wait on several words");
  Fixture f;
  for (uint32_t id = 0; id < 127; id++) f.watch(id, 4 * id, 0);
  check::sleepMs(20);
  const int64_t before = processorTime();
  check::sleepMs(500);
  CHECK(processorTime() - before < 5'000'000);
}

TEST(no_change_is_missed) {
  Fixture f;
  for (uint32_t turn = 0; turn < 2000; turn++) {
    f.watch(turn, 0, turn);
    f.change(0, turn + 1);
    CHECK(check::eventually([&] { return f.count(turn) == 1; }));
  }
}

TEST(close_ends_the_thread_and_refuses_new_watches) {
  Fixture f;
  f.watch(1, 0, 0);
  f.waiter.close();
  f.waiter.close();
  CHECK_EQ(f.waiter.watch(2, f.region, 0, 0).number, EPIPE);
}

TEST(the_watched_memory_stays_mapped) {
  Fixture f;
  f.watch(1, 0, 0);
  std::weak_ptr<Region> region = f.region;
  f.region.reset();
  CHECK(!region.expired());
  f.waiter.unwatch(1);
  CHECK(check::eventually([&] { return region.expired(); }));
}
