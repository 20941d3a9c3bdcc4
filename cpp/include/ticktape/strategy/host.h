#pragma once

#include <random>
#include <set>

#include "../reader.h"
#include "sender.h"

namespace ticktape::strategy {

/** What the gateway must know of a strategy before it starts its process. */
struct Info {
  /** Its permanent name: 1 to 32 letters, digits, '_', '.', '-'. */
  std::string id;
  /** Market data of these only: 'BTCUSDT', or with its venue 'BTCUSDT.binance'. None for all. */
  std::vector<std::string> symbols = {};
  /** Where it begins when it has never run. */
  Start from = Start::first;
};

/** What a process gets of the gateway: docs/strategy-protocol.md. */
struct Identity {
  uint16_t number = 0;
  uint32_t epoch = 0;
  uint32_t seed = 0;
  /** By venue: the names of its accounts. */
  std::map<std::string, std::vector<std::string>> accounts;
};

/** What a handler of the strategy has thrown. */
struct HandlerError : std::runtime_error {
  HandlerError(std::string handler, const std::string& what) : std::runtime_error(what), where(std::move(handler)) {}
  std::string where;
};

/** Runs a strategy: passes frames of the sequence to it, and gathers what it sends for each. The same code runs live and in a replay. */
class Host {
 public:
  using Log = std::function<void(const std::string&)>;

