// Made by scripts/generate-cpp.mjs of the definitions in src. Do not edit: run npm run generate.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <ticktape/field.h>
#include <ticktape/frame.h>

namespace ticktape::trading {

/** Id 17, 1 slot. */
struct Ticker {
  static constexpr char kName[] = "Ticker";
  static constexpr std::uint16_t kId = 17;
  static constexpr std::uint32_t kSlots = 1;
  static constexpr char kJson[] = "{\"name\":\"Ticker\",\"id\":17,\"slots\":1,\"fields\":[{\"name\":\"instrument\",\"kind\":\"instrument\",\"size\":4,\"offset\":16},{\"name\":\"venueTime\",\"kind\":\"i64\",\"size\":8,\"offset\":24},{\"name\":\"last\",\"kind\":\"f64\",\"size\":8,\"offset\":32},{\"name\":\"bid\",\"kind\":\"f64\",\"size\":8,\"offset\":40},{\"name\":\"ask\",\"kind\":\"f64\",\"size\":8,\"offset\":48},{\"name\":\"volume\",\"kind\":\"f64\",\"size\":8,\"offset\":56}]}";

  ticktape::SmallHeader header;
  std::uint32_t instrument;
  std::uint8_t unused20[4];
  std::int64_t venueTime;
  double last;
  double bid;
  double ask;
  double volume;
};
static_assert(sizeof(Ticker) == 64);
static_assert(offsetof(Ticker, instrument) == 16);
static_assert(offsetof(Ticker, venueTime) == 24);
static_assert(offsetof(Ticker, last) == 32);
static_assert(offsetof(Ticker, bid) == 40);
static_assert(offsetof(Ticker, ask) == 48);
static_assert(offsetof(Ticker, volume) == 56);

/** Id 18, 1 slot. */
struct Trade {
  static constexpr char kName[] = "Trade";
  static constexpr std::uint16_t kId = 18;
  static constexpr std::uint32_t kSlots = 1;
  static constexpr char kJson[] = "{\"name\":\"Trade\",\"id\":18,\"slots\":1,\"fields\":[{\"name\":\"instrument\",\"kind\":\"instrument\",\"size\":4,\"offset\":16},{\"name\":\"side\",\"kind\":\"enum\",\"size\":1,\"offset\":20,\"values\":[\"buy\",\"sell\"]},{\"name\":\"venueTime\",\"kind\":\"i64\",\"size\":8,\"offset\":24},{\"name\":\"price\",\"kind\":\"f64\",\"size\":8,\"offset\":32},{\"name\":\"quantity\",\"kind\":\"f64\",\"size\":8,\"offset\":40},{\"name\":\"tradeId\",\"kind\":\"u64\",\"size\":8,\"offset\":48}]}";

  enum class Side : std::uint8_t { buy, sell };
  /** The text of a value; "" for one that has none. */
  static constexpr std::string_view nameOf(Side value) {
    constexpr std::string_view texts[] = {"buy", "sell"};
    return static_cast<std::size_t>(value) < 2 ? texts[static_cast<std::size_t>(value)] : std::string_view();
  }

  ticktape::SmallHeader header;
  std::uint32_t instrument;
  Side side;
  std::uint8_t unused21[3];
  std::int64_t venueTime;
  double price;
  double quantity;
  std::uint64_t tradeId;
  std::uint8_t unused56[8];
};
static_assert(sizeof(Trade) == 64);
static_assert(offsetof(Trade, instrument) == 16);
static_assert(offsetof(Trade, side) == 20);
static_assert(offsetof(Trade, venueTime) == 24);
static_assert(offsetof(Trade, price) == 32);
static_assert(offsetof(Trade, quantity) == 40);
static_assert(offsetof(Trade, tradeId) == 48);

/** Id 19, 1 slot. */
struct BookTop {
  static constexpr char kName[] = "BookTop";
  static constexpr std::uint16_t kId = 19;
  static constexpr std::uint32_t kSlots = 1;
  static constexpr char kJson[] = "{\"name\":\"BookTop\",\"id\":19,\"slots\":1,\"fields\":[{\"name\":\"instrument\",\"kind\":\"instrument\",\"size\":4,\"offset\":16},{\"name\":\"venueTime\",\"kind\":\"i64\",\"size\":8,\"offset\":24},{\"name\":\"bid\",\"kind\":\"f64\",\"size\":8,\"offset\":32},{\"name\":\"ask\",\"kind\":\"f64\",\"size\":8,\"offset\":40},{\"name\":\"bidSize\",\"kind\":\"f64\",\"size\":8,\"offset\":48},{\"name\":\"askSize\",\"kind\":\"f64\",\"size\":8,\"offset\":56}]}";

