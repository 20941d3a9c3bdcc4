#pragma once

#include <optional>

#include "terms.h"

namespace ticktape::strategy {

/** In units of the instrument and of its settlement currency, without fees. `unrealised` is the profit of closing it at the middle of the last quote. */
struct Position {
  double quantity = 0;
  double averagePrice = 0;
  double realised = 0;
  double unrealised = 0;
};

/** Decimals of money: those of a price times a quantity, and 16 for the remainders of divisions. */
inline constexpr int kGuard = 16, kHalfGuard = 8, kMoney = 2 * kScale + kGuard;

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

  Position shown(std::optional<double> middle, const Decimal& multiplier) const {
    const BigInteger guard = BigInteger::powerOfTen(kGuard), half = BigInteger::powerOfTen(kHalfGuard);
    const BigInteger average = isFlat() ? BigInteger() : divide(cost_ * half, quantity_ * guard);
    const BigInteger unrealised = middle ? quantity_ * unitsOf(*middle) * guard - cost_ : BigInteger();
    const double factor = numberOf(multiplier.digits, multiplier.scale);
    return {numberOf(quantity_, kScale), numberOf(divide(average, half), kScale), money(realised_) * factor, money(unrealised) * factor};
  }

 private:
  /** Rounded as a result is, and then once to a double. */
  static double money(const BigInteger& value) {
    const BigInteger rounded = divide(value, BigInteger::powerOfTen(kMoney - 2 * kScale - kHalfGuard));
    return numberOf(divide(rounded, BigInteger::powerOfTen(kHalfGuard)), 2 * kScale);
  }

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

  Position shown(std::optional<double> middle) const {
    const double quantity = numberOf(steps_ * terms_->step.digits, terms_->step.scale);
    const double worth = quantity * numberOf(terms_->multiplier.digits, terms_->multiplier.scale);
    const double cost = numberOf(cost_, kScale);
    return {quantity, isFlat() ? 0.0 : worth / cost, numberOf(realised_, kScale), isFlat() || !middle ? 0.0 : cost - worth / *middle};
  }

 private:
  static BigInteger multipleOf(double value, const Decimal& step) {
    const Decimal exact = Decimal::of(value);
    return divide(exact.digits * BigInteger::powerOfTen(std::max(0, step.scale - exact.scale)), step.digits * BigInteger::powerOfTen(std::max(0, exact.scale - step.scale)));
  }

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
    const BigInteger quantity = unitsOf(fill.quantity);
    books_[terms->name].apply(isBuy ? quantity : -quantity, unitsOf(fill.price));
  }

  Position of(const Terms& terms) const {
    const auto middle = middleOf(terms.entry.number);
    if (terms.isInverse) {
      const auto found = inverse_.find(terms.entry.number);
      return found == inverse_.end() ? Position() : found->second.shown(middle);
    }
    const auto found = books_.find(terms.name);
    return found == books_.end() ? Position() : found->second.shown(middle, terms.multiplier);
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
  std::optional<double> middleOf(uint32_t instrument) const {
    const auto found = quotes_.find(instrument);
    if (found == quotes_.end() || !(found->second.bid > 0) || !(found->second.ask > 0)) return {};
    return (found->second.bid + found->second.ask) / 2;
  }

  const KnownInstruments& instruments_;
  std::map<std::string, Book> books_;
  std::map<uint32_t, InverseBook> inverse_;
  std::map<uint32_t, Quote> quotes_;
};

}  // namespace ticktape::strategy
