#pragma once

#include <map>
#include <sstream>

#include "positions.h"
#include "request.h"

namespace ticktape {

namespace strategy {
class Host;

/** A timer that is due. */
struct TimerEvent {
  std::string name;
  /** What `timer` has returned. */
  uint32_t id = 0;
  /** ns since 1970. */
  int64_t due = 0;
};
}  // namespace strategy

/**
 * A strategy: a class derived from this one, of which the gateway has one object in a process of its own at each start.
 *
 *     class Momentum : public ticktape::Strategy {
 *      public:
 *       void onBook(const BookTop& book) override {
 *         if (openOrders().empty()) sendOrder(limit(symbolOf(book.instrument), Side::buy, 0.01, book.ask, TimeInForce::ioc));
 *       }
 *     };
 *     int main(int words, char** word) { return ticktape::runStrategy<Momentum>({"momentum", {"BTCUSDT"}}, words, word); }
 *
 * Handlers are called once for each frame, in the order of the sequence. All that one handler sends appears together when it returns.
 * Decisions must depend on frames and on what this class answers alone, not on clocks or other sources of chance; otherwise a replay differs.
 */
class Strategy {
 public:
  using Ticker = trading::Ticker;
  using BookTop = trading::BookTop;
  using Trade = trading::Trade;
  using OrderReport = trading::OrderReport;
  using Fill = trading::Fill;
  using Side = strategy::Side;
  using OrderType = strategy::OrderType;
  using OrderState = strategy::OrderState;
  using TimeInForce = strategy::TimeInForce;
  using OrderRequest = strategy::OrderRequest;
  using OpenOrder = strategy::OpenOrder;
  using Position = strategy::Position;
  using TimerEvent = strategy::TimerEvent;

  Strategy() = default;
  Strategy(const Strategy&) = delete;
  Strategy& operator=(const Strategy&) = delete;
  virtual ~Strategy() = default;

  // What it handles

  /** Before the first frame. Positions and open orders are known; orders cannot be sent yet, timers can be asked for. */
  virtual void onStart() {}
  /** Before it stops: the last time that it can cancel orders. Not called when it is killed. */
  virtual void onStop() {}
  virtual void onTicker(const Ticker&) {}
  virtual void onBook(const BookTop&) {}
  virtual void onTrade(const Trade&) {}
  /** A report on an order of this strategy. */
  virtual void onOrder(const OrderReport&) {}
  /** A fill of an order of this strategy, each once. */
  virtual void onFill(const Fill&) {}
  virtual void onTimer(const TimerEvent&) {}

 protected:
  // What it may do and ask in its handlers

  static OrderRequest limit(std::string symbol, Side side, double quantity, double price, TimeInForce force = TimeInForce::gtc) {
    OrderRequest request;
    request.symbol = std::move(symbol);
    request.side = side;
    request.quantity = quantity;
    request.price = price;
    request.timeInForce = force;
    return request;
  }

  /**
   * Sends an order, with the frame at hand as its cause. Returns its id. `onOrder` and `onFill` tell what becomes of it.
   *
   * @throws InvalidOptionError for what cannot be meant, UnknownInstrumentError, AmbiguousSymbolError, and InvalidStateError outside of handlers
   * or for more than fits on a page. An order that risk refuses ends as `denied`, with a reason.
   */
  uint64_t sendOrder(const OrderRequest& request);
  /** Asks for the cancel of an order of this strategy. A report answers it; until then it may still be filled. */
  void cancel(uint64_t orderId);
  /** Asks for another price or another total quantity, the filled part included. A report answers it. */
  void amend(uint64_t orderId, std::optional<double> price, std::optional<double> quantity = {});
  /** Asks for the cancel of all open orders of this strategy, or of those in one symbol. */
  void cancelAll(const std::string& symbol = {});
  /** Asks for a timer in so many ms, 1 at least. Returns its id. Timers end with the process: ask for them in `onStart`. */
  uint32_t timerAfter(const std::string& name, double ms);
  /** The same, again and again. */
  uint32_t timerEvery(const std::string& name, double ms);
  /** `onTimer` is not called for it any more. */
  void cancelTimer(uint32_t id);

  /** Its position in a symbol, from its own fills up to the frame at hand: zeros when it has none. */
  Position position(const std::string& symbol) const;
  /** Its positions that are not 0, by symbol; with the venue ('BTCUSDT.binance') where two venues have the symbol. */
  std::map<std::string, Position> positions() const;
  /** Its orders that are not final, those that it has just sent included, oldest first. */
  std::vector<OpenOrder> openOrders(const std::string& symbol = {}) const;
  /** The symbol of an instrument's number. */
  std::string symbolOf(uint32_t instrument) const;
  /** The time of the frame at hand, ns since 1970 (in `onStop` of the last one). The same in a replay. */
  int64_t now() const;
  /** From 0 to 1, by the seed of this start: the same in a replay. */
  double random();
  /** Whether this is a replay: for what must not happen twice, not for decisions. */
  bool isReplay() const;
  /** Adds a line to the strategy's log in <home>/log, and prints it to standard error. Silent in a replay. */
  template <class... Parts>
  void log(const Parts&... parts) {
    std::ostringstream text;
    const char* space = "";
    ((text << space << parts, space = " "), ...);
    logLine(text.str());
  }

 private:
  friend class strategy::Host;

  strategy::Host& host() const;
  void logLine(const std::string& text);

  strategy::Host* host_ = nullptr;
};

}  // namespace ticktape