  ticktape::SmallHeader header;
  std::uint32_t instrument;
  std::uint8_t unused20[4];
  std::int64_t venueTime;
  double bid;
  double ask;
  double bidSize;
  double askSize;
};
static_assert(sizeof(BookTop) == 64);
static_assert(offsetof(BookTop, instrument) == 16);
static_assert(offsetof(BookTop, venueTime) == 24);
static_assert(offsetof(BookTop, bid) == 32);
static_assert(offsetof(BookTop, ask) == 40);
static_assert(offsetof(BookTop, bidSize) == 48);
static_assert(offsetof(BookTop, askSize) == 56);

/** Id 20, 2 slots. */
struct Order {
  static constexpr char kName[] = "Order";
  static constexpr std::uint16_t kId = 20;
  static constexpr std::uint32_t kSlots = 2;
  static constexpr char kJson[] = "{\"name\":\"Order\",\"id\":20,\"slots\":2,\"fields\":[{\"name\":\"orderId\",\"kind\":\"u64\",\"size\":8,\"offset\":32},{\"name\":\"instrument\",\"kind\":\"instrument\",\"size\":4,\"offset\":40},{\"name\":\"request\",\"kind\":\"u32\",\"size\":4,\"offset\":44},{\"name\":\"account\",\"kind\":\"u16\",\"size\":2,\"offset\":48},{\"name\":\"side\",\"kind\":\"enum\",\"size\":1,\"offset\":50,\"values\":[\"buy\",\"sell\"]},{\"name\":\"orderType\",\"kind\":\"enum\",\"size\":1,\"offset\":51,\"values\":[\"limit\",\"market\",\"stop\",\"stop-limit\"]},{\"name\":\"timeInForce\",\"kind\":\"enum\",\"size\":1,\"offset\":52,\"values\":[\"gtc\",\"ioc\",\"fok\",\"gtd\"]},{\"name\":\"action\",\"kind\":\"enum\",\"size\":1,\"offset\":53,\"values\":[\"new\",\"amend\",\"cancel\",\"cancel-all\"]},{\"name\":\"postOnly\",\"kind\":\"bool\",\"size\":1,\"offset\":54},{\"name\":\"reduceOnly\",\"kind\":\"bool\",\"size\":1,\"offset\":55},{\"name\":\"price\",\"kind\":\"f64\",\"size\":8,\"offset\":56},{\"name\":\"quantity\",\"kind\":\"f64\",\"size\":8,\"offset\":64},{\"name\":\"stopPrice\",\"kind\":\"f64\",\"size\":8,\"offset\":72},{\"name\":\"expireAt\",\"kind\":\"i64\",\"size\":8,\"offset\":80},{\"name\":\"clientOrderId\",\"kind\":\"text\",\"size\":32,\"offset\":88}]}";

  enum class Side : std::uint8_t { buy, sell };
  /** The text of a value; "" for one that has none. */
  static constexpr std::string_view nameOf(Side value) {
    constexpr std::string_view texts[] = {"buy", "sell"};
    return static_cast<std::size_t>(value) < 2 ? texts[static_cast<std::size_t>(value)] : std::string_view();
  }

  enum class OrderType : std::uint8_t { limit, market, stop, stop_limit };
  /** The text of a value; "" for one that has none. */
  static constexpr std::string_view nameOf(OrderType value) {
    constexpr std::string_view texts[] = {"limit", "market", "stop", "stop-limit"};
    return static_cast<std::size_t>(value) < 4 ? texts[static_cast<std::size_t>(value)] : std::string_view();
  }

  enum class TimeInForce : std::uint8_t { gtc, ioc, fok, gtd };
  /** The text of a value; "" for one that has none. */
  static constexpr std::string_view nameOf(TimeInForce value) {
    constexpr std::string_view texts[] = {"gtc", "ioc", "fok", "gtd"};
    return static_cast<std::size_t>(value) < 4 ? texts[static_cast<std::size_t>(value)] : std::string_view();
  }

  enum class Action : std::uint8_t { new_, amend, cancel, cancel_all };
  /** The text of a value; "" for one that has none. */
  static constexpr std::string_view nameOf(Action value) {
    constexpr std::string_view texts[] = {"new", "amend", "cancel", "cancel-all"};
    return static_cast<std::size_t>(value) < 4 ? texts[static_cast<std::size_t>(value)] : std::string_view();
  }

