// The structures of ticktape/state in plain C++: the limit of what a processor can do with the same bytes. Prints one line of JSON.
//
//   state ops DIR --cpu N            ns for each operation, one process alone
//   state ring DIR --frames N --cpus A,B   ns, a producer process and a consumer process

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr uint32_t kMarkets = 512;
constexpr uint64_t kTimes = 4000000;

uint64_t clockNs(clockid_t id) {
  timespec time;
  ::clock_gettime(id, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1000000000 + static_cast<uint64_t>(time.tv_nsec);
}

uint64_t ticks() { return clockNs(CLOCK_MONOTONIC); }

void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

uint8_t* mapped(const std::string& directory, const char* name, std::size_t size) {
  const std::string path = directory + "/" + name;
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (file < 0 || ::posix_fallocate(file, 0, static_cast<off_t>(size)) != 0) {
    std::perror(path.c_str());
    std::exit(1);
  }
  void* data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, file, 0);
  ::unlink(path.c_str());
  ::close(file);
  return static_cast<uint8_t*>(data);
}

volatile uint64_t sink;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/** The median of many slices, because in some of them another process has the core. */
template <class F>
double perOperation(F body) {
  constexpr uint64_t kSlices = 25, kSlice = kTimes / kSlices;
  for (uint64_t i = 0; i < kTimes / 8; i++) body(i);
  std::vector<double> slices;
  for (uint64_t slice = 0; slice < kSlices; slice++) {
    const uint64_t start = ticks();
    for (uint64_t i = 0; i < kSlice; i++) body(i);
    slices.push_back(static_cast<double>(ticks() - start) / kSlice);
  }
  return median(slices);
}

struct Frame {
  uint32_t word;
  uint32_t crc;
  uint64_t time;
  char symbol[16];
  double last, bid, ask, volume;
};
static_assert(sizeof(Frame) == 64, "a frame is one slot");

struct Cell {
  std::atomic<uint32_t> begun;
  std::atomic<uint32_t> version;
  char pad[56];
  Frame copies[4];
};

