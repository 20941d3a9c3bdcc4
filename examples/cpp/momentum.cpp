// Buys above the average of the last trades and sells below it, a little at a time.
//
//     cmake -S examples/cpp -B /tmp/momentum -DCMAKE_BUILD_TYPE=Release && cmake --build /tmp/momentum
//     npx ticktape run /tmp/momentum/momentum --home /tmp/desk --duration 5
#include <ticktape/strategy.h>

class Momentum : public ticktape::Strategy {
 public:
  void onTrade(const Trade& trade) override {
    average_ += (trade.price - average_) / ++trades_;
    if (trades_ < 20) return;
    trades_ = 20;
    const std::string symbol = symbolOf(trade.instrument);
    if (!openOrders(symbol).empty()) return;
    const double held = position(symbol).quantity;
    if (trade.price > average_ && held < kMost) sendOrder(limit(symbol, Side::buy, kSize, trade.price, TimeInForce::ioc));
    if (trade.price < average_ && held >= kSize) sendOrder(limit(symbol, Side::sell, kSize, trade.price, TimeInForce::ioc));
  }

  void onFill(const Fill& fill) override { log(Fill::nameOf(fill.side), fill.quantity, "at", fill.price); }

  void onStop() override { cancelAll(); }

 private:
  static constexpr double kSize = 0.01, kMost = 0.05;
  double average_ = 0;
  int trades_ = 0;
};

int main(int words, char** word) { return ticktape::runStrategy<Momentum>({"momentum", {"BTCUSDT"}}, words, word); }
