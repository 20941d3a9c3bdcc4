#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ticktape::strategy {

/** A whole number of any size. Money is counted exactly, in units of 10^-52: far more than 64 bits. Only fills need it, so it is simple, not fast. */
class BigInteger {
 public:
  BigInteger() = default;
  BigInteger(int64_t value) : negative_(value < 0) {
    for (uint64_t left = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value); left > 0; left >>= 32) words_.push_back(static_cast<uint32_t>(left));
  }

  /** Of decimal digits with an optional minus; other characters end it. */
  static BigInteger of(std::string_view text) {
    BigInteger value;
    const bool negative = !text.empty() && text[0] == '-';
    for (std::size_t i = negative ? 1 : 0; i < text.size() && text[i] >= '0' && text[i] <= '9'; i++) value = value * 10 + (text[i] - '0');
    value.negative_ = negative && !value.words_.empty();
    return value;
  }
  static BigInteger powerOfTen(int exponent) {
    BigInteger value = 1;
    for (int i = 0; i < exponent; i++) value = value * 10;
    return value;
  }

  std::string text() const {
    std::string digits;
    for (BigInteger left = magnitude(); !left.isZero();) digits += static_cast<char>('0' + left.takeDigit());
    if (digits.empty()) return "0";
    if (negative_) digits += '-';
    std::reverse(digits.begin(), digits.end());
    return digits;
  }

  bool isZero() const { return words_.empty(); }
  bool isNegative() const { return negative_; }
  bool isOdd() const { return !words_.empty() && (words_[0] & 1) != 0; }
  BigInteger magnitude() const {
    BigInteger value = *this;
    value.negative_ = false;
    return value;
  }
  BigInteger operator-() const {
    BigInteger value = *this;
    value.negative_ = !negative_ && !isZero();
    return value;
  }

  friend BigInteger operator+(const BigInteger& a, const BigInteger& b) {
    if (a.negative_ == b.negative_) return made(sum(a.words_, b.words_), a.negative_);
    return compare(a.words_, b.words_) >= 0 ? made(difference(a.words_, b.words_), a.negative_) : made(difference(b.words_, a.words_), b.negative_);
  }
  friend BigInteger operator-(const BigInteger& a, const BigInteger& b) { return a + -b; }
  friend BigInteger operator*(const BigInteger& a, const BigInteger& b) {
    std::vector<uint32_t> words(a.words_.size() + b.words_.size());
    for (std::size_t i = 0; i < a.words_.size(); i++) {
      uint64_t carry = 0;
      for (std::size_t k = 0; k < b.words_.size() || carry != 0; k++) {
        carry += words[i + k] + (k < b.words_.size() ? uint64_t{a.words_[i]} * b.words_[k] : 0);
        words[i + k] = static_cast<uint32_t>(carry);
        carry >>= 32;
      }
    }
    return made(std::move(words), a.negative_ != b.negative_);
  }

  friend bool operator==(const BigInteger& a, const BigInteger& b) { return a.negative_ == b.negative_ && a.words_ == b.words_; }
  friend bool operator!=(const BigInteger& a, const BigInteger& b) { return !(a == b); }
  friend bool operator<(const BigInteger& a, const BigInteger& b) {
    if (a.negative_ != b.negative_) return a.negative_;
    const int order = compare(a.words_, b.words_);
    return a.negative_ ? order > 0 : order < 0;
  }

  /** Quotient and remainder of the magnitudes. */
  static std::pair<BigInteger, BigInteger> divided(const BigInteger& dividend, const BigInteger& divisor) {
    BigInteger quotient, rest;
    quotient.words_.resize(dividend.words_.size());
    for (std::size_t bit = dividend.words_.size() * 32; bit-- > 0;) {
      rest.doubled((dividend.words_[bit / 32] >> (bit % 32)) & 1);
      if (compare(rest.words_, divisor.words_) < 0) continue;
      rest = made(difference(rest.words_, divisor.words_), false);
      quotient.words_[bit / 32] |= uint32_t{1} << (bit % 32);
    }
    return {made(std::move(quotient.words_), false), rest};
  }

 private:
  using Words = std::vector<uint32_t>;

  static BigInteger made(Words words, bool negative) {
    while (!words.empty() && words.back() == 0) words.pop_back();
    BigInteger value;
    value.negative_ = negative && !words.empty();
    value.words_ = std::move(words);
    return value;
  }

  static int compare(const Words& a, const Words& b) {
    if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
    for (std::size_t i = a.size(); i-- > 0;)
      if (a[i] != b[i]) return a[i] < b[i] ? -1 : 1;
    return 0;
  }
  static Words sum(const Words& a, const Words& b) {
    Words words;
    uint64_t carry = 0;
    for (std::size_t i = 0; i < std::max(a.size(), b.size()) || carry != 0; i++) {
      carry += uint64_t{i < a.size() ? a[i] : 0} + (i < b.size() ? b[i] : 0);
      words.push_back(static_cast<uint32_t>(carry));
      carry >>= 32;
    }
    return words;
  }
  /** Of a larger number and a smaller one. */
  static Words difference(const Words& a, const Words& b) {
    Words words;
    int64_t borrow = 0;
    for (std::size_t i = 0; i < a.size(); i++) {
      const int64_t value = int64_t{a[i]} - (i < b.size() ? int64_t{b[i]} : 0) + borrow;
      words.push_back(static_cast<uint32_t>(value));
      borrow = value < 0 ? -1 : 0;
    }
    return words;
  }
  void doubled(uint32_t bit) {
    for (uint32_t& word : words_) {
      const uint32_t out = word >> 31;
      word = word << 1 | bit;
      bit = out;
    }
    if (bit != 0) words_.push_back(bit);
  }
  uint32_t takeDigit() {
    uint64_t rest = 0;
    for (std::size_t i = words_.size(); i-- > 0;) {
      rest = rest << 32 | words_[i];
      words_[i] = static_cast<uint32_t>(rest / 10);
      rest %= 10;
    }
    while (!words_.empty() && words_.back() == 0) words_.pop_back();
    return static_cast<uint32_t>(rest);
  }

  bool negative_ = false;
  /** The least significant one first; none for 0. */
  Words words_;
};

/** A quotient rounded to the nearest whole number, halves to the even one. */
inline BigInteger divide(const BigInteger& value, const BigInteger& divisor) {
  auto [quotient, rest] = BigInteger::divided(value.magnitude(), divisor.magnitude());
  const BigInteger twice = rest + rest, whole = divisor.magnitude();
  if (whole < twice || (twice == whole && quotient.isOdd())) quotient = quotient + 1;
  return value.isNegative() != divisor.isNegative() ? -quotient : quotient;
}

/** The same, halves away from 0. */
inline BigInteger divideAway(const BigInteger& value, const BigInteger& divisor) {
  const BigInteger whole = divisor.magnitude();
  const BigInteger quotient = BigInteger::divided(value.magnitude() + value.magnitude() + whole, whole + whole).first;
  return value.isNegative() != divisor.isNegative() ? -quotient : quotient;
}

}  // namespace ticktape::strategy