  ticktape::LargeHeader header;
  std::uint64_t orderId;
  std::uint32_t instrument;
  std::uint32_t request;
  std::uint16_t account;
  Side side;
  OrderType orderType;
  TimeInForce timeInForce;
  Action action;
  ticktape::Bool postOnly;
  ticktape::Bool reduceOnly;
  double price;
  double quantity;
  double stopPrice;
  std::int64_t expireAt;
  ticktape::Text<32> clientOrderId;
  std::uint8_t unused120[8];
};
static_assert(sizeof(Order) == 128);
static_assert(offsetof(Order, orderId) == 32);
static_assert(offsetof(Order, instrument) == 40);
static_assert(offsetof(Order, request) == 44);
static_assert(offsetof(Order, account) == 48);
static_assert(offsetof(Order, side) == 50);
static_assert(offsetof(Order, orderType) == 51);
static_assert(offsetof(Order, timeInForce) == 52);
static_assert(offsetof(Order, action) == 53);
static_assert(offsetof(Order, postOnly) == 54);
static_assert(offsetof(Order, reduceOnly) == 55);
static_assert(offsetof(Order, price) == 56);
static_assert(offsetof(Order, quantity) == 64);
static_assert(offsetof(Order, stopPrice) == 72);
static_assert(offsetof(Order, expireAt) == 80);
static_assert(offsetof(Order, clientOrderId) == 88);

/** Id 21, 2 slots. */
struct OrderReport {
  static constexpr char kName[] = "OrderReport";
  static constexpr std::uint16_t kId = 21;
  static constexpr std::uint32_t kSlots = 2;
  static constexpr char kJson[] = "{\"name\":\"OrderReport\",\"id\":21,\"slots\":2,\"fields\":[{\"name\":\"orderId\",\"kind\":\"u64\",\"size\":8,\"offset\":32},{\"name\":\"instrument\",\"kind\":\"instrument\",\"size\":4,\"offset\":40},{\"name\":\"request\",\"kind\":\"u32\",\"size\":4,\"offset\":44},{\"name\":\"side\",\"kind\":\"enum\",\"size\":1,\"offset\":48,\"values\":[\"buy\",\"sell\"]},{\"name\":\"state\",\"kind\":\"enum\",\"size\":1,\"offset\":49,\"values\":[\"submitted\",\"accepted\",\"partially-filled\",\"filled\",\"cancelled\",\"rejected\",\"denied\",\"expired\",\"unknown\"]},{\"name\":\"reason\",\"kind\":\"enum\",\"size\":1,\"offset\":50,\"values\":[\"none\",\"unknown-instrument\",\"ambiguous-symbol\",\"bad-price\",\"bad-quantity\",\"bad-terms\",\"price-tick\",\"quantity-step\",\"order-too-small\",\"order-too-large\",\"notional-too-small\",\"notional-too-large\",\"unknown-order\",\"duplicate-in-flight\",\"amend-not-supported\",\"unknown-account\",\"unknown-venue\",\"halted\",\"reducing\",\"price-band\",\"position-limit\",\"exposure-limit\",\"open-orders-limit\",\"order-rate-limit\",\"daily-loss\",\"drawdown\",\"error-streak\",\"self-trade\",\"stale-market-data\",\"not-tradable\",\"not-reconciled\",\"unknown-outcome\",\"strategy-paused\",\"strategy-fenced\",\"lost-cause\",\"command-expired\",\"not-sent\",\"never-arrived\",\"venue-rejected\",\"insufficient-balance\",\"insufficient-margin\",\"post-only-would-trade\",\"not-marketable\",\"reduce-only\",\"no-market\",\"self-trade-prevented\",\"order-is-final\",\"too-late\",\"rate-limited-by-venue\",\"venue-disconnected\",\"time-in-force\",\"liquidated\",\"requested\",\"dead-man-switch\",\"operator\",\"strategy-stopped\",\"overfill\",\"amount-too-large\",\"instrument-settled\",\"other-leg-denied\",\"leg-of-pair\",\"outside-slippage\",\"no-attempt-left\",\"cancelled-before-sent\"]},{\"name\":\"pendingCancel\",\"kind\":\"bool\",\"size\":1,\"offset\":51},{\"name\":\"pendingAmend\",\"kind\":\"bool\",\"size\":1,\"offset\":52},{\"name\":\"price\",\"kind\":\"f64\",\"size\":8,\"offset\":56},{\"name\":\"quantity\",\"kind\":\"f64\",\"size\":8,\"offset\":64},{\"name\":\"filledQuantity\",\"kind\":\"f64\",\"size\":8,\"offset\":72},{\"name\":\"averagePrice\",\"kind\":\"f64\",\"size\":8,\"offset\":80},{\"name\":\"venueTime\",\"kind\":\"i64\",\"size\":8,\"offset\":88},{\"name\":\"clientOrderId\",\"kind\":\"text\",\"size\":32,\"offset\":96}]}";

