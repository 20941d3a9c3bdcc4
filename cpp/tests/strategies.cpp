// The strategies of test/cpp/desk.test.ts. The name of the program says which one it is.
#include <cstring>

#include <ticktape/strategy.h>

namespace {

using ticktape::Strategy;

/** One order for each quote. */
class Every : public Strategy {
 public:
  void onBook(const BookTop& book) override {
    OrderRequest request = limit(symbolOf(book.instrument), Side::buy, 0.001, book.ask, TimeInForce::ioc);
    request.clientOrderId = std::to_string(random());
    sendOrder(request);
    if (book.bid == 99) throw std::runtime_error("the bid is 99");
    if (book.bid == 97) throw 97;
  }
};

void need(bool good, const char* what) {
  if (!good) throw std::logic_error(what);
}

/** Positions, of contracts whose profit is in the base currency too: the numbers are those of the tests of the other languages. */
void checkPositions() {
  using namespace ticktape::strategy;
  const ticktape::Instrument entry{1, "v", "BTCUSD", {{"priceTick", "\"0.5\""}, {"quantityStep", "\"1\""}, {"multiplier", "\"100\""}, {"inverse", "true"}}};
  const Terms terms(entry);
  InverseBook inverse(terms);
  inverse.apply(true, 50'000, 10);
  inverse.apply(false, 40'000, 4);
  const auto shown = inverse.shown(QuotePair(100'000, 100'000));
  need(terms.isInverse && shown.quantity == 6 && shown.averagePrice == 50'000 && shown.unrealised == 0, "an inverse position");
  need(shown.realised == -0.002, "its profit");  // 400 / 50,000 - 400 / 40,000
  inverse.apply(false, 50'000, 16);
  need(inverse.shown({}).quantity == -10 && inverse.shown({}).realised == -0.002, "it is turned");
  Book book;
  const Decimal tick = Decimal::of("0.01"), step = Decimal::of("1e-3");
  const auto fill = [&](double quantity, double price) { book.apply(unitsOf(multipleOf(quantity, step), step), unitsOf(multipleOf(price, tick), tick)); };
  fill(0.1, 0.7);
  fill(0.2, 0.1);
  fill(-0.15, 0.5);
  const Position held = book.shown(QuotePair(unitsOf(30, tick), unitsOf(31, tick)), Decimal::of("10"));
  // The cost of 0.3 was 0.09, of which half has left; what is left is worth 0.15 * 0.305.
  need(held.quantity == 0.15 && held.averagePrice == 0.3 && held.realised == 0.3 && held.unrealised == 0.0075, "a position");
}

/** The descriptors that a program which this one starts would get. */
std::vector<int> inherited() {
  std::vector<int> found;
  for (int file = 3; file < 256; file++) {
    const int flags = ::fcntl(file, F_GETFD);
    if (flags >= 0 && (flags & FD_CLOEXEC) == 0) found.push_back(file);
  }
  return found;
}
/** Those of whoever has started the test. */
const std::vector<int> kInheritedBefore = inherited();

/** Uses all that a strategy may do. */
class Knowing : public Strategy {
 public:
  void onStart() override {
    checkPositions();
    need(inherited() == kInheritedBefore, "a program that it starts gets nothing of the gateway's");
    timer_ = timerEvery("tick", 5);
    std::puts("{\"kind\":\"ready\"}");
  }

  void onBook(const BookTop& book) override {
    need(symbolOf(book.instrument) == "BTCUSDT" && now() == lastTime(book), "the symbol and the time");
    if (resting_ != 0) return;
    sendOrder(limit("BTCUSDT", Side::buy, 1, book.ask));
    OrderRequest rests = limit("", Side::buy, 1, 50);
    rests.instrument = book.instrument;
    rests.clientOrderId = "rests";
    resting_ = sendOrder(rests);
    sendOrder(limit("BTCUSDT.sim", Side::buy, 1, 50.05));
    need(openOrders().size() == 3 && openOrders()[2].state == OrderState::submitted, "three open orders");
    for (const auto& bad : {limit("XYZ", Side::buy, 1, 1), limit("BTCUSDT", Side::buy, 0, 1), limit("BTCUSDT", Side::buy, 1, 1, TimeInForce::gtd)}) {
      try {
        sendOrder(bad);
        need(false, "a bad order is refused");
      } catch (const ticktape::Error&) {
      }
    }
  }

  void onFill(const Fill& fill) override {
    if (fill.side != Fill::Side::buy) return;
    const Position held = position("BTCUSDT");
    need(held.quantity == 1 && held.averagePrice == 101 && held.unrealised == -0.5, "the position");
    sendOrder(limit(symbolOf(fill.instrument), Side::sell, held.quantity, 200));
    amend(resting_, 51);
  }

  void onTimer(const TimerEvent& timer) override {
    need(timer.id == timer_ && timer.name == "tick", "the timer");
    for (const OpenOrder& order : openOrders("BTCUSDT")) {
      if (order.orderId != resting_ || order.price != 51 || order.pendingCancel) continue;
      cancel(resting_);
      cancelTimer(timer_);
    }
  }

  void onStop() override { cancelAll(); }

 private:
  int64_t lastTime(const BookTop& book) const { return ticktape::detail::get<int64_t>(reinterpret_cast<const uint8_t*>(&book) + 8); }

  uint64_t resting_ = 0;
  uint32_t timer_ = 0;
};

/** Says what it knows at its start. */
class Holding : public Strategy {
 public:
  void onStart() override {
    std::string text = "[{";
    for (const auto& [symbol, held] : positions()) text += (text.size() > 2 ? ",\"" : "\"") + symbol + "\":[" + number(held.quantity) + ',' + number(held.averagePrice) + ']';
    text += "},[";
    for (const OpenOrder& order : openOrders()) text += (text.back() == '[' ? "[" : ",[") + std::to_string(order.orderId) + ',' + number(order.price) + ']';
    log("knows", text + "]]");
  }

  void onBook(const BookTop& book) override {
    const std::string symbol = symbolOf(book.instrument);
    if (openOrders(symbol).empty()) sendOrder(limit(symbol, Side::buy, 0.01, std::floor(book.bid / 2)));
    if (position(symbol).quantity < 0.05) sendOrder(limit(symbol, Side::buy, 0.01, book.ask, TimeInForce::ioc));
  }

 private:
  static std::string number(double value) { return ticktape::detail::jsonOf(value); }
};

}  // namespace

int main(int words, char** word) {
  const std::string program = word[0], name = program.substr(program.rfind('/') + 1);
  if (name == "every") return ticktape::runStrategy<Every>({name}, words, word);
  if (name == "knowing") return ticktape::runStrategy<Knowing>({name, {"BTCUSDT"}}, words, word);
  return ticktape::runStrategy<Holding>({name}, words, word);
}
