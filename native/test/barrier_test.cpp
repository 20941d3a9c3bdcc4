#include "../core/barrier.h"

#include <sched.h>

#include <cstdio>
#include <cstdlib>

#include "../core/clock.h"
#include "../core/format.h"
#include "../core/futex.h"
#include "../core/region.h"
#include "../core/words.h"
#include "check.h"

using namespace ticktape;
using futex::Outcome;

namespace {

/** The number of sleeps. For a longer run: TICKTAPE_SLEEPS=100000000. */
uint32_t sleeps() {
  const char* text = std::getenv("TICKTAPE_SLEEPS");
  return text == nullptr ? 20'000 : static_cast<uint32_t>(std::strtoul(text, nullptr, 10));
}

/** A file with the words of `control`, and a cursor for each of the two processes, in separate blocks. */
struct Shared {
  RegionPtr region;
  uint32_t* cursor(int side) const { return wordAt(region->data(), 8192 + 4096 * static_cast<std::size_t>(side)); }
  uint32_t* signal(int side) const { return wordAt(region->data(), 128 + 1024 * static_cast<std::size_t>(side)); }
  uint32_t* sleepers(int side) const { return wordAt(region->data(), 256 + 1024 * static_cast<std::size_t>(side)); }
};

/** ns. A sleeper that was not woken in the first time checks whether there is a frame; if there is, it waits for the wake the second time. */
constexpr int64_t kSlow = 2'000'000'000;
constexpr int64_t kLost = 60'000'000'000;

/** Publishes as Writer does on x64: an ordinary store, then an ordinary load. */
void publish(const Shared& shared, int side, uint32_t value) {
  storeRelease(shared.cursor(side), value);
  if (loadRelaxed(shared.sleepers(side)) == 0) return;
  storeOrdered(shared.sleepers(side), 0);
  __atomic_fetch_add(shared.signal(side), 1, __ATOMIC_SEQ_CST);
  futex::wake(shared.signal(side));
}

/**
 * Sleeps until the other side's cursor is `value`. False when a wake-up was lost: the frame is there, but this side was not woken. On a busy machine
 * the other side may stop between its publish and its wake for longer than any sleep; but then the signal does change.
 */
bool await(const Shared& shared, int side, uint32_t value, uint64_t& slept) {
  while (loadAcquire(shared.cursor(side)) != value) {
    const uint32_t seen = __atomic_load_n(shared.signal(side), __ATOMIC_SEQ_CST);
    storeOrdered(shared.sleepers(side), 1);
    if (!barrier::run()) return false;
    if (loadAcquire(shared.cursor(side)) == value) return true;
    slept++;
    if (futex::wait(shared.signal(side), seen, kSlow) != Outcome::timeout || loadAcquire(shared.cursor(side)) != value) continue;
    if (futex::wait(shared.signal(side), seen, kLost) == Outcome::timeout) return false;
  }
  return true;
}

/** A pause of different length each time, so that over many rounds the two sides race at every possible moment. */
void wander(uint32_t& state) {
  state = state * 1664525 + 1013904223;
  for (volatile uint32_t turn = state >> 23; turn > 0; turn = turn - 1) {
  }
}

bool play(const Shared& shared, int me, uint32_t rounds, uint64_t& slept) {
  uint32_t random = 1 + static_cast<uint32_t>(me);
  for (uint32_t round = 1; round <= rounds; round++) {
    if (me == 0) publish(shared, 0, round);
    if (!await(shared, 1 - me, round, slept)) return false;
    wander(random);
    if (me == 1) publish(shared, 1, round);
  }
  return true;
}

/** Spins, and yields the core from time to time: the other side may need it. */
void spinUntil(const uint32_t* word, uint32_t value) {
  for (uint32_t turn = 0; loadAcquire(word) != value; turn++) {
    ticktape::pause();
    if (turn % 1024 == 1023) ::sched_yield();
  }
}

/**
 * The race itself, repeated: one side announces a sleeper and loads the cursor; the other publishes and checks for sleepers. One word
 * starts both. Returns the number of rounds in which neither saw the other's store: each would have been a lost wake-up. Without the
 * barrier there are some on every processor with store buffers.
 */
uint32_t lostIn(uint32_t rounds, bool withBarrier) {
  const std::string path = check::directory() + "/race";
  const Shared shared{Region::create(path, 16384, 0600).value};
  uint32_t* const go = wordAt(shared.region->data(), 4096);
  uint32_t* const ready = wordAt(shared.region->data(), 4096 + 256);
  uint32_t* const saw = wordAt(shared.region->data(), 4096 + 512);
  const int writer = check::startChild([&] {
    if (!barrier::registered()) return 1;
    uint32_t random = 7;
    for (uint32_t round = 1; round <= rounds; round++) {
      spinUntil(go, round);
      wander(random);
      storeRelease(shared.cursor(0), round);
      const uint32_t sleeper = loadRelaxed(shared.sleepers(0));
      storeRelaxed(saw, sleeper);
      storeRelease(ready, round);
    }
    return 0;
  });
  uint32_t lost = 0;
  uint32_t random = 11;
  for (uint32_t round = 1; round <= rounds; round++) {
    storeOrdered(shared.sleepers(0), 0);
    storeRelease(go, round);
    wander(random);
    // Relaxed, so that without the barrier only the processor decides the order.
    storeRelaxed(shared.sleepers(0), 1);
    if (withBarrier) CHECK(barrier::run());
    const bool seen = loadAcquire(shared.cursor(0)) == round;
    spinUntil(ready, round);
    if (!seen && loadRelaxed(saw) == 0) lost++;
  }
  CHECK(check::finish(writer) == 0);
  return lost;
}

}  // namespace

TEST(two_processes_that_sleep_in_turn_lose_no_wake_up_without_a_locked_instruction) {
  if (!barrier::registered() || !futex::available()) return;
  const std::string path = check::directory() + "/words";
  const Shared mine{Region::create(path, 16384, 0600).value};
  const uint32_t rounds = sleeps();
  const int child = check::startChild([&] {
    if (!barrier::registered()) return 1;
    const Shared theirs{Region::open(path, true).value};
    uint64_t slept = 0;
    return play(theirs, 1, rounds, slept) ? 0 : 2;
  });
  uint64_t slept = 0;
  CHECK(play(mine, 0, rounds, slept));
  CHECK(check::finish(child) == 0);
  std::printf("%u rounds, this side slept %llu times\n", rounds, static_cast<unsigned long long>(slept));
}

TEST(with_the_barrier_a_sleeper_or_its_writer_sees_the_other) {
  if (!barrier::registered()) return;
  const uint32_t rounds = sleeps();
  CHECK_EQ(lostIn(rounds, true), 0u);
  std::printf("%u of %u wake-ups would be lost without the barrier\n", lostIn(rounds, false), rounds);
}

TEST(a_barrier_can_be_run_any_number_of_times) {
  const bool first = barrier::run();
  for (int turn = 0; turn < 100; turn++) CHECK(barrier::run() == first);
  CHECK(barrier::registered() == barrier::registered());
}