  enum class Side : std::uint8_t { buy, sell };
  /** The text of a value; "" for one that has none. */
  static constexpr std::string_view nameOf(Side value) {
    constexpr std::string_view texts[] = {"buy", "sell"};
    return static_cast<std::size_t>(value) < 2 ? texts[static_cast<std::size_t>(value)] : std::string_view();
  }

  enum class State : std::uint8_t { submitted, accepted, partially_filled, filled, cancelled, rejected, denied, expired, unknown };
  /** The text of a value; "" for one that has none. */
  static constexpr std::string_view nameOf(State value) {
    constexpr std::string_view texts[] = {"submitted", "accepted", "partially-filled", "filled", "cancelled", "rejected", "denied", "expired", "unknown"};
    return static_cast<std::size_t>(value) < 9 ? texts[static_cast<std::size_t>(value)] : std::string_view();
  }

  enum class Reason : std::uint8_t { none, unknown_instrument, ambiguous_symbol, bad_price, bad_quantity, bad_terms, price_tick, quantity_step, order_too_small, order_too_large, notional_too_small, notional_too_large, unknown_order, duplicate_in_flight, amend_not_supported, unknown_account, unknown_venue, halted, reducing, price_band, position_limit, exposure_limit, open_orders_limit, order_rate_limit, daily_loss, drawdown, error_streak, self_trade, stale_market_data, not_tradable, not_reconciled, unknown_outcome, strategy_paused, strategy_fenced, lost_cause, command_expired, not_sent, never_arrived, venue_rejected, insufficient_balance, insufficient_margin, post_only_would_trade, not_marketable, reduce_only, no_market, self_trade_prevented, order_is_final, too_late, rate_limited_by_venue, venue_disconnected, time_in_force, liquidated, requested, dead_man_switch, operator_, strategy_stopped, overfill, amount_too_large, instrument_settled, other_leg_denied, leg_of_pair, outside_slippage, no_attempt_left, cancelled_before_sent };
  /** The text of a value; "" for one that has none. */
  static constexpr std::string_view nameOf(Reason value) {
    constexpr std::string_view texts[] = {"none", "unknown-instrument", "ambiguous-symbol", "bad-price", "bad-quantity", "bad-terms", "price-tick", "quantity-step", "order-too-small", "order-too-large", "notional-too-small", "notional-too-large", "unknown-order", "duplicate-in-flight", "amend-not-supported", "unknown-account", "unknown-venue", "halted", "reducing", "price-band", "position-limit", "exposure-limit", "open-orders-limit", "order-rate-limit", "daily-loss", "drawdown", "error-streak", "self-trade", "stale-market-data", "not-tradable", "not-reconciled", "unknown-outcome", "strategy-paused", "strategy-fenced", "lost-cause", "command-expired", "not-sent", "never-arrived", "venue-rejected", "insufficient-balance", "insufficient-margin", "post-only-would-trade", "not-marketable", "reduce-only", "no-market", "self-trade-prevented", "order-is-final", "too-late", "rate-limited-by-venue", "venue-disconnected", "time-in-force", "liquidated", "requested", "dead-man-switch", "operator", "strategy-stopped", "overfill", "amount-too-large", "instrument-settled", "other-leg-denied", "leg-of-pair", "outside-slippage", "no-attempt-left", "cancelled-before-sent"};
    return static_cast<std::size_t>(value) < 64 ? texts[static_cast<std::size_t>(value)] : std::string_view();
  }

