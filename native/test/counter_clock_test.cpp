#include "../core/counter_clock.h"

#include <cmath>
#include <random>

#include "../core/clock.h"
#include "../core/counter.h"
#include "check.h"

using namespace ticktape;

namespace {

constexpr int64_t kMs = 1'000'000;
constexpr int64_t kSecond = 1'000 * kMs;
/** ns since 1970 at which a machine starts. Kept apart from `Machine::clock`, because a double does not have enough digits for the sum. */
constexpr int64_t kBegin = 1'790'000'000'000'000'000;

/** A simulated machine. Its time passes only through calls of its functions. */
struct Machine {
  /** ns since `kBegin`. */
  double clock = 0;
  double counter = 1e13;
  /** The rate of the clock, relative to real time. */
  double clockRate = 1;
  /** Ticks per ns. */
  double counterRate = 2.096;
  /** Added to each reading of the counter, as if it came from another processor. */
  double skew = 0;
  /** How many of a hundred checks of the clock are interrupted. */
  int interrupted = 0;
  const char* disabled = nullptr;
  int64_t clockReadings = 0;
  int64_t counterReadings = 0;
  std::mt19937 random{1};

  void pass(double ns) {
    clock += ns * clockRate;
    counter += ns * counterRate;
  }
  double uniform(double from, double to) { return std::uniform_real_distribution<double>(from, to)(random); }
};

struct Fake {
  Machine* machine;
  uint64_t counter() {
    machine->counterReadings++;
    machine->pass(8);
    // Real counters also advance in steps.
    return static_cast<uint64_t>((machine->counter + machine->skew) / 21) * 21;
  }
  uint64_t orderedCounter() { return counter(); }
  int64_t system() {
    machine->clockReadings++;
    machine->pass(10);
    if (machine->uniform(0, 100) < machine->interrupted) machine->pass(50'000);
    const auto time = kBegin + static_cast<int64_t>(machine->clock);
    machine->pass(machine->uniform(0, 50));
    if (machine->uniform(0, 100) < machine->interrupted) machine->pass(50'000);
    return time;
  }
  bool usable() { return machine->disabled == nullptr; }
  void disable(const char* why) { machine->disabled = why; }
};

/**
 * The result of readings at intervals of up to `longest` ns: the largest error in ns, how many were less than the one before, and how many
 * there were.
 */
struct Readings {
  double worst = 0;
  int64_t backwards = 0;
  int64_t count = 0;
};

struct Reader {
  Machine& machine;
  CounterClock<Fake> clock{Fake{&machine}};
  int64_t last = 0;

  Readings readFor(int64_t ns, double longest = 5'000) {
    Readings readings;
    for (const double end = machine.clock + static_cast<double>(ns) * machine.clockRate; machine.clock < end; readings.count++) {
      machine.pass(machine.uniform(0, longest));
      const double before = machine.clock;
      const int64_t time = clock.now() - kBegin;
      // A reading is right if the clock had this value at some moment during the call.
      const double early = before - static_cast<double>(time), late = static_cast<double>(time) - machine.clock;
      readings.worst = std::max({readings.worst, early, late});
      if (time < last) readings.backwards++;
      last = time;
    }
    return readings;
  }
};

}  // namespace

TEST(a_line_follows_the_clock_and_checks_it_once_in_a_ms) {
  Machine machine;
  Reader reader{machine};
  reader.readFor(20 * kMs);
  CHECK(reader.clock.following());
  machine.clockReadings = 0;
  const Readings readings = reader.readFor(5 * kSecond, 1'000);
  CHECK(readings.worst < 60);
  CHECK_EQ(readings.backwards, 0);
  CHECK(machine.clockReadings < 5 * 1'000 * 3);
  CHECK(readings.count > 1'000'000);
  // Readings in close succession show whether a correction makes the line go back.
  CHECK_EQ(reader.readFor(kSecond, 1).backwards, 0);
}

TEST(the_first_readings_are_as_exact_as_the_later_ones) {
  for (const double longest : {200.0, 5'000.0, 100'000.0, 240'000.0}) {
    Machine machine;
    Reader reader{machine};
    const Readings readings = reader.readFor(100 * kMs, longest);
    CHECK(reader.clock.following());
    CHECK(readings.worst < 100);
    CHECK_EQ(readings.backwards, 0);
  }
}

TEST(a_clock_that_is_slewed_is_followed_without_going_back) {
  for (const double ppm : {20.0, 100.0, 140.0, 500.0}) {
    Machine machine;
    Reader reader{machine};
    reader.readFor(100 * kMs);
    for (const double rate : {1 - ppm / 1e6, 1.0, 1 + ppm / 1e6, 1 - ppm / 1e6}) {
      machine.clockRate = rate;
      const Readings readings = reader.readFor(20 * kMs, 20);
      CHECK(readings.worst < 800);
      if (2 * ppm < 300) CHECK_EQ(readings.backwards, 0);
      reader.readFor(100 * kMs);
      CHECK(reader.readFor(100 * kMs).worst < 100);
      CHECK(reader.clock.following());
    }
    CHECK(machine.disabled == nullptr);
  }
}

TEST(a_clock_that_is_set_is_followed_within_a_ms) {
  for (const double step : {1e9, -1e9, 3'000.0, -3'000.0, 86'400e9, -86'400e9}) {
    Machine machine;
    Reader reader{machine};
    reader.readFor(100 * kMs);
    machine.clock += step;
    reader.readFor(kMs + 10'000);
    const Readings after = reader.readFor(300 * kMs);
    CHECK(after.worst < 100);
    CHECK_EQ(after.backwards, 0);
    CHECK(reader.clock.following());
    CHECK(machine.disabled == nullptr);
  }
}

TEST(a_migration_to_another_machine_is_noticed_within_a_ms) {
  for (const double jump : {0.0, 1e5, 1e13, -1e11}) {
    for (const double rate : {1.0, 3.3, 2.0961}) {
      Machine machine;
      Reader reader{machine};
      reader.readFor(100 * kMs);
      machine.counter += jump;
      machine.counterRate = rate;
      reader.readFor(2 * kMs);
      CHECK(reader.readFor(300 * kMs).worst < 100);
      CHECK(reader.clock.following());
      CHECK(machine.disabled == nullptr);
    }
  }
}

TEST(a_machine_that_was_suspended_is_noticed_at_the_first_reading) {
  for (const double missed : {0.0, 3e9}) {
    Machine machine;
    Reader reader{machine};
    reader.readFor(100 * kMs);
    machine.pass(3e9);
    machine.counter -= missed * machine.counterRate;  // the counter stopped meanwhile
    // If the counter stopped, the old line is used until it ends.
    if (missed != 0) reader.readFor(kMs + 10'000);
    CHECK(reader.readFor(300 * kMs).worst < 100);
  }
}

TEST(counters_that_disagree_are_not_used_any_more) {
  Machine machine;
  Reader reader{machine};
  reader.readFor(100 * kMs);
  for (int i = 0; i < 20'000 && machine.disabled == nullptr; i++) {
    machine.skew = i % 2 == 0 ? 0 : 10'000;
    reader.readFor(100'000);
  }
  CHECK(machine.disabled != nullptr);
  reader.readFor(2 * kMs);
  CHECK(!reader.clock.following());
  machine.counterReadings = 0;
  CHECK(reader.readFor(10 * kMs).worst < 1);
  CHECK_EQ(machine.counterReadings, 0);
}

TEST(a_counter_that_stops_or_goes_back_or_has_an_impossible_rate_is_not_used) {
  for (const double rate : {0.0, -2.0, 1e-5, 1e4}) {
    Machine machine;
    machine.counterRate = rate;
    Reader reader{machine};
    CHECK(reader.readFor(100 * kMs).worst < 1);
    CHECK(!reader.clock.following());
  }
  // The same, when it starts to go back while a line is used.
  Machine machine;
  Reader reader{machine};
  reader.readFor(100 * kMs);
  machine.counterRate = -2;
  reader.readFor(200 * kMs);
  CHECK(reader.readFor(10 * kMs).worst < 1);
}

TEST(checks_that_are_interrupted_are_ignored) {
  for (const int often : {1, 10, 30}) {
    Machine machine;
    machine.interrupted = often;
    Reader reader{machine};
    Readings readings = reader.readFor(kSecond);
    CHECK(readings.worst < 150);
    CHECK_EQ(readings.backwards, 0);
    CHECK(machine.disabled == nullptr);
  }
}

TEST(a_thread_that_reads_rarely_gets_the_clock_itself) {
  Machine machine;
  Reader reader{machine};
  reader.readFor(100 * kMs);
  machine.pass(5e9);
  machine.clockReadings = machine.counterReadings = 0;
  for (int i = 0; i < 1'000; i++) {
    machine.pass(300'000);
    const double before = machine.clock;
    const auto time = static_cast<double>(reader.clock.now() - kBegin);
    CHECK(time >= std::floor(before) && time <= machine.clock);
  }
  CHECK_EQ(machine.clockReadings, 1'000);
  CHECK_EQ(machine.counterReadings, 1);  // it showed that the line had ended
}

TEST(a_burst_after_a_pause_uses_the_known_rate) {
  Machine machine;
  Reader reader{machine};
  reader.readFor(100 * kMs);
  machine.pass(static_cast<double>(kSecond));
  reader.clock.now();
  reader.clock.now();
  CHECK(reader.clock.following());
  CHECK(reader.readFor(10 * kMs, 200).worst < 100);
  machine.pass(11.0 * kSecond);
  reader.clock.now();
  reader.clock.now();
  CHECK(!reader.clock.following());
}

TEST(a_clock_held_still_is_read_as_it_is) {
  Machine machine;
  machine.clockRate = 0;  // as faketime can do
  Reader reader{machine};
  const int64_t time = kBegin + static_cast<int64_t>(machine.clock);
  for (int i = 0; i < 100'000; i++) {
    machine.pass(1'000);
    CHECK_EQ(reader.clock.now(), time);
  }
}

TEST(a_clock_that_runs_ten_times_as_fast_is_followed) {
  Machine machine;
  machine.clockRate = 10;  // as faketime can do
  Reader reader{machine};
  const Readings readings = reader.readFor(kSecond);
  CHECK(readings.worst < 1'000);
  CHECK_EQ(readings.backwards, 0);
}

TEST(the_counter_is_not_used_when_checks_take_too_long) {
  struct Slow : Fake {
    int64_t system() {
      machine->pass(1'000);
      const int64_t time = Fake::system();
      machine->pass(1'000);
      return time;
    }
  };
  Machine machine;
  CounterClock<Slow> clock{Slow{{&machine}}};
  for (int i = 0; i < 1'000; i++) {
    machine.pass(1'000);
    clock.now();
  }
  CHECK(!clock.following());
  CHECK(machine.disabled != nullptr);
}

TEST(on_this_machine_readings_are_within_a_us_of_the_clock) {
  if (counter::whyNot() != nullptr) check::skip(counter::whyNot());
  counter::Clock clock;
  int narrow = 0, wrong = 0, followed = 0;
  int64_t last = 0;
  for (const int64_t end = clock::monotonic() + kSecond; clock::monotonic() < end;) {
    const int64_t before = clock::now();
    const int64_t time = clock.now();
    const int64_t after = clock::now();
    CHECK(time >= last);
    last = time;
    if (after - before > 2'000) continue;  // another process had the processor
    narrow++;
    if (time < before - 1'000 || time > after + 1'000) wrong++;
    if (clock.following()) followed++;
  }
  CHECK(narrow > 0);
  CHECK(wrong <= narrow / 1'000);
  CHECK(followed > 0);
}

TEST(a_forked_child_continues_to_use_the_counter) {
  if (counter::whyNot() != nullptr) check::skip(counter::whyNot());
  counter::Clock clock;
  for (const int64_t end = clock::monotonic() + 10 * kMs; clock::monotonic() < end;) clock.now();
  CHECK_EQ(check::inChild([&] {
    for (int i = 0; i < 1'000'000; i++) {
      const int64_t before = clock::now();
      const int64_t time = clock.now();
      const int64_t after = clock::now();
      if (after - before < 2'000 && (time < before - 1'000 || time > after + 1'000)) return 1;
    }
    return 0;
  }), 0);
}

TEST(a_disabled_counter_stays_disabled) {
  CHECK_EQ(check::inChild([] {
    counter::disable("for this test");
    counter::Clock clock;
    for (int i = 0; i < 1'000'000; i++) clock.now();
    return clock.following() ? 1 : 0;
  }), 0);
}
