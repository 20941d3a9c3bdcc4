// A matching engine in plain C++ that gets the same requests as bench/roles/matching.ts. Prints one line of JSON.
//
//   matching --count N --cpu N

#include <sched.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

using Money = __int128;

constexpr int kAccounts = 16;
constexpr int kSlice = 2000;
constexpr int kTicks = 1 << 20;

uint64_t nanoseconds() {
  timespec time;
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1000000000 + static_cast<uint64_t>(time.tv_nsec);
}

struct Request {
  bool isCancel;
  uint32_t id;
  int32_t side, price, quantity;
};

std::vector<Request> prepare(int count) {
  uint32_t seed = 12345;
  const auto random = [&] {
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
  };
  std::vector<Request> requests(count);
  std::vector<uint32_t> sent;
  int32_t middle = 600000;
  uint32_t lastId = 0;
  for (int i = 0; i < count; i++) {
    if (random() % 20 == 0) middle += random() % 2 == 0 ? 1 : -1;
    Request& request = requests[i];
    request = {};
    if (i > 1000 && i % 2 == 1) {
      const uint32_t which = random() % sent.size();
      request.isCancel = true;
      request.id = sent[which];
      sent[which] = sent.back();
      sent.pop_back();
      continue;
    }
    request.side = static_cast<int32_t>(random() % 2);
    const uint32_t a = random() % 200, b = random() % 200;
    const int32_t distance = static_cast<int32_t>(a * b / 200) - 2;
    request.id = ++lastId;
    request.price = request.side == 0 ? middle - distance : middle + distance;
    request.quantity = 1 + static_cast<int32_t>(random() % 100);
    sent.push_back(lastId);
  }
  return requests;
}

struct Order {
  int32_t price, quantity, filled, next, previous;
  uint8_t side, account, isOpen;
};

/** What the exchange says: filled for each event, as a program would that passes it on. */
struct Event {
  uint32_t kind, id, account, side;
  int64_t price, quantity, filled;
  double fee;
};

struct Level {
  int32_t first, last;
};

class Exchange {
 public:
  uint64_t fills = 0, checksum = 0;

  explicit Exchange(int count) : orders_(count + 1), levels_{std::vector<Level>(kTicks), std::vector<Level>(kTicks)} {}

  /** A new pass uses the ids again; what rests of the last one stays out of reach of its cancels. */
  void forget() {
    std::fill(levels_[0].begin(), levels_[0].end(), Level{});
    std::fill(levels_[1].begin(), levels_[1].end(), Level{});
    std::fill(orders_.begin(), orders_.end(), Order{});
    best_[0] = 0;
    best_[1] = kTicks;
  }

  void submit(const Request& request) {
    Order& order = orders_[request.id];
    order = {request.price, request.quantity, 0, 0, 0, static_cast<uint8_t>(request.side), static_cast<uint8_t>(request.id % kAccounts), 1};
    say(1, request.id, order, request.price, request.quantity, 0);
    const int other = 1 - request.side;
    while (order.filled < order.quantity && (order.side == 0 ? best_[1] <= order.price : best_[0] >= order.price)) {
      const int32_t price = best_[other];
      const int32_t restingId = levels_[other][price].first;
      Order& resting = orders_[restingId];
      if (resting.account == order.account) {
        order.isOpen = 0;
        say(4, request.id, order, 0, 0, 0);
        return;
      }
      const int32_t quantity = std::min(order.quantity - order.filled, resting.quantity - resting.filled);
      const Money value = static_cast<Money>(price) * quantity * 100000;
      book(resting, restingId, value, price, quantity, 20);
      if (resting.filled == resting.quantity) {
        remove(resting);
        say(3, restingId, resting, 0, 0, 0);
      }
      book(order, request.id, value, price, quantity, 50);
    }
    if (order.filled == order.quantity) {
      order.isOpen = 0;
      say(3, request.id, order, 0, 0, 0);
      return;
    }
    Level& level = levels_[order.side][order.price];
    order.previous = level.last;
    if (level.last != 0) orders_[level.last].next = static_cast<int32_t>(request.id);
    else level.first = static_cast<int32_t>(request.id);
    level.last = static_cast<int32_t>(request.id);
    if (order.side == 0 ? order.price > best_[0] : order.price < best_[1]) best_[order.side] = order.price;
  }