  ticktape::LargeHeader header;
  std::uint64_t orderId;
  std::uint32_t instrument;
  std::uint32_t request;
  Side side;
  State state;
  Reason reason;
  ticktape::Bool pendingCancel;
  ticktape::Bool pendingAmend;
  std::uint8_t unused53[3];
  double price;
  double quantity;
  double filledQuantity;
  double averagePrice;
  std::int64_t venueTime;
  ticktape::Text<32> clientOrderId;
};
static_assert(sizeof(OrderReport) == 128);
static_assert(offsetof(OrderReport, orderId) == 32);
static_assert(offsetof(OrderReport, instrument) == 40);
static_assert(offsetof(OrderReport, request) == 44);
static_assert(offsetof(OrderReport, side) == 48);
static_assert(offsetof(OrderReport, state) == 49);
static_assert(offsetof(OrderReport, reason) == 50);
static_assert(offsetof(OrderReport, pendingCancel) == 51);
static_assert(offsetof(OrderReport, pendingAmend) == 52);
static_assert(offsetof(OrderReport, price) == 56);
static_assert(offsetof(OrderReport, quantity) == 64);
static_assert(offsetof(OrderReport, filledQuantity) == 72);
static_assert(offsetof(OrderReport, averagePrice) == 80);
static_assert(offsetof(OrderReport, venueTime) == 88);
static_assert(offsetof(OrderReport, clientOrderId) == 96);

/** Id 22, 2 slots. */
struct Fill {
  static constexpr char kName[] = "Fill";
  static constexpr std::uint16_t kId = 22;
  static constexpr std::uint32_t kSlots = 2;
  static constexpr char kJson[] = "{\"name\":\"Fill\",\"id\":22,\"slots\":2,\"fields\":[{\"name\":\"orderId\",\"kind\":\"u64\",\"size\":8,\"offset\":32},{\"name\":\"instrument\",\"kind\":\"instrument\",\"size\":4,\"offset\":40},{\"name\":\"account\",\"kind\":\"u16\",\"size\":2,\"offset\":44},{\"name\":\"side\",\"kind\":\"enum\",\"size\":1,\"offset\":46,\"values\":[\"buy\",\"sell\"]},{\"name\":\"liquidity\",\"kind\":\"enum\",\"size\":1,\"offset\":47,\"values\":[\"maker\",\"taker\"]},{\"name\":\"price\",\"kind\":\"f64\",\"size\":8,\"offset\":48},{\"name\":\"quantity\",\"kind\":\"f64\",\"size\":8,\"offset\":56},{\"name\":\"fee\",\"kind\":\"f64\",\"size\":8,\"offset\":64},{\"name\":\"venueTime\",\"kind\":\"i64\",\"size\":8,\"offset\":72},{\"name\":\"feeCurrency\",\"kind\":\"text\",\"size\":12,\"offset\":80},{\"name\":\"tradeId\",\"kind\":\"text\",\"size\":36,\"offset\":92}]}";

  enum class Side : std::uint8_t { buy, sell };
  /** The text of a value; "" for one that has none. */
  static constexpr std::string_view nameOf(Side value) {
    constexpr std::string_view texts[] = {"buy", "sell"};
    return static_cast<std::size_t>(value) < 2 ? texts[static_cast<std::size_t>(value)] : std::string_view();
  }

  enum class Liquidity : std::uint8_t { maker, taker };
  /** The text of a value; "" for one that has none. */
  static constexpr std::string_view nameOf(Liquidity value) {
    constexpr std::string_view texts[] = {"maker", "taker"};
    return static_cast<std::size_t>(value) < 2 ? texts[static_cast<std::size_t>(value)] : std::string_view();
  }

  ticktape::LargeHeader header;
  std::uint64_t orderId;
  std::uint32_t instrument;
  std::uint16_t account;
  Side side;
  Liquidity liquidity;
  double price;
  double quantity;
  double fee;
  std::int64_t venueTime;
  ticktape::Text<12> feeCurrency;
  ticktape::Text<36> tradeId;
};
static_assert(sizeof(Fill) == 128);
static_assert(offsetof(Fill, orderId) == 32);
static_assert(offsetof(Fill, instrument) == 40);
static_assert(offsetof(Fill, account) == 44);
static_assert(offsetof(Fill, side) == 46);
static_assert(offsetof(Fill, liquidity) == 47);
static_assert(offsetof(Fill, price) == 48);
static_assert(offsetof(Fill, quantity) == 56);
static_assert(offsetof(Fill, fee) == 64);
static_assert(offsetof(Fill, venueTime) == 72);
static_assert(offsetof(Fill, feeCurrency) == 80);
static_assert(offsetof(Fill, tradeId) == 92);

/** Id 23, 6 slots. */
struct Instrument {
  static constexpr char kName[] = "Instrument";
  static constexpr std::uint16_t kId = 23;
  static constexpr std::uint32_t kSlots = 6;
  static constexpr char kJson[] = "{\"name\":\"Instrument\",\"id\":23,\"slots\":6,\"fields\":[{\"name\":\"number\",\"kind\":\"u32\",\"size\":4,\"offset\":32},{\"name\":\"kind\",\"kind\":\"enum\",\"size\":1,\"offset\":36,\"values\":[\"spot\",\"perpetual\",\"future\",\"option\",\"index\"]},{\"name\":\"inverse\",\"kind\":\"bool\",\"size\":1,\"offset\":37},{\"name\":\"venue\",\"kind\":\"text\",\"size\":16,\"offset\":38},{\"name\":\"symbol\",\"kind\":\"text\",\"size\":48,\"offset\":54},{\"name\":\"base\",\"kind\":\"text\",\"size\":12,\"offset\":102},{\"name\":\"quote\",\"kind\":\"text\",\"size\":12,\"offset\":114},{\"name\":\"settlement\",\"kind\":\"text\",\"size\":12,\"offset\":126},{\"name\":\"priceTick\",\"kind\":\"text\",\"size\":24,\"offset\":138},{\"name\":\"quantityStep\",\"kind\":\"text\",\"size\":24,\"offset\":162},{\"name\":\"multiplier\",\"kind\":\"text\",\"size\":24,\"offset\":186},{\"name\":\"minQuantity\",\"kind\":\"text\",\"size\":24,\"offset\":210},{\"name\":\"maxQuantity\",\"kind\":\"text\",\"size\":24,\"offset\":234},{\"name\":\"minNotional\",\"kind\":\"text\",\"size\":24,\"offset\":258},{\"name\":\"maxNotional\",\"kind\":\"text\",\"size\":24,\"offset\":282},{\"name\":\"calendar\",\"kind\":\"text\",\"size\":32,\"offset\":306}]}";

