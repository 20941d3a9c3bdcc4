#pragma once

#include <charconv>
#include <cstdlib>

#include "big_integer.h"

namespace ticktape::strategy {

/** Prices and quantities are counted in units of 10^-18. */
inline constexpr int kScale = 18;

/** A decimal: `digits` divided by 10^`scale`, of which the scale may be negative. */
struct Decimal {
  BigInteger digits;
  int scale = 0;

  /** Of a text such as '0.01' or '1e-7'. */
  static Decimal of(std::string_view text) {
    Decimal value;
    std::string digits;
    std::size_t i = 0;
    bool isFraction = false;
    for (; i < text.size() && text[i] != 'e' && text[i] != 'E'; i++) {
      if (text[i] == '.') {
        isFraction = true;
        continue;
      }
      if (text[i] == '+') continue;
      digits += text[i];
      value.scale += isFraction ? 1 : 0;
    }
    value.digits = BigInteger::of(digits);
    if (i < text.size()) value.scale -= std::atoi(std::string(text.substr(i + 1)).c_str());
    return value;
  }
  /** Of a double the shortest text counts. */
  static Decimal of(double value) {
    char text[40];
    return of(std::string_view(text, static_cast<std::size_t>(std::to_chars(text, text + sizeof text, value).ptr - text)));
  }

  /** In units of 10^-`to`, rounded to the nearest one. */
  BigInteger units(int to) const { return scale <= to ? digits * BigInteger::powerOfTen(to - scale) : divide(digits, BigInteger::powerOfTen(scale - to)); }
};

/** How many steps a price or a quantity has: of a double the nearest number of them. */
inline BigInteger multipleOf(double value, const Decimal& step) {
  const Decimal exact = Decimal::of(value);
  return divide(exact.digits * BigInteger::powerOfTen(std::max(0, step.scale - exact.scale)), step.digits * BigInteger::powerOfTen(std::max(0, exact.scale - step.scale)));
}

/** So many steps in units of 10^-18. */
inline BigInteger unitsOf(const BigInteger& multiple, const Decimal& step) { return Decimal{multiple * step.digits, step.scale}.units(kScale); }

/** The double that is nearest to a number of units of 10^-`scale`. */
inline double numberOf(const BigInteger& units, int scale) { return std::strtod((units.text() + "e-" + std::to_string(scale)).c_str(), nullptr); }

}  // namespace ticktape::strategy