  void cancel(uint32_t id) {
    Order& order = orders_[id];
    if (!order.isOpen) {
      say(6, id, order, 0, 0, 0);
      return;
    }
    remove(order);
    say(5, id, order, 0, 0, 0);
  }

 private:
  void book(Order& order, uint32_t id, Money value, int32_t price, int32_t quantity, int rate) {
    const Money fee = value * rate / 100000;
    order.filled += quantity;
    cash_[order.account] += (order.side == 0 ? -value : value) - fee;
    house_ += fee;
    positions_[order.account] += order.side == 0 ? quantity : -quantity;
    fills++;
    checksum = (checksum + static_cast<uint64_t>(price) * static_cast<uint64_t>(quantity)) % 1000000007;
    say(2, id, order, price, quantity, static_cast<double>(fee) / 1e9);
  }

  void remove(Order& order) {
    order.isOpen = 0;
    Level& level = levels_[order.side][order.price];
    (order.previous != 0 ? orders_[order.previous].next : level.first) = order.next;
    (order.next != 0 ? orders_[order.next].previous : level.last) = order.previous;
    if (level.first != 0 || best_[order.side] != order.price) return;
    int32_t price = order.price;
    if (order.side == 0)
      while (price > 0 && levels_[0][price].first == 0) price--;
    else
      while (price < kTicks && levels_[1][price].first == 0) price++;
    best_[order.side] = price;
  }

  __attribute__((noinline)) void say(uint32_t kind, uint32_t id, const Order& order, int64_t price, int64_t quantity, double fee) {
    event_ = {kind, id, order.account, order.side, price, quantity, order.filled, fee};
    asm volatile("" : : "r"(&event_) : "memory");
  }

  std::vector<Order> orders_;
  std::vector<Level> levels_[2];
  int32_t best_[2] = {0, kTicks};
  Money cash_[kAccounts] = {};
  Money house_ = 0;
  int64_t positions_[kAccounts] = {};
  Event event_ = {};
};

}  // namespace

int main(int count, char** words) {
  int requestCount = 1000000, cpu = -1;
  for (int i = 1; i + 1 < count; i += 2) {
    if (std::strcmp(words[i], "--count") == 0) requestCount = std::atoi(words[i + 1]);
    if (std::strcmp(words[i], "--cpu") == 0) cpu = std::atoi(words[i + 1]);
  }
  if (cpu >= 0) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    ::sched_setaffinity(0, sizeof set, &set);
  }
  const std::vector<Request> requests = prepare(requestCount);
  Exchange exchange(requestCount);
  const auto pass = [&](auto&& around) {
    exchange.forget();
    for (const Request& request : requests) {
      around([&] {
        if (request.isCancel) exchange.cancel(request.id);
        else exchange.submit(request);
      });
    }
  };
  pass([](auto&& send) { send(); });
  exchange.fills = exchange.checksum = 0;
  std::vector<double> slices;
  uint64_t start = nanoseconds();
  int inSlice = 0;
  pass([&](auto&& send) {
    send();
    if (++inSlice < kSlice) return;
    const uint64_t now = nanoseconds();
    slices.push_back(static_cast<double>(now - start) / kSlice);
    start = now;
    inSlice = 0;
  });
  std::sort(slices.begin(), slices.end());
  const double each = slices[slices.size() / 2];
  const uint64_t fills = exchange.fills, checksum = exchange.checksum;
  std::vector<uint32_t> samples;
  samples.reserve(requestCount);
  pass([&](auto&& send) {
    const uint64_t before = nanoseconds();
    send();
    samples.push_back(static_cast<uint32_t>(nanoseconds() - before));
  });
  std::sort(samples.begin(), samples.end());
  std::printf("{\"each\":%.3f,\"fills\":%llu,\"checksum\":%llu,\"percentiles\":[", each, static_cast<unsigned long long>(fills),
              static_cast<unsigned long long>(checksum));
  const double shares[] = {0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 1};
  for (const double share : shares) {
    const std::size_t at = std::min(samples.size() - 1, static_cast<std::size_t>(share * static_cast<double>(samples.size())));
    std::printf("%s%u", share == 0.5 ? "" : ",", samples[at]);
  }
  std::printf("]}\n");
}