  enum class Kind : std::uint8_t { spot, perpetual, future, option, index };
  /** The text of a value; "" for one that has none. */
  static constexpr std::string_view nameOf(Kind value) {
    constexpr std::string_view texts[] = {"spot", "perpetual", "future", "option", "index"};
    return static_cast<std::size_t>(value) < 5 ? texts[static_cast<std::size_t>(value)] : std::string_view();
  }

  ticktape::LargeHeader header;
  std::uint32_t number;
  Kind kind;
  ticktape::Bool inverse;
  ticktape::Text<16> venue;
  ticktape::Text<48> symbol;
  ticktape::Text<12> base;
  ticktape::Text<12> quote;
  ticktape::Text<12> settlement;
  ticktape::Text<24> priceTick;
  ticktape::Text<24> quantityStep;
  ticktape::Text<24> multiplier;
  ticktape::Text<24> minQuantity;
  ticktape::Text<24> maxQuantity;
  ticktape::Text<24> minNotional;
  ticktape::Text<24> maxNotional;
  ticktape::Text<32> calendar;
  std::uint8_t unused338[46];
};
static_assert(sizeof(Instrument) == 384);
static_assert(offsetof(Instrument, number) == 32);
static_assert(offsetof(Instrument, kind) == 36);
static_assert(offsetof(Instrument, inverse) == 37);
static_assert(offsetof(Instrument, venue) == 38);
static_assert(offsetof(Instrument, symbol) == 54);
static_assert(offsetof(Instrument, base) == 102);
static_assert(offsetof(Instrument, quote) == 114);
static_assert(offsetof(Instrument, settlement) == 126);
static_assert(offsetof(Instrument, priceTick) == 138);
static_assert(offsetof(Instrument, quantityStep) == 162);
static_assert(offsetof(Instrument, multiplier) == 186);
static_assert(offsetof(Instrument, minQuantity) == 210);
static_assert(offsetof(Instrument, maxQuantity) == 234);
static_assert(offsetof(Instrument, minNotional) == 258);
static_assert(offsetof(Instrument, maxNotional) == 282);
static_assert(offsetof(Instrument, calendar) == 306);

/** Id 26, 1 slot. */
struct Home {
  static constexpr char kName[] = "Home";
  static constexpr std::uint16_t kId = 26;
  static constexpr std::uint32_t kSlots = 1;
  static constexpr char kJson[] = "{\"name\":\"Home\",\"id\":26,\"slots\":1,\"fields\":[{\"name\":\"home\",\"kind\":\"u64\",\"size\":8,\"offset\":16},{\"name\":\"generation\",\"kind\":\"u32\",\"size\":4,\"offset\":24},{\"name\":\"journal\",\"kind\":\"u16\",\"size\":2,\"offset\":28},{\"name\":\"origin\",\"kind\":\"i64\",\"size\":8,\"offset\":32}]}";