void operations(const std::string& directory) {
  auto* book = reinterpret_cast<std::atomic<uint64_t>*>(mapped(directory, "book", kMarkets * 8));
  const double bookUpdate = perOperation([&](uint64_t i) {
    const uint64_t price = i & 0xffff;
    book[i & 511].store(price | 3ull << 16 | (price + 1) << 32 | 4ull << 48, std::memory_order_release);
  });
  const double bookPrice = perOperation([&](uint64_t i) {
    auto& word = book[i & 511];
    uint64_t seen = word.load();
    while (!word.compare_exchange_weak(seen, (seen & ~0xffffull) | (i & 0xffff))) {
    }
  });
  const double bookRead = perOperation([&](uint64_t i) {
    const uint64_t quote = book[i & 511].load(std::memory_order_acquire);
    sink = (quote & 0xffff) + (quote >> 16 & 0xffff) + (quote >> 32 & 0xffff) + (quote >> 48);
  });

  auto* words = reinterpret_cast<std::atomic<uint32_t>*>(mapped(directory, "words", kMarkets * 4));
  auto* deadlines = reinterpret_cast<double*>(mapped(directory, "deadlines", kMarkets * 8));
  const auto acquire = [&](uint32_t market) {
    const double now = static_cast<double>(clockNs(CLOCK_MONOTONIC_COARSE));
    uint32_t seen = words[market].load();
    if ((seen & 0xfff) != 0 && deadlines[market] > now) return false;
    deadlines[market] = now + 1e10;
    return words[market].compare_exchange_strong(seen, (((seen >> 12) + 1) << 12) | 1);
  };
  const auto release = [&](uint32_t market) {
    uint32_t seen = words[market].load();
    return (seen & 0xfff) == 1 && words[market].compare_exchange_strong(seen, ((seen >> 12) + 1) << 12);
  };
  std::vector<double> acquiring;
  for (uint64_t round = 0; round < kTimes / kMarkets; round++) {
    const uint64_t start = ticks();
    for (uint32_t market = 0; market < kMarkets; market++) sink = acquire(market);
    acquiring.push_back(static_cast<double>(ticks() - start) / kMarkets);
    for (uint32_t market = 0; market < kMarkets; market++) sink = release(market);
  }

  auto* cells = reinterpret_cast<Cell*>(mapped(directory, "cells", sizeof(Cell) * 256));
  const char symbol[17] = "BTC-USDT\0\0\0\0\0\0\0";
  const double latestWrite = perOperation([&](uint64_t i) {
    Cell& cell = cells[i & 255];
    const uint32_t version = cell.version.load(std::memory_order_relaxed) + 1;
    cell.begun.store(version, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    Frame& frame = cell.copies[version & 3];
    frame.word = 0x10001;
    std::memcpy(frame.symbol, symbol, 16);
    frame.last = frame.bid = frame.ask = static_cast<double>(i);
    frame.volume = 3;
    cell.version.store(version, std::memory_order_release);
  });
  const double latestRead = perOperation([&](uint64_t i) {
    Cell& cell = cells[i & 255];
    Frame frame;
    uint32_t version;
    do {
      version = cell.version.load(std::memory_order_acquire);
      std::memcpy(&frame, &cell.copies[version & 3], sizeof frame);
      std::atomic_thread_fence(std::memory_order_acquire);
    } while (cell.begun.load(std::memory_order_relaxed) - version >= 4);
    sink = static_cast<uint64_t>(frame.last + frame.bid + frame.ask + frame.volume) + static_cast<uint64_t>(frame.symbol[0]);
  });

  std::printf("{\"bookUpdate\":%.3f,\"bookPrice\":%.3f,\"bookRead\":%.3f,\"acquire\":%.3f,\"latestWrite\":%.3f,\"latestRead\":%.3f}\n", bookUpdate,
              bookPrice, bookRead, median(acquiring), latestWrite, latestRead);
}

/** The same bytes as Ring: counts that are never reset. Each side keeps a copy of the other side's count. */
void ring(const std::string& directory, uint64_t frames, int producerCpu, int consumerCpu) {
  constexpr uint32_t kSlots = 4096;
  uint8_t* file = mapped(directory, "ring", 4096 + kSlots * 64);
  auto* tail = reinterpret_cast<std::atomic<uint32_t>*>(file + 256);
  auto* head = reinterpret_cast<std::atomic<uint32_t>*>(file + 512);
  auto* slots = reinterpret_cast<double*>(file + 4096);

  const pid_t child = ::fork();
  if (child == 0) {
    pin(producerCpu);
    uint32_t own = 0, seen = 0;
    for (uint64_t n = 0; n < frames; n++) {
      while (own - seen == kSlots) seen = head->load(std::memory_order_acquire);
      double* frame = slots + (own & (kSlots - 1)) * 8;
      *reinterpret_cast<uint32_t*>(frame) = 0x10001;
      frame[2] = static_cast<double>(n);
      frame[3] = frame[4] = frame[5] = static_cast<double>(n) + 1;
      tail->store(++own, std::memory_order_release);
    }
    ::_exit(0);
  }
  pin(consumerCpu);
  uint32_t own = 0, seen = 0;
  double sum = 0;
  uint64_t errors = 0, start = 0;
  for (uint64_t n = 0; n < frames; n++) {
    for (int looks = 0; own == seen; looks++) {
      seen = tail->load(std::memory_order_acquire);
      if (own != seen) break;
      for (volatile int i = 0; i < 60; i = i + 1) {
      }
    }
    if (start == 0) start = ticks();
    const double* frame = slots + (own & (kSlots - 1)) * 8;
    if (frame[2] != static_cast<double>(n)) errors++;
    sum += frame[3] + frame[4] + frame[5];
    own++;
    if (own == seen || (own & 255) == 0) head->store(own, std::memory_order_release);
  }
  const uint64_t end = ticks();
  ::waitpid(child, nullptr, 0);
  sink = static_cast<uint64_t>(sum);
  std::printf("{\"rate\":%.3f,\"errors\":%llu}\n", static_cast<double>(frames) / static_cast<double>(end - start) * 1000,
              static_cast<unsigned long long>(errors));
}

}  // namespace

int main(int count, char** words) {
  std::string mode, directory, cpus = "0,1";
  uint64_t frames = 0;
  int cpu = 0;
  for (int i = 1; i < count; i++) {
    const std::string word = words[i];
    if (word == "--cpu" && i + 1 < count) cpu = std::atoi(words[++i]);
    else if (word == "--cpus" && i + 1 < count) cpus = words[++i];
    else if (word == "--frames" && i + 1 < count) frames = std::strtoull(words[++i], nullptr, 10);
    else if (mode.empty()) mode = word;
    else directory = word;
  }
  if (mode == "ops" && !directory.empty()) {
    pin(cpu);
    operations(directory);
    return 0;
  }
  if (mode == "ring" && !directory.empty() && frames > 0) {
    ring(directory, frames, std::atoi(cpus.c_str()), std::atoi(cpus.c_str() + cpus.find(',') + 1));
    return 0;
  }
  std::fprintf(stderr, "state ops DIR --cpu N | state ring DIR --frames N --cpus A,B\n");
  return 2;
}
