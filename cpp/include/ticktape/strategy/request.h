#pragma once

#include <cmath>
#include <optional>
#include <string>

#include "own_orders.h"

namespace ticktape::strategy {

using OrderType = trading::Order::OrderType;
using TimeInForce = trading::Order::TimeInForce;

/** An order to send. `{.symbol, .side, .quantity, .price}` is a limit order; without a price it is a market order. */
struct OrderRequest {
  /** 'BTCUSDT' or 'BTCUSDT.binance'; or give `instrument`. */
  std::string symbol = {};
  Side side = Side::buy;
  double quantity = 0;
  std::optional<double> price = {};
  /** Default: `gtc` with a limit, `ioc` without. */
  std::optional<TimeInForce> timeInForce = {};
  std::optional<double> stopPrice = {};
  /** Default: what the prices say. */
  std::optional<OrderType> type = {};
  /** When a `gtd` order expires, ns since 1970. */
  int64_t expireAt = 0;
  bool postOnly = false;
  bool reduceOnly = false;
  /** A label of at most 32 bytes, which is not sent to the venue. */
  std::string clientOrderId = {};
  uint32_t instrument = 0;
  /** Default: the venue's first one. */
  std::string account = {};
};

namespace requests {

inline bool isPositive(double value) { return value > 0 && std::isfinite(value); }

inline void need(bool good, const std::string& problem) {
  if (!good) throw InvalidOptionError(problem);
}

/** Completes the type and the time in force. Ticks, steps and limits are risk's business. @throws InvalidOptionError. */
inline void complete(OrderRequest& request) {
  need(!request.symbol.empty() || request.instrument != 0, "an order needs a symbol or an instrument");
  need(isPositive(request.quantity), "an order's quantity is a number above 0");
  need(!request.price || isPositive(*request.price), "an order's price is a number above 0");
  need(!request.stopPrice || isPositive(*request.stopPrice), "an order's stop price is a number above 0");
  if (!request.type) {
    if (request.stopPrice) request.type = request.price ? OrderType::stop_limit : OrderType::stop;
    else request.type = request.price ? OrderType::limit : OrderType::market;
  }
  const bool withLimit = *request.type == OrderType::limit || *request.type == OrderType::stop_limit;
  const bool withStop = *request.type == OrderType::stop || *request.type == OrderType::stop_limit;
  need(withLimit == request.price.has_value(), withLimit ? "an order of this type needs a price" : "an order of this type takes no price; leave it out");
  need(withStop == request.stopPrice.has_value(), withStop ? "an order of this type needs a stop price" : "an order of this type takes no stop price; leave it out");
  if (!request.timeInForce) request.timeInForce = withLimit ? TimeInForce::gtc : TimeInForce::ioc;
  const TimeInForce force = *request.timeInForce;
  need((force == TimeInForce::gtd) == (request.expireAt > 0), "'expireAt' and the time in force 'gtd' belong together: give both, or none");
  need(!request.postOnly || (*request.type == OrderType::limit && (force == TimeInForce::gtc || force == TimeInForce::gtd)),
       "'postOnly' is for limit orders that may rest: gtc or gtd");
}

}  // namespace requests
}  // namespace ticktape::strategy
