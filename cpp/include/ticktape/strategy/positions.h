#pragma once

#include <optional>

#include "terms.h"

namespace ticktape::strategy {

/**
 * In units of the instrument and of its settlement currency, without fees. `unrealised` is the profit of closing it at the middle of the last
 * quote. Each number is the double nearest to the exact decimal; of inverse contracts money is rounded to 10^-18 before.
 */
struct Position {
  double quantity = 0;
  double averagePrice = 0;
  double realised = 0;
  double unrealised = 0;
};

/** Decimals of money: those of a price times a quantity, and 16 for the remainders of divisions. */
inline constexpr int kGuard = 16, kHalfGuard = 8, kMoney = 2 * kScale + kGuard;

/** The bid and the ask of the last quote: in units of 10^-18, or in ticks. */
using QuotePair = std::pair<BigInteger, BigInteger>;

/** One position by the average cost method: a fill that closes a part of the quantity removes the same part of the cost. */
class Book {
 public:
  Book() = default;
  Book(BigInteger quantity, BigInteger cost, BigInteger realised) : quantity_(std::move(quantity)), cost_(std::move(cost)), realised_(std::move(realised)) {}

  bool isFlat() const { return quantity_.isZero(); }

  void apply(const BigInteger& change, const BigInteger& price) {
    if (change.isZero()) return;
    const BigInteger paid = change * price * BigInteger::powerOfTen(kGuard);
    const bool opening = quantity_.isZero() || quantity_.isNegative() == change.isNegative();
    // What is closed has the sign of the position.
    BigInteger closes;
    if (!opening) closes = quantity_.magnitude() < change.magnitude() ? quantity_ : -change;
    const BigInteger paidToClose = divide(paid * -closes, change);
    if (!closes.isZero()) {
      const BigInteger cost = closes == quantity_ ? cost_ : divide(cost_ * closes, quantity_);
      realised_ = realised_ - paidToClose - cost;
      cost_ = cost_ - cost;
      quantity_ = quantity_ - closes;
    }
    quantity_ = quantity_ + change + closes;
    cost_ = cost_ + paid - paidToClose;
  }

  /** @param quote in units; nothing before the first one. */
  Position shown(const std::optional<QuotePair>& quote, const Decimal& multiplier) const {
    const BigInteger guard = BigInteger::powerOfTen(kGuard), half = BigInteger::powerOfTen(kHalfGuard);
    const BigInteger average = isFlat() ? BigInteger() : divide(cost_ * half, quantity_ * guard);
    BigInteger twice;
    if (quote) twice = rounded(quantity_ * quote->first * guard - cost_) + rounded(quantity_ * quote->second * guard - cost_);
    const BigInteger realised = rounded(realised_);
    return {numberOf(quantity_, kScale), numberOf(divide(average, half), kScale), money(realised + realised, multiplier), money(twice, multiplier)};
  }

 private:
  /** Money as it is shown: with the decimals of a price times a quantity. */
  static BigInteger rounded(const BigInteger& value) {
    return divide(divide(value, BigInteger::powerOfTen(kMoney - 2 * kScale - kHalfGuard)), BigInteger::powerOfTen(kHalfGuard));
  }
  /** Half of an amount, times the multiplier: the nearest double. */
  static double money(const BigInteger& twice, const Decimal& multiplier) { return numberOf(twice * 5 * multiplier.digits, 2 * kScale + 1 + multiplier.scale); }

  BigInteger quantity_, cost_, realised_;
};

/**
 * A position in an inverse contract: a quantity of 1 is `multiplier` units of the quote currency. Money is in units of 10^-18 of the settlement
 * currency; each fill, and each part that is closed, is rounded once, halves away from 0.
 */
class InverseBook {
 public:
  explicit InverseBook(const Terms& terms) : terms_(&terms) {}
  InverseBook(const Terms& terms, BigInteger steps, BigInteger cost, BigInteger realised)
      : terms_(&terms), steps_(std::move(steps)), cost_(std::move(cost)), realised_(std::move(realised)) {}

  bool isFlat() const { return steps_.isZero(); }

  void apply(bool isBuy, double price, double quantity) {
    const BigInteger ticks = multipleOf(price, terms_->tick), count = multipleOf(quantity, terms_->step);
    const bool isClosing = !isFlat() && steps_.isNegative() == isBuy;
    BigInteger closed;
    if (isClosing) closed = steps_.magnitude() < count ? steps_.magnitude() : count;
    if (!closed.isZero()) {
      const BigInteger part = divideAway(cost_ * closed, steps_.magnitude());
      const BigInteger leaving = steps_.isNegative() ? -closed : closed;
      realised_ = realised_ + part - value(leaving, ticks);
      cost_ = cost_ - part;
      steps_ = steps_ - leaving;
    }
    const BigInteger opened = isBuy ? count - closed : closed - count;
    steps_ = steps_ + opened;
    cost_ = cost_ + value(opened, ticks);
  }

