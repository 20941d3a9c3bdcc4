// The C++ side of the benchmark. Its arguments say what to do. It prints "ready" and begins when it reads "go" from its standard input. At
// the end it prints one line of JSON. Times are CLOCK_MONOTONIC, in ns: the same clock in every process.
//
//   baseline write DIR --frames N [--size 64|128] [--page BYTES] [--batch N] [--timestamps] [--announce barrier|ordered|release] [--wait-next] [--written] [--fetch-ahead] [--cpu N]
//   baseline read DIR --frames N [--cpu N]
//   baseline pingpong OWN OTHER --role ping|pong --frames N [--page BYTES] [--timestamps] [--fetch-ahead] [--cpu N]
//   baseline orders OWN OTHER --role gateway|strategy --frames N [--page BYTES] [--cpu N]
//   baseline lines --cpus A,B
//   baseline wake --cpus A,B --frames N --every-us N
//   baseline label DIR --frames N [--page BYTES]
//   baseline decode DIR
//
// The last two are for the tests of the format, and begin at once: the first writes frames with text and instruments, the other prints
// every frame of a journal.

#include <sched.h>
#include <time.h>
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#endif

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#include "decode.h"
#include "journal.h"

using namespace baseline;

namespace {

[[noreturn]] void usage(const std::string& what) {
  std::fprintf(stderr, "baseline: %s\n", what.c_str());
  std::exit(2);
}

struct Options {
  std::string mode;
  std::vector<std::string> paths;
  std::string role = "ping";
  std::string announce = "barrier";
  std::string cpus = "0,1";
  int cpu = -1;
  uint64_t frames = 0;
  uint64_t size = 64;
  uint64_t page = format::page::kDefaultSize;
  uint64_t batch = 1;
  uint64_t everyUs = 3000;
  bool timestamps = false;
  bool waitNext = false;
  bool fetchAhead = false;
  bool written = false;

  Options(int count, char** words) {
    if (count < 2) usage("write, read, pingpong, orders, lines or wake?");
    mode = words[1];
    for (int i = 2; i < count; i++) {
      const std::string word = words[i];
      const auto text = [&] { return i + 1 < count ? std::string(words[++i]) : (usage(word + " takes a value"), std::string()); };
      const auto number = [&] { return std::strtoull(text().c_str(), nullptr, 10); };
      if (word == "--role") role = text();
      else if (word == "--announce") announce = text();
      else if (word == "--cpus") cpus = text();
      else if (word == "--cpu") cpu = static_cast<int>(number());
      else if (word == "--frames") frames = number();
      else if (word == "--size") size = number();
      else if (word == "--page") page = number();
      else if (word == "--batch") batch = number();
      else if (word == "--every-us") everyUs = number();
      else if (word == "--timestamps") timestamps = true;
      else if (word == "--wait-next") waitNext = true;
      else if (word == "--fetch-ahead") fetchAhead = true;
      else if (word == "--written") written = true;
      else if (word.rfind("--", 0) == 0) usage("no option " + word);
      else paths.push_back(word);
    }
    const std::size_t wanted = mode == "lines" || mode == "wake" ? 0 : mode == "pingpong" || mode == "orders" ? 2 : 1;
    if (paths.size() != wanted) usage(mode + " takes " + std::to_string(wanted) + " directories");
  }