  Host(Strategy& own, const Info& info, const Identity& identity, Writer& writer, Log log, bool isReplay)
      : own_(own),
        info_(info),
        identity_(identity),
        base_(uint64_t{identity.number} << 52 | uint64_t{identity.epoch} << 32),
        log_(std::move(log)),
        isReplay_(isReplay),
        sender_(writer, identity.number),
        random_(identity.seed) {
    own.host_ = this;
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host() { own_.host_ = nullptr; }

  KnownInstruments instruments;
  OwnPositions positions{instruments};
  OwnOrders orders{[this](uint32_t number) { return symbolOf(number); }};

  // Frames

  /** What is called with frames, live. `done` is called after each frame, with the position behind it. */
  auto handlers() {
    return ticktape::handlers(on<trading::BookTop>([this](const trading::BookTop& frame, const Frame& at) { book(frame, at); }),
                              on<trading::Ticker>([this](const trading::Ticker& frame, const Frame& at) {
                                if (isWanted(frame.instrument)) deliver("onTicker", at, [&] { own_.onTicker(frame); });
                              }),
                              on<trading::Trade>([this](const trading::Trade& frame, const Frame& at) {
                                if (isWanted(frame.instrument)) deliver("onTrade", at, [&] { own_.onTrade(frame); });
                              }),
                              on<trading::OrderReport>([this](const trading::OrderReport& frame, const Frame& at) {
                                if (at.dest() != identity_.number) return;
                                orders.reported(frame);
                                deliver("onOrder", at, [&] { own_.onOrder(frame); });
                              }),
                              on<trading::Fill>([this](const trading::Fill& frame, const Frame& at) {
                                if (at.dest() != identity_.number) return;
                                positions.filled(frame);
                                deliver("onFill", at, [&] { own_.onFill(frame); });
                              }),
                              on<trading::TimerFired>([this](const trading::TimerFired& frame, const Frame& at) {
                                if (at.dest() != identity_.number || endedTimers_.count(frame.timer) > 0) return;
                                deliver("onTimer", at, [&] { own_.onTimer({frame.name.str(), frame.timer, frame.due}); });
                              }),
                              on<trading::Instrument>([this](const trading::Instrument& frame) { add(entryOf(frame)); }));
  }

  /** The same for frames before the start: they change what the strategy is told, and no handler gets them. */
  auto learners() {
    return ticktape::handlers(on<trading::BookTop>([this](const trading::BookTop& frame) { positions.quoted(frame.instrument, frame.bid, frame.ask); }),
                              on<trading::OrderReport>([this](const trading::OrderReport& frame, const Frame& at) {
                                if (at.dest() == identity_.number) orders.reported(frame);
                              }),
                              on<trading::Fill>([this](const trading::Fill& frame, const Frame& at) {
                                if (at.dest() == identity_.number) positions.filled(frame);
                              }),
                              on<trading::Instrument>([this](const trading::Instrument& frame) { add(entryOf(frame)); }));
  }

  void add(const Instrument& entry) {
    const Terms& terms = instruments.add(entry);
    const auto& symbols = info_.symbols;
    const auto names = [&](const std::string& name) { return std::find(symbols.begin(), symbols.end(), name) != symbols.end(); };
    if (symbols.empty() || names(terms.entry.symbol) || names(terms.name)) wanted_.insert(entry.number);
    if (onInstrument) onInstrument(entry);
  }
  /** Called with each instrument that becomes known. */
  std::function<void(const Instrument&)> onInstrument;

  // The start and the end

  /** @param last the last frame before the start. */
  void start(const std::optional<Cause>& last) {
    last_ = last;
    phase_ = Phase::starting;
    call("onStart", [this] { own_.onStart(); });
    phase_ = Phase::running;
    sender_.publish();
  }

  /** Publishes what `onStop` sends in one store with the frame that `lifecycle` makes, also when it throws. */
  template <class Make>
  void stop(const Make& lifecycle) {
    phase_ = Phase::stopping;
    std::optional<HandlerError> failed;
    try {
      call("onStop", [this] { own_.onStop(); });
    } catch (const HandlerError& error) {
      failed = error;
    }
    phase_ = Phase::stopped;
    lifecycle(sender_, failed.has_value());
    sender_.publish();
    if (failed) throw HandlerError(*failed);
  }

  uint64_t sent() const { return sender_.published(); }
  bool isReplay() const { return isReplay_; }

  // What the strategy asks

  int64_t now() const { return last_ ? last_->time : 0; }
  double random() { return static_cast<double>(random_() >> 11) * 0x1p-53; }
  void log(const std::string& text) { log_(text); }
  std::string symbolOf(uint32_t number) const {
    const Terms* terms = instruments.byNumber(number);
    return terms == nullptr ? '#' + std::to_string(number) : terms->entry.symbol;
  }
  /** In `onStart` the sequence may not have named it yet: then there is no order and no position in it. */
  const Terms* lookUp(const std::string& symbol) const { return phase_ == Phase::starting ? instruments.lookUp(symbol) : &instruments.find(symbol); }

  // What the strategy sends

  uint64_t sendOrder(OrderRequest request) {
    requests::complete(request);
    const Terms& terms = termsOf(request);
    trading::Order order{};
    order.account = accountOf(request.account, terms.entry.venue);
    order.clientOrderId = request.clientOrderId;
    checkSending("sendOrder()");
    if (orderCount_ == UINT32_MAX) throw InvalidStateError("strategy '" + info_.id + "' has sent 2^32 orders since its start; start it again");
    order.orderId = base_ | (orderCount_ + 1);
    order.instrument = terms.entry.number;
    order.side = static_cast<trading::Order::Side>(request.side);
    order.orderType = *request.type;
    order.timeInForce = *request.timeInForce;
    order.action = trading::Order::Action::new_;
    order.postOnly = request.postOnly;
    order.reduceOnly = request.reduceOnly;
    order.price = request.price.value_or(0);
    order.quantity = request.quantity;
    order.stopPrice = request.stopPrice.value_or(0);
    order.expireAt = request.expireAt;
    sender_.send(order, cause());
    orderCount_++;
    OpenOrder open;
    open.orderId = order.orderId;
    open.instrument = order.instrument;
    open.side = request.side;
    open.price = order.price;
    open.quantity = order.quantity;
    open.clientOrderId = request.clientOrderId;
    orders.sent(std::move(open));
    return order.orderId;
  }

  void cancel(uint64_t orderId) {
    sendRequest("cancel()", orderId, trading::Order::Action::cancel, 0, 0);
    orders.cancelSent(orderId);
  }

  void amend(uint64_t orderId, std::optional<double> price, std::optional<double> quantity) {
    requests::need(price || quantity, "amend() needs a price or a quantity");
    requests::need((!price || requests::isPositive(*price)) && (!quantity || requests::isPositive(*quantity)), "amend() takes numbers above 0");
    // 0 stands for 'as it is'.
    sendRequest("amend()", orderId, trading::Order::Action::amend, price.value_or(0), quantity.value_or(0));
    orders.amendSent(orderId);
  }

  void cancelAll(const std::string& symbol) {
    trading::Order order{};
    order.orderId = base_;
    order.instrument = symbol.empty() ? 0 : instruments.find(symbol).entry.number;
    order.action = trading::Order::Action::cancel_all;
    checkSending("cancelAll()");
    sender_.send(order, cause());
    for (const OpenOrder& open : orders.list(order.instrument)) orders.cancelSent(open.orderId);
  }

  uint32_t requestTimer(const std::string& name, double ms, bool again) {
    const bool good = !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) { return c > 0x20 && c < 0x7f; });
    requests::need(good, "a timer needs a name of 1 to 32 printable ASCII characters, not '" + name + "'");
    requests::need(ms >= 1 && ms <= kLongestTimer, "a timer takes 1 to 8640000000 ms");
    const auto ns = static_cast<int64_t>(std::llround(ms * 1e6));
    sendTimer("timer", timerCount_ + 1, ns, again ? ns : 0, name);
    return ++timerCount_;
  }