  ticktape::SmallHeader header;
  std::uint64_t home;
  std::uint32_t generation;
  std::uint16_t journal;
  std::uint8_t unused30[2];
  std::int64_t origin;
  std::uint8_t unused40[24];
};
static_assert(sizeof(Home) == 64);
static_assert(offsetof(Home, home) == 16);
static_assert(offsetof(Home, generation) == 24);
static_assert(offsetof(Home, journal) == 28);
static_assert(offsetof(Home, origin) == 32);

/** Id 33, 2 slots. */
struct TimerRequest {
  static constexpr char kName[] = "TimerRequest";
  static constexpr std::uint16_t kId = 33;
  static constexpr std::uint32_t kSlots = 2;
  static constexpr char kJson[] = "{\"name\":\"TimerRequest\",\"id\":33,\"slots\":2,\"fields\":[{\"name\":\"strategy\",\"kind\":\"u16\",\"size\":2,\"offset\":32},{\"name\":\"timer\",\"kind\":\"u32\",\"size\":4,\"offset\":36},{\"name\":\"after\",\"kind\":\"i64\",\"size\":8,\"offset\":40},{\"name\":\"every\",\"kind\":\"i64\",\"size\":8,\"offset\":48},{\"name\":\"name\",\"kind\":\"ascii\",\"size\":32,\"offset\":56}]}";

  ticktape::LargeHeader header;
  std::uint16_t strategy;
  std::uint8_t unused34[2];
  std::uint32_t timer;
  std::int64_t after;
  std::int64_t every;
  ticktape::Ascii<32> name;
  std::uint8_t unused88[40];
};
static_assert(sizeof(TimerRequest) == 128);
static_assert(offsetof(TimerRequest, strategy) == 32);
static_assert(offsetof(TimerRequest, timer) == 36);
static_assert(offsetof(TimerRequest, after) == 40);
static_assert(offsetof(TimerRequest, every) == 48);
static_assert(offsetof(TimerRequest, name) == 56);

/** Id 34, 2 slots. */
struct TimerFired {
  static constexpr char kName[] = "TimerFired";
  static constexpr std::uint16_t kId = 34;
  static constexpr std::uint32_t kSlots = 2;
  static constexpr char kJson[] = "{\"name\":\"TimerFired\",\"id\":34,\"slots\":2,\"fields\":[{\"name\":\"timer\",\"kind\":\"u32\",\"size\":4,\"offset\":32},{\"name\":\"name\",\"kind\":\"ascii\",\"size\":32,\"offset\":36},{\"name\":\"due\",\"kind\":\"i64\",\"size\":8,\"offset\":72}]}";

  ticktape::LargeHeader header;
  std::uint32_t timer;
  ticktape::Ascii<32> name;
  std::uint8_t unused68[4];
  std::int64_t due;
  std::uint8_t unused80[48];
};
static_assert(sizeof(TimerFired) == 128);
static_assert(offsetof(TimerFired, timer) == 32);
static_assert(offsetof(TimerFired, name) == 36);
static_assert(offsetof(TimerFired, due) == 72);

/** Id 55, 32 slots. */
struct SnapshotPart {
  static constexpr char kName[] = "SnapshotPart";
  static constexpr std::uint16_t kId = 55;
  static constexpr std::uint32_t kSlots = 32;
  static constexpr char kJson[] = "{\"name\":\"SnapshotPart\",\"id\":55,\"slots\":32,\"fields\":[{\"name\":\"snapshot\",\"kind\":\"u32\",\"size\":4,\"offset\":32},{\"name\":\"part\",\"kind\":\"u32\",\"size\":4,\"offset\":36},{\"name\":\"size\",\"kind\":\"u16\",\"size\":2,\"offset\":40},{\"name\":\"bytes\",\"kind\":\"bytes\",\"size\":2000,\"offset\":42}]}";

  ticktape::LargeHeader header;
  std::uint32_t snapshot;
  std::uint32_t part;
  std::uint16_t size;
  ticktape::Bytes<2000> bytes;
  std::uint8_t unused2042[6];
};
static_assert(sizeof(SnapshotPart) == 2048);
static_assert(offsetof(SnapshotPart, snapshot) == 32);
static_assert(offsetof(SnapshotPart, part) == 36);
static_assert(offsetof(SnapshotPart, size) == 40);
static_assert(offsetof(SnapshotPart, bytes) == 42);

/** Id 56, 2 slots. */
struct SnapshotEnd {
  static constexpr char kName[] = "SnapshotEnd";
  static constexpr std::uint16_t kId = 56;
  static constexpr std::uint32_t kSlots = 2;
  static constexpr char kJson[] = "{\"name\":\"SnapshotEnd\",\"id\":56,\"slots\":2,\"fields\":[{\"name\":\"snapshot\",\"kind\":\"u32\",\"size\":4,\"offset\":32},{\"name\":\"parts\",\"kind\":\"u32\",\"size\":4,\"offset\":36},{\"name\":\"size\",\"kind\":\"f64\",\"size\":8,\"offset\":40},{\"name\":\"at\",\"kind\":\"f64\",\"size\":8,\"offset\":48},{\"name\":\"begin\",\"kind\":\"f64\",\"size\":8,\"offset\":56},{\"name\":\"sha256\",\"kind\":\"ascii\",\"size\":64,\"offset\":64}]}";