  /** @param quote in ticks; nothing before the first one. */
  Position shown(const std::optional<QuotePair>& quote) const {
    const double quantity = numberOf(steps_ * terms_->step.digits, terms_->step.scale);
    const double worth = quantity * numberOf(terms_->multiplier.digits, terms_->multiplier.scale);
    const BigInteger unrealised = quote ? cost_ - value(steps_ + steps_, quote->first + quote->second) : BigInteger();
    return {quantity, isFlat() ? 0.0 : worth / numberOf(cost_, kScale), numberOf(realised_, kScale), numberOf(unrealised, kScale)};
  }

 private:
  /** What so many steps cost at a price, in units of 10^-18. */
  BigInteger value(const BigInteger& steps, const BigInteger& ticks) const {
    if (ticks.isZero()) return {};
    const Decimal &step = terms_->step, &multiplier = terms_->multiplier, &tick = terms_->tick;
    const int up = kScale + tick.scale, down = step.scale + multiplier.scale;
    return divideAway(steps * step.digits * multiplier.digits * BigInteger::powerOfTen(std::max(0, up - down)), ticks * tick.digits * BigInteger::powerOfTen(std::max(0, down - up)));
  }

  const Terms* terms_;
  BigInteger steps_, cost_, realised_;
};

/** A strategy's own positions, from its fills: the same numbers as the library for Node calculates. */
class OwnPositions {
 public:
  struct Quote {
    double bid = 0;
    double ask = 0;
  };

  explicit OwnPositions(const KnownInstruments& instruments) : instruments_(instruments) {}

  void quoted(uint32_t instrument, double bid, double ask) { quotes_[instrument] = {bid, ask}; }

  void filled(const trading::Fill& fill) {
    const Terms* terms = instruments_.byNumber(fill.instrument);
    if (terms == nullptr) return;
    const bool isBuy = fill.side == trading::Fill::Side::buy;
    if (terms->isInverse) {
      inverse_.try_emplace(fill.instrument, *terms).first->second.apply(isBuy, fill.price, fill.quantity);
      return;
    }
    const BigInteger quantity = unitsOf(multipleOf(fill.quantity, terms->step), terms->step);
    books_[terms->name].apply(isBuy ? quantity : -quantity, unitsOf(multipleOf(fill.price, terms->tick), terms->tick));
  }

  Position of(const Terms& terms) const {
    auto quote = ticksOf(terms);
    if (terms.isInverse) {
      const auto found = inverse_.find(terms.entry.number);
      return found == inverse_.end() ? Position() : found->second.shown(quote);
    }
    const auto found = books_.find(terms.name);
    if (quote) quote = QuotePair(unitsOf(quote->first, terms.tick), unitsOf(quote->second, terms.tick));
    return found == books_.end() ? Position() : found->second.shown(quote, terms.multiplier);
  }

  /** The instruments in which it holds something. */
  std::vector<const Terms*> held() const {
    std::vector<const Terms*> found;
    for (const auto& [name, book] : books_)
      if (!book.isFlat()) found.push_back(&instruments_.find(name));
    for (const auto& [number, book] : inverse_)
      if (!book.isFlat()) found.push_back(instruments_.byNumber(number));
    return found;
  }

  /** What a snapshot has of them. */
  void load(const std::string& name, Book book) { books_[name] = std::move(book); }
  void load(uint32_t number, InverseBook book) { inverse_.insert_or_assign(number, std::move(book)); }

 private:
  /** The bid and the ask of the last quote, in ticks; nothing without both. */
  std::optional<QuotePair> ticksOf(const Terms& terms) const {
    const auto found = quotes_.find(terms.entry.number);
    if (found == quotes_.end() || !(found->second.bid > 0) || !(found->second.ask > 0)) return {};
    QuotePair ticks(multipleOf(found->second.bid, terms.tick), multipleOf(found->second.ask, terms.tick));
    return ticks.first.isZero() || ticks.second.isZero() ? std::nullopt : std::optional<QuotePair>(std::move(ticks));
  }

  const KnownInstruments& instruments_;
  std::map<std::string, Book> books_;
  std::map<uint32_t, InverseBook> inverse_;
  std::map<uint32_t, Quote> quotes_;
};

}  // namespace ticktape::strategy
