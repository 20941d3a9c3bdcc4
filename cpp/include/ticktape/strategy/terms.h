#pragma once

#include <map>

#include "../instruments.h"
#include "decimals.h"
#include "frames.h"

namespace ticktape::strategy {

/** No instrument has this symbol yet. */
struct UnknownInstrumentError : detail::ErrorOf<UnknownInstrumentError> {
  static constexpr char kCode[] = "ERR_UNKNOWN_INSTRUMENT";
  using ErrorOf::ErrorOf;
};

/** Several venues have this symbol: name one. */
struct AmbiguousSymbolError : detail::ErrorOf<AmbiguousSymbolError> {
  static constexpr char kCode[] = "ERR_AMBIGUOUS_SYMBOL";
  using ErrorOf::ErrorOf;
};

/** The terms of an instrument that a strategy needs, and its entry in instruments.json. */
struct Terms {
  Instrument entry;
  /** Its symbol and venue: BTCUSDT.binance. */
  std::string name;
  bool isInverse = false;
  Decimal tick, step, multiplier;

  explicit Terms(Instrument given) : entry(std::move(given)), name(entry.symbol + '.' + entry.venue) {
    for (const auto& [key, value] : entry.terms) isInverse = isInverse || (key == "inverse" && value == "true");
    tick = Decimal::of(std::string_view(entry.term("priceTick")));
    step = Decimal::of(std::string_view(entry.term("quantityStep")));
    const std::string own = entry.term("multiplier");
    multiplier = Decimal::of(std::string_view(own.empty() ? "1" : own));
  }
};

/** The entry of instruments.json that an Instrument frame stands for. */
inline Instrument entryOf(const trading::Instrument& frame) {
  using trading::Instrument;
  ticktape::Instrument entry{frame.number, frame.venue.str(), frame.symbol.str(), {}};
  const auto add = [&](const char* name, std::string_view text) { entry.terms.emplace_back(name, json::quoted(text)); };
  add("kind", Instrument::nameOf(frame.kind));
  add("base", frame.base);
  add("quote", frame.quote);
  add("priceTick", frame.priceTick);
  add("quantityStep", frame.quantityStep);
  if (frame.inverse) entry.terms.emplace_back("inverse", "true");
  const auto addGiven = [&](const char* name, std::string_view text) {
    if (!text.empty()) add(name, text);
  };
  addGiven("settlement", frame.settlement);
  addGiven("multiplier", frame.multiplier);
  addGiven("minQuantity", frame.minQuantity);
  addGiven("maxQuantity", frame.maxQuantity);
  addGiven("minNotional", frame.minNotional);
  addGiven("maxNotional", frame.maxNotional);
  addGiven("calendar", frame.calendar);
  return entry;
}

/** Instruments by number and by symbol, from the Instrument frames of the sequence. */
class KnownInstruments {
 public:
  /** Changed terms have a new number, which takes over the name. */
  const Terms& add(const Instrument& entry) {
    const auto known = byNumber_.find(entry.number);
    if (known != byNumber_.end()) return known->second;
    const Terms& terms = byNumber_.emplace(entry.number, Terms(entry)).first->second;
    byName_[terms.name] = &terms;
    bySymbol_[entry.symbol][entry.venue] = &terms;
    return terms;
  }

  const Terms* byNumber(uint32_t number) const {
    const auto found = byNumber_.find(number);
    return found == byNumber_.end() ? nullptr : &found->second;
  }
  const std::map<uint32_t, Terms>& all() const { return byNumber_; }

  /** By 'BTCUSDT' or 'BTCUSDT.binance'; null when there is none. @throws AmbiguousSymbolError. */
  const Terms* lookUp(const std::string& symbol) const {
    const auto sharing = bySymbol_.find(symbol);
    if (sharing == bySymbol_.end()) {
      const auto named = byName_.find(symbol);
      return named == byName_.end() ? nullptr : named->second;
    }
    if (sharing->second.size() == 1) return sharing->second.begin()->second;
    std::string names;
    for (const auto& [venue, terms] : sharing->second) names += (names.empty() ? "'" : " or '") + terms->name + '\'';
    throw AmbiguousSymbolError("several venues have '" + symbol + "'; write " + names);
  }

  /** @throws UnknownInstrumentError, AmbiguousSymbolError. */
  const Terms& find(const std::string& symbol) const {
    const Terms* terms = lookUp(symbol);
    if (terms == nullptr) throw UnknownInstrumentError("there is no instrument '" + symbol + "' yet");
    return *terms;
  }

  /** Its symbol; with the venue where two venues have it. */
  std::string shownName(const Terms& terms) const { return bySymbol_.at(terms.entry.symbol).size() > 1 ? terms.name : terms.entry.symbol; }

 private:
  std::map<uint32_t, Terms> byNumber_;
  std::map<std::string, const Terms*> byName_;
  std::map<std::string, std::map<std::string, const Terms*>> bySymbol_;
};

}  // namespace ticktape::strategy
