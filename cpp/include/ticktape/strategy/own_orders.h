#pragma once

#include <functional>
#include <string>
#include <vector>

#include "frames.h"

namespace ticktape::strategy {

using Side = trading::OrderReport::Side;
using OrderState = trading::OrderReport::State;

/** An order that is not final. `state` is `submitted` until the first report. */
struct OpenOrder {
  uint64_t orderId = 0;
  uint32_t instrument = 0;
  std::string symbol;
  Side side = Side::buy;
  double price = 0;
  double quantity = 0;
  double filledQuantity = 0;
  OrderState state = OrderState::submitted;
  bool pendingCancel = false;
  bool pendingAmend = false;
  std::string clientOrderId;
};

inline bool isFinal(OrderState state) {
  return state == OrderState::filled || state == OrderState::cancelled || state == OrderState::rejected || state == OrderState::denied || state == OrderState::expired;
}

/** The strategy's orders that are not final: what it has sent, and what the reports say of them. */
class OwnOrders {
 public:
  explicit OwnOrders(std::function<std::string(uint32_t)> symbolOf) : symbolOf_(std::move(symbolOf)) {}

  void sent(OpenOrder order) {
    order.symbol = symbolOf_(order.instrument);
    orders_.push_back(std::move(order));
  }
  void cancelSent(uint64_t id) {
    if (OpenOrder* order = find(id)) order->pendingCancel = true;
  }
  void amendSent(uint64_t id) {
    if (OpenOrder* order = find(id)) order->pendingAmend = true;
  }

  void reported(const trading::OrderReport& report) {
    OpenOrder* known = find(report.orderId);
    if (isFinal(report.state)) {
      if (known != nullptr) orders_.erase(orders_.begin() + (known - orders_.data()));
      return;
    }
    OpenOrder order;
    order.orderId = report.orderId;
    order.instrument = known == nullptr ? report.instrument : known->instrument;
    order.symbol = symbolOf_(order.instrument);
    order.side = report.side;
    order.price = report.price;
    order.quantity = report.quantity;
    order.filledQuantity = report.filledQuantity;
    order.state = report.state;
    order.pendingCancel = report.pendingCancel;
    order.pendingAmend = report.pendingAmend;
    order.clientOrderId = report.clientOrderId.str();
    if (known == nullptr) orders_.push_back(std::move(order));
    else *known = std::move(order);
  }

  /** What a snapshot has of one. */
  void load(OpenOrder order) { sent(std::move(order)); }

  /** Oldest first; of an instrument, or of all with 0. */
  std::vector<OpenOrder> list(uint32_t instrument) const {
    std::vector<OpenOrder> found;
    for (const OpenOrder& order : orders_)
      if (instrument == 0 || order.instrument == instrument) found.push_back(order);
    return found;
  }

 private:
  OpenOrder* find(uint64_t id) {
    for (OpenOrder& order : orders_)
      if (order.orderId == id) return &order;
    return nullptr;
  }

  std::function<std::string(uint32_t)> symbolOf_;
  std::vector<OpenOrder> orders_;
};

}  // namespace ticktape::strategy