  Announce how() const {
    if (announce == "barrier") return Announce::barrier;
    return announce == "release" ? Announce::release : Announce::ordered;
  }
};

uint64_t ticks() {
  timespec time;
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1000000000 + static_cast<uint64_t>(time.tv_nsec);
}

/** Binds the calling thread. Threads that it has already started are not bound. */
void pin(int cpu) {
#if defined(__linux__)
  if (cpu < 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  ::sched_setaffinity(0, sizeof set, &set);
#else
  (void)cpu;
#endif
}

void awaitGo() {
  std::puts("ready");
  std::fflush(stdout);
  char line[16];
  if (std::fgets(line, sizeof line, stdin) == nullptr) std::exit(0);
}

template <typename Frame>
void fill(uint8_t* frame, uint64_t seq) {
  auto* fields = reinterpret_cast<double*>(frame + Frame::kPayload);
  fields[0] = static_cast<double>(seq);
  for (int i = 1; i < Frame::kFields; i++) fields[i] = static_cast<double>(seq) + 0.5 * i;
}

template <typename Frame>
double take(const uint8_t* frame, double& sum) {
  const auto* fields = reinterpret_cast<const double*>(frame + Frame::kPayload);
  for (int i = 1; i < Frame::kFields; i++) sum += fields[i];
  return fields[0];
}

template <typename Frame>
void writeAll(Writer& writer, uint64_t frames, uint64_t batch) {
  for (uint64_t seq = 0; seq < frames;) {
    if (batch > 1) writer.cork();
    for (uint64_t i = 0; i < batch && seq < frames; i++) {
      uint8_t* frame = writer.begin(Frame::kSlots);
      fill<Frame>(frame, seq++);
      writer.commit(frame, Frame::kType, Frame::kSlots);
    }
    if (batch > 1) writer.uncork();
  }
}

int write(const Options& options) {
  Writer writer(options.paths[0], options.page, options.how(), options.timestamps, options.written);
  if (options.fetchAhead) writer.fetchAhead();
  if (options.waitNext) writer.waitForNext();
  pin(options.cpu);
  awaitGo();
  const uint64_t start = ticks();
  if (options.size == 64) writeAll<Small>(writer, options.frames, options.batch);
  else writeAll<Large>(writer, options.frames, options.batch);
  const uint64_t end = ticks();
  std::printf("{\"start\":%llu,\"end\":%llu}\n", static_cast<unsigned long long>(start), static_cast<unsigned long long>(end));
  std::fflush(stdout);
  // Keeps the journal open until the other side has finished.
  char line[16];
  if (std::fgets(line, sizeof line, stdin) == nullptr) return 0;
  return 0;
}

int read(const Options& options) {
  Reader reader(options.paths[0]);
  pin(options.cpu);
  BackOff backOff;
  uint64_t frames = 0;
  uint64_t errors = 0;
  double sum = 0;
  std::puts("ready");
  std::fflush(stdout);
  const uint64_t start = ticks();
  while (frames < options.frames) {
    const auto handle = [&](const uint8_t* frame, uint32_t type) {
      const double seq = type == Small::kType ? take<Small>(frame, sum) : take<Large>(frame, sum);
      if (seq != static_cast<double>(frames++)) errors++;
    };
    if (reader.poll(handle, [&] { backOff.found(); }) == 0) backOff.missed();
  }
  const uint64_t end = ticks();
  std::printf("{\"start\":%llu,\"end\":%llu,\"frames\":%llu,\"errors\":%llu,\"sum\":%.17g}\n", static_cast<unsigned long long>(start),
              static_cast<unsigned long long>(end), static_cast<unsigned long long>(frames), static_cast<unsigned long long>(errors), sum);
  return errors == 0 ? 0 : 1;
}

/** Sorts the times and prints them at the shares of bench/support/statistics.ts. */
void printTimes(std::vector<uint32_t>& times, uint64_t errors) {
  std::sort(times.begin(), times.end());
  const auto at = [&](double share) { return times[std::min(times.size() - 1, static_cast<std::size_t>(share * static_cast<double>(times.size())))]; };
  std::printf("{\"errors\":%llu,\"percentiles\":[", static_cast<unsigned long long>(errors));
  const double shares[] = {0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 1};
  for (std::size_t i = 0; i < 10; i++) std::printf("%s%u", i == 0 ? "" : ",", at(shares[i]));
  std::printf("]}\n");
}

/** Writes one frame to its own journal and waits for one in the other; "pong" the other way round. */
int pingpong(const Options& options) {
  Writer writer(options.paths[0], options.page, options.how(), options.timestamps);
  if (options.fetchAhead) writer.fetchAhead();
  pin(options.cpu);
  awaitGo();  // the other journal exists now
  Reader reader(options.paths[1]);
  const bool ping = options.role == "ping";
  double expected = 0;
  uint64_t errors = 0;
  double sum = 0;
  const auto send = [&](double seq) {
    uint8_t* frame = writer.begin(Small::kSlots);
    fill<Small>(frame, static_cast<uint64_t>(seq));
    writer.commit(frame, Small::kType, Small::kSlots);
  };
  const auto receive = [&] {
    while (reader.poll([&](const uint8_t* frame, uint32_t) {
      if (take<Small>(frame, sum) != expected++) errors++;
    }) == 0) {
    }
  };
  std::vector<uint32_t> times;
  times.reserve(options.frames);
  for (uint64_t i = 0; i < options.frames; i++) {
    if (ping) {
      const int64_t before = now();
      send(static_cast<double>(i));
      receive();
      times.push_back(static_cast<uint32_t>(now() - before));
    } else {
      receive();
      send(static_cast<double>(i));
    }
  }
  if (!ping) {
    // The other side must read the last answer before this side unmaps it.
    awaitGo();
    return errors == 0 ? 0 : 1;
  }
  // The first tenth is left out: until then caches and mappings are still being filled.
  times.erase(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 10));
  printTimes(times, errors);
  return errors == 0 ? 0 : 1;
}

/** Reports of an order: that it was accepted, and that it was cancelled. */
constexpr int kReports = 2;

/** The gateway of `orders`: for each order what was taken, a copy, the intent and the reports, in one store. */
uint64_t answerOrders(Writer& writer, Reader& reader, uint64_t orders) {
  uint64_t errors = 0;
  for (uint64_t answered = 0; answered < orders;) {
    reader.poll([&](const uint8_t* frame, uint32_t) {
      double sum = 0;
      const double seq = take<Large>(frame, sum);
      if (seq != static_cast<double>(answered++)) errors++;
      writer.cork();
      uint8_t* taken = writer.begin(Small::kSlots);
      fill<Small>(taken, answered);
      writer.commit(taken, Small::kType, Small::kSlots);
      uint8_t* copy = writer.begin(Large::kSlots);
      std::memcpy(copy + Large::kPayload, frame + Large::kPayload, Large::kFields * sizeof(double));
      writer.commit(copy, Large::kType, Large::kSlots);
      for (int i = 0; i < 1 + kReports; i++) {
        uint8_t* outcome = writer.begin(Large::kSlots);
        fill<Large>(outcome, static_cast<uint64_t>(seq));
        writer.commit(outcome, Large::kType, Large::kSlots);
      }
      writer.uncork();
    });
  }
  return errors;
}

/**
 * What an order and its reports cost without risk, an exchange and a language above the journal: the strategy writes an order of 128
 * bytes and measures until it has read the last report; frames have timestamps, as in the runtime.
 */
int orders(const Options& options) {
  Writer writer(options.paths[0], options.page, options.how(), true);
  writer.fetchAhead();
  pin(options.cpu);
  awaitGo();  // the other journal exists now
  Reader reader(options.paths[1]);
  if (options.role == "gateway") {
    const uint64_t errors = answerOrders(writer, reader, options.frames);
    // The other side must read the last report before this side unmaps it.
    awaitGo();
    return errors == 0 ? 0 : 1;
  }
  uint64_t errors = 0;
  double sum = 0;
  std::vector<uint32_t> times;
  times.reserve(options.frames);
  for (uint64_t i = 0; i < options.frames; i++) {
    const int64_t before = now();
    uint8_t* order = writer.begin(Large::kSlots);
    fill<Large>(order, i);
    writer.commit(order, Large::kType, Large::kSlots);
    // The copy, the intent and the reports.
    int left = 2 + kReports;
    while (left > 0) {
      reader.poll([&](const uint8_t* frame, uint32_t type) {
        if (type != Large::kType) return;
        if (take<Large>(frame, sum) != static_cast<double>(i)) errors++;
        left--;
      });
    }
    times.push_back(static_cast<uint32_t>(now() - before));
  }
  times.erase(times.begin(), times.begin() + static_cast<std::ptrdiff_t>(times.size() / 10));
  printTimes(times, errors);
  return errors == 0 ? 0 : 1;
}

/** Texts of every length of UTF-8, the longest one filling its field. */
constexpr const char* kNotes[] = {"", "a", "é", "币安人生", "🚀 to the moon", "123456789012345678901234567890123456"};

int label(const Options& options) {
  Writer writer(options.paths[0], options.page, options.how(), true, false, kLabelSchema);
  constexpr uint32_t kNumbers[] = {0, 1, 2, 3, 4, 4000000000};
  for (uint64_t seq = 0; seq < options.frames; seq++) {
    uint8_t* frame = writer.begin(Label::kSlots);
    const double number = static_cast<double>(seq);
    const uint32_t instrument = kNumbers[seq % 6];
    const char* note = kNotes[seq / 6 % 6];
    std::memcpy(frame + Label::kSeq, &number, sizeof number);
    std::memcpy(frame + Label::kInstrument, &instrument, sizeof instrument);
    std::memcpy(frame + Label::kNote, note, std::strlen(note));
    writer.commit(frame, Label::kType, Label::kSlots);
  }
  return 0;
}

/** How long a cache line takes from one core to the other and back, in ns: the median of 50 samples of 200 exchanges. */
int lines(const Options& options) {
  const int first = std::atoi(options.cpus.c_str());
  const int second = std::atoi(options.cpus.substr(options.cpus.find(',') + 1).c_str());
  constexpr int kSamples = 50;
  constexpr uint32_t kTurns = 200;
  alignas(128) static std::atomic<uint32_t> there;
  alignas(128) static std::atomic<uint32_t> back;
  std::thread other([&] {
    pin(second);
    for (uint32_t i = 1; i <= kSamples * kTurns; i++) {
      while (there.load(std::memory_order_acquire) != i) {
      }
      back.store(i, std::memory_order_release);
    }
  });
  pin(first);
  std::vector<double> samples;
  uint32_t i = 0;
  for (int sample = 0; sample < kSamples; sample++) {
    const uint64_t before = ticks();
    for (uint32_t turn = 0; turn < kTurns; turn++) {
      there.store(++i, std::memory_order_release);
      while (back.load(std::memory_order_acquire) != i) {
      }
    }
    samples.push_back(static_cast<double>(ticks() - before) / kTurns);
  }
  other.join();
  std::sort(samples.begin(), samples.end());
  std::printf("{\"ns\":%.1f}\n", samples[kSamples / 2]);
  return 0;
}

#if defined(__linux__)

/** What two processes share: a word to sleep on, and when it was last changed. */
struct Bell {
  std::atomic<uint32_t> rung{0};
  std::atomic<uint64_t> at{0};
};

/**
 * The least that waking another process takes: one sleeps on a word (not private, as a journal's), the other changes it every so many
 * µs and wakes it. Times are from before the change until the sleeper has read the clock.
 */
int wake(const Options& options) {
  const int first = std::atoi(options.cpus.c_str());
  const int second = std::atoi(options.cpus.substr(options.cpus.find(',') + 1).c_str());
  void* memory = ::mmap(nullptr, sizeof(Bell), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) usage("mmap failed");
  Bell& bell = *new (memory) Bell;
  const pid_t ringer = ::fork();
  if (ringer < 0) usage("fork failed");
  if (ringer == 0) {
    pin(first);
    const timespec pause{static_cast<time_t>(options.everyUs / 1000000), static_cast<long>(options.everyUs % 1000000 * 1000)};
    for (uint64_t i = 0; i < options.frames; i++) {
      ::nanosleep(&pause, nullptr);
      bell.at.store(ticks(), std::memory_order_relaxed);
      bell.rung.fetch_add(1);
      ::syscall(SYS_futex, &bell.rung, FUTEX_WAKE, 1, nullptr, nullptr, 0);
    }
    ::_exit(0);
  }
  pin(second);
  std::vector<uint32_t> times;
  for (uint32_t seen = 0; times.size() < options.frames; seen++) {
    while (bell.rung.load() == seen) ::syscall(SYS_futex, &bell.rung, FUTEX_WAIT, seen, nullptr, nullptr, 0);
    times.push_back(static_cast<uint32_t>(ticks() - bell.at.load(std::memory_order_relaxed)));
  }
  int status = 0;
  ::waitpid(ringer, &status, 0);
  printTimes(times, 0);
  return status == 0 ? 0 : 1;
}

#else

int wake(const Options&) { usage("there are no futexes on this system"); }

#endif

}  // namespace

int main(int count, char** words) {
  const Options options(count, words);
  if (options.mode == "write") return write(options);
  if (options.mode == "read") return read(options);
  if (options.mode == "pingpong") return pingpong(options);
  if (options.mode == "orders") return orders(options);
  if (options.mode == "lines") return lines(options);
  if (options.mode == "wake") return wake(options);
  if (options.mode == "label") return label(options);
  if (options.mode == "decode") {
    try {
      decode(options.paths[0]);
    } catch (const std::exception& error) {
      usage(error.what());
    }
    return 0;
  }
  usage("no mode " + options.mode);
}