  ticktape::LargeHeader header;
  std::uint32_t snapshot;
  std::uint32_t parts;
  double size;
  double at;
  double begin;
  ticktape::Ascii<64> sha256;
};
static_assert(sizeof(SnapshotEnd) == 128);
static_assert(offsetof(SnapshotEnd, snapshot) == 32);
static_assert(offsetof(SnapshotEnd, parts) == 36);
static_assert(offsetof(SnapshotEnd, size) == 40);
static_assert(offsetof(SnapshotEnd, at) == 48);
static_assert(offsetof(SnapshotEnd, begin) == 56);
static_assert(offsetof(SnapshotEnd, sha256) == 64);

/** Id 64, 2 slots. */
struct Lifecycle {
  static constexpr char kName[] = "Lifecycle";
  static constexpr std::uint16_t kId = 64;
  static constexpr std::uint32_t kSlots = 2;
  static constexpr char kJson[] = "{\"name\":\"Lifecycle\",\"id\":64,\"slots\":2,\"fields\":[{\"name\":\"process\",\"kind\":\"ascii\",\"size\":32,\"offset\":32},{\"name\":\"next\",\"kind\":\"u64\",\"size\":8,\"offset\":64},{\"name\":\"read\",\"kind\":\"u64\",\"size\":8,\"offset\":72},{\"name\":\"pid\",\"kind\":\"u32\",\"size\":4,\"offset\":80},{\"name\":\"run\",\"kind\":\"u32\",\"size\":4,\"offset\":84},{\"name\":\"event\",\"kind\":\"enum\",\"size\":1,\"offset\":88,\"values\":[\"started\",\"stopped\",\"failed\"]}]}";

  enum class Event : std::uint8_t { started, stopped, failed };
  /** The text of a value; "" for one that has none. */
  static constexpr std::string_view nameOf(Event value) {
    constexpr std::string_view texts[] = {"started", "stopped", "failed"};
    return static_cast<std::size_t>(value) < 3 ? texts[static_cast<std::size_t>(value)] : std::string_view();
  }

  ticktape::LargeHeader header;
  ticktape::Ascii<32> process;
  std::uint64_t next;
  std::uint64_t read;
  std::uint32_t pid;
  std::uint32_t run;
  Event event;
  std::uint8_t unused89[39];
};
static_assert(sizeof(Lifecycle) == 128);
static_assert(offsetof(Lifecycle, process) == 32);
static_assert(offsetof(Lifecycle, next) == 64);
static_assert(offsetof(Lifecycle, read) == 72);
static_assert(offsetof(Lifecycle, pid) == 80);
static_assert(offsetof(Lifecycle, run) == 84);
static_assert(offsetof(Lifecycle, event) == 88);

/** Id 65, 30 slots. */
struct Progress {
  static constexpr char kName[] = "Progress";
  static constexpr std::uint16_t kId = 65;
  static constexpr std::uint32_t kSlots = 30;
  static constexpr char kJson[] = "{\"name\":\"Progress\",\"id\":65,\"slots\":30,\"fields\":[{\"name\":\"next\",\"kind\":\"u64\",\"size\":8,\"offset\":32},{\"name\":\"read\",\"kind\":\"u64\",\"size\":8,\"offset\":40},{\"name\":\"run\",\"kind\":\"u32\",\"size\":4,\"offset\":48},{\"name\":\"latencies\",\"kind\":\"bytes\",\"size\":1856,\"offset\":52}]}";

  ticktape::LargeHeader header;
  std::uint64_t next;
  std::uint64_t read;
  std::uint32_t run;
  ticktape::Bytes<1856> latencies;
  std::uint8_t unused1908[12];
};
static_assert(sizeof(Progress) == 1920);
static_assert(offsetof(Progress, next) == 32);
static_assert(offsetof(Progress, read) == 40);
static_assert(offsetof(Progress, run) == 48);
static_assert(offsetof(Progress, latencies) == 52);

}  // namespace ticktape::trading
