#pragma once

#include "host.h"

/** What a strategy may do and ask: its host does it. */
namespace ticktape {

inline strategy::Host& Strategy::host() const {
  if (host_ == nullptr) throw InvalidStateError("a strategy asks for something before it has been started: use onStart()");
  return *host_;
}
inline uint64_t Strategy::sendOrder(const OrderRequest& request) { return host().sendOrder(request); }
inline void Strategy::cancel(uint64_t orderId) { host().cancel(orderId); }
inline void Strategy::amend(uint64_t orderId, std::optional<double> price, std::optional<double> quantity) { host().amend(orderId, price, quantity); }
inline void Strategy::cancelAll(const std::string& symbol) { host().cancelAll(symbol); }
inline uint32_t Strategy::timerAfter(const std::string& name, double ms) { return host().requestTimer(name, ms, false); }
inline uint32_t Strategy::timerEvery(const std::string& name, double ms) { return host().requestTimer(name, ms, true); }
inline void Strategy::cancelTimer(uint32_t id) { host().cancelTimer(id); }
inline int64_t Strategy::now() const { return host().now(); }
inline double Strategy::random() { return host().random(); }
inline bool Strategy::isReplay() const { return host().isReplay(); }
inline void Strategy::logLine(const std::string& text) { host().log(text); }
inline std::string Strategy::symbolOf(uint32_t instrument) const { return host().symbolOf(instrument); }

inline Strategy::Position Strategy::position(const std::string& symbol) const {
  const strategy::Terms* terms = host().lookUp(symbol);
  return terms == nullptr ? Position() : host().positions.of(*terms);
}
inline std::map<std::string, Strategy::Position> Strategy::positions() const {
  std::map<std::string, Position> found;
  for (const strategy::Terms* terms : host().positions.held()) found[host().instruments.shownName(*terms)] = host().positions.of(*terms);
  return found;
}
inline std::vector<Strategy::OpenOrder> Strategy::openOrders(const std::string& symbol) const {
  if (symbol.empty()) return host().orders.list(0);
  const strategy::Terms* terms = host().lookUp(symbol);
  return terms == nullptr ? std::vector<OpenOrder>() : host().orders.list(terms->entry.number);
}

}  // namespace ticktape
