#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "errors.h"

/** The kinds of fields that are no numbers, as generated structs have them. Each lies in mapped memory as it is. */
namespace ticktape {

namespace detail {

/** Whether a text is UTF-8 (RFC 3629): no half of a pair of surrogates, no longer form than necessary. */
inline bool isUtf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned lead = byte(i);
    const std::size_t more = lead < 0x80 ? 0 : lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : 4;
    if (more == 4) return false;
    for (std::size_t k = 1; k <= more; k++)
      if ((byte(i + k) & 0xc0) != 0x80) return false;
    const unsigned second = byte(i + 1);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second >= 0xa0) || (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second >= 0x90)) return false;
    i += more + 1;
  }
  return true;
}

inline bool isAscii(std::string_view text) {
  for (const char c : text)
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  return true;
}

/** Text of at most `Size` bytes, padded with NULs. */
template <std::size_t Size, bool Wide>
class Characters {
 public:
  static constexpr std::size_t kSize = Size;

  /** The text. It lies in the frame: copy it to keep it. */
  std::string_view view() const { return std::string_view(bytes_, ::strnlen(bytes_, Size)); }
  operator std::string_view() const { return view(); }
  std::string str() const { return std::string(view()); }

  /** @throws FieldValueError for more than `Size` bytes, a NUL, and what is not ASCII or UTF-8. The field is as it was then. */
  Characters& operator=(std::string_view text) {
    if (text.size() > Size || text.find('\0') != std::string_view::npos || !(Wide ? isUtf8(text) : isAscii(text))) {
      throw FieldValueError("a field takes a text of at most " + std::to_string(Size) + " bytes of " + (Wide ? "UTF-8" : "ASCII") + " without NUL, not '" +
                            std::string(text.substr(0, 100)) + "'");
    }
    if (!text.empty()) std::memcpy(bytes_, text.data(), text.size());
    std::memset(bytes_ + text.size(), 0, Size - text.size());
    return *this;
  }
  Characters& operator=(const char* text) { return *this = std::string_view(text); }
  Characters& operator=(const std::string& text) { return *this = std::string_view(text); }

  friend bool operator==(const Characters& a, std::string_view b) { return a.view() == b; }
  friend bool operator!=(const Characters& a, std::string_view b) { return a.view() != b; }

 private:
  char bytes_[Size];
};

}  // namespace detail

/** The kind `ascii`: text of at most so many ASCII characters. */
template <std::size_t Size>
class Ascii : public detail::Characters<Size, false> {
 public:
  using detail::Characters<Size, false>::operator=;
};

/** The kind `text`: text of at most so many bytes of UTF-8. */
template <std::size_t Size>
class Text : public detail::Characters<Size, true> {
 public:
  using detail::Characters<Size, true>::operator=;
};

/** The kind `bytes`. */
template <std::size_t Size>
struct Bytes {
  uint8_t data[Size];

  static constexpr std::size_t size() { return Size; }
  uint8_t& operator[](std::size_t i) { return data[i]; }
  uint8_t operator[](std::size_t i) const { return data[i]; }
};

/** The kind `bool`: a byte of a damaged frame may be something else than 0 and 1. */
class Bool {
 public:
  operator bool() const { return value_ != 0; }
  Bool& operator=(bool value) {
    value_ = value ? 1 : 0;
    return *this;
  }

 private:
  uint8_t value_;
};

}  // namespace ticktape