  void cancelTimer(uint32_t timer) {
    requests::need(timer >= 1 && timer <= timerCount_, "cancelTimer() takes what a timer's request returned, not " + std::to_string(timer));
    if (endedTimers_.count(timer) > 0) return;
    sendTimer("cancelTimer()", timer, -1, 0, "");
    endedTimers_.insert(timer);
  }

 private:
  enum class Phase { making, starting, running, stopping, stopped };
  static constexpr double kLongestTimer = 8'640'000'000;

  bool isWanted(uint32_t instrument) const { return wanted_.count(instrument) > 0; }

  void book(const trading::BookTop& frame, const Frame& at) {
    if (!isWanted(frame.instrument)) return;
    positions.quoted(frame.instrument, frame.bid, frame.ask);
    deliver("onBook", at, [&] { own_.onBook(frame); });
  }

  template <class Handle>
  void deliver(const char* where, const Frame& at, const Handle& handle) {
    last_ = at.asCause();
    isHandling_ = true;
    try {
      call(where, handle);
    } catch (const HandlerError&) {
      // What it had sent before counts: a process that is started again goes on after this frame.
      isHandling_ = false;
      sender_.publish();
      throw;
    }
    isHandling_ = false;
    sender_.publish();
  }

  template <class Body>
  static void call(const char* where, const Body& body) {
    try {
      body();
    } catch (const Error& error) {
      throw HandlerError(where, std::string(error.code()) + ": " + error.what());
    } catch (const std::exception& error) {
      throw HandlerError(where, error.what());
    } catch (...) {
      // It has no text, but the gateway is told where it was.
      throw HandlerError(where, "it has thrown something that is no std::exception");
    }
  }

  void checkSending(const char* what, bool alsoStarting = false) const {
    if (isHandling_ || phase_ == Phase::stopping || (alsoStarting && phase_ == Phase::starting)) return;
    throw InvalidStateError("strategy '" + info_.id + "' calls " + what + " outside its handlers: nothing would be its cause");
  }

  /** The frame at hand, or the last one that was. */
  const std::optional<Cause>& cause() const { return last_; }

  const Terms& termsOf(const OrderRequest& request) const {
    if (!request.symbol.empty()) return instruments.find(request.symbol);
    const Terms* terms = instruments.byNumber(request.instrument);
    if (terms == nullptr) throw UnknownInstrumentError("there is no instrument " + std::to_string(request.instrument) + " yet");
    return *terms;
  }

  uint16_t accountOf(const std::string& name, const std::string& venue) const {
    if (name.empty()) return 0;
    const auto found = identity_.accounts.find(venue);
    for (std::size_t i = 0; found != identity_.accounts.end() && i < found->second.size(); i++)
      if (found->second[i] == name) return static_cast<uint16_t>(i);
    throw InvalidOptionError(venue + " has no account '" + name + "'");
  }

  void sendRequest(const char* what, uint64_t orderId, trading::Order::Action action, double price, double quantity) {
    requests::need(orderId >> 52 == identity_.number, std::string(what) + " takes the id that sendOrder() of this strategy returned, not " + std::to_string(orderId));
    checkSending(what);
    trading::Order order{};
    order.orderId = orderId;
    order.request = requestCounts_[orderId] + 1;
    order.action = action;
    order.price = price;
    order.quantity = quantity;
    sender_.send(order, cause());
    requestCounts_[orderId]++;
  }

  void sendTimer(const char* what, uint32_t number, int64_t after, int64_t every, const std::string& name) {
    checkSending(what, true);
    trading::TimerRequest request{};
    request.strategy = identity_.number;
    request.timer = number;
    request.after = after;
    request.every = every;
    request.name = name;
    sender_.send(request, cause());
  }

  Strategy& own_;
  const Info info_;
  const Identity identity_;
  const uint64_t base_;
  const Log log_;
  const bool isReplay_;
  Sender sender_;
  std::mt19937_64 random_;
  std::set<uint32_t> wanted_;
  std::set<uint32_t> endedTimers_;
  std::map<uint64_t, uint32_t> requestCounts_;
  uint64_t orderCount_ = 0;
  uint32_t timerCount_ = 0;
  bool isHandling_ = false;
  std::optional<Cause> last_;
  Phase phase_ = Phase::making;
};

}  // namespace ticktape::strategy

#include "base_impl.h"
