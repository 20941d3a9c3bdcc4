#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/** As much of JSON as the files of a journal and the messages of a gateway need. Texts are not trusted. */
namespace ticktape::json {

/** Why a text is not what it should be. Whoever reads the file says which one it is. */
struct SyntaxError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Value {
  enum class Kind { null, boolean, number, text, list, object } kind = Kind::null;
  bool boolean = false;
  double number = 0;
  /** UTF-8; the halves of a pair of surrogates that are alone are encoded as if they were characters. */
  std::string text;
  std::vector<Value> list;
  std::vector<std::pair<std::string, Value>> object;
  /** Where it is in the text that was parsed. */
  std::size_t begin = 0;
  std::size_t end = 0;

  /** The value of a key; null when there is none. */
  const Value* find(std::string_view key) const {
    for (const auto& [name, value] : object)
      if (name == key) return &value;
    return nullptr;
  }
  const Value& at(std::string_view key) const {
    const Value* value = find(key);
    if (value == nullptr) throw SyntaxError("it has no '" + std::string(key) + "'");
    return *value;
  }
  const std::string& textAt(std::string_view key) const {
    const Value& value = at(key);
    if (value.kind != Kind::text) throw SyntaxError("its '" + std::string(key) + "' is no text");
    return value.text;
  }
  /** A whole number from `least` to `most`, which are less than 2^53. */
  uint64_t wholeAt(std::string_view key, uint64_t least, uint64_t most) const {
    const Value& value = at(key);
    if (value.kind != Kind::number || !(value.number >= static_cast<double>(least) && value.number <= static_cast<double>(most)) ||
        value.number != static_cast<double>(static_cast<uint64_t>(value.number)))
      throw SyntaxError("its '" + std::string(key) + "' is no whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return static_cast<uint64_t>(value.number);
  }
  const std::vector<Value>& listAt(std::string_view key) const {
    const Value& value = at(key);
    if (value.kind != Kind::list) throw SyntaxError("its '" + std::string(key) + "' is no list");
    return value.list;
  }
};

/** Whether two values say the same: the order of keys means nothing, and of a key that is there twice the last one counts. */
inline bool isSame(const Value& a, const Value& b) {
  if (a.kind != b.kind) return false;
  const auto last = [](const Value& object, std::string_view key) {
    const auto found = std::find_if(object.object.rbegin(), object.object.rend(), [&](const auto& member) { return member.first == key; });
    return found == object.object.rend() ? nullptr : &found->second;
  };
  const auto has = [&](const Value& all, const Value& other) {
    return std::all_of(other.object.begin(), other.object.end(), [&](const auto& member) {
      const Value *one = last(all, member.first), *another = last(other, member.first);
      return one != nullptr && isSame(*one, *another);
    });
  };
  switch (a.kind) {
    case Value::Kind::null: return true;
    case Value::Kind::boolean: return a.boolean == b.boolean;
    case Value::Kind::number: return a.number == b.number;
    case Value::Kind::text: return a.text == b.text;
    case Value::Kind::list: return std::equal(a.list.begin(), a.list.end(), b.list.begin(), b.list.end(), isSame);
    case Value::Kind::object: return has(a, b) && has(b, a);
  }
  return false;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Value parse() {
    Value value = parseValue(0);
    skipSpace();
    if (at_ != text_.size()) fail();
    return value;
  }

 private:
  static constexpr int kDeepest = 64;

  Value parseValue(int depth) {
    if (depth > kDeepest) fail();
    skipSpace();
    Value value;
    value.begin = at_;
    if (take("null")) {
    } else if (take("true")) {
      value.kind = Value::Kind::boolean;
      value.boolean = true;
    } else if (take("false")) {
      value.kind = Value::Kind::boolean;
    } else if (peek() == '"') {
      value.kind = Value::Kind::text;
      value.text = parseText();
    } else if (take("[")) {
      value.kind = Value::Kind::list;
      for (skipSpace(); !take("]"); skipSpace()) {
        if (!value.list.empty()) expect(",");
        value.list.push_back(parseValue(depth + 1));
      }
    } else if (take("{")) {
      value.kind = Value::Kind::object;
      for (skipSpace(); !take("}"); skipSpace()) {
        if (!value.object.empty()) expect(",");
        skipSpace();
        std::string name = parseText();
        skipSpace();
        expect(":");
        value.object.emplace_back(std::move(name), parseValue(depth + 1));
      }
    } else {
      value.kind = Value::Kind::number;
      value.number = parseNumber();
    }
    value.end = at_;
    return value;
  }

  double parseNumber() {
    const std::size_t begin = at_;
    take("-");
    digits();
    if (take(".")) digits();
    if (take("e") || take("E")) {
      if (!take("-")) take("+");
      digits();
    }
    return std::strtod(std::string(text_.substr(begin, at_ - begin)).c_str(), nullptr);
  }

  void digits() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') at_++;
    if (at_ == begin) fail();
  }

  std::string parseText() {
    expect("\"");
    std::string text;
    while (!take("\"")) {
      const char next = peek();
      at_++;
      if (static_cast<unsigned char>(next) < 0x20) fail();
      if (next == '\\') addEscaped(text);
      else text += next;
    }
    return text;
  }

  void addEscaped(std::string& text) {
    const char escaped = peek();
    at_++;
    switch (escaped) {
      case '"':
      case '\\':
      case '/': text += escaped; break;
      case 'b': text += '\b'; break;
      case 'f': text += '\f'; break;
      case 'n': text += '\n'; break;
      case 'r': text += '\r'; break;
      case 't': text += '\t'; break;
      case 'u': addCode(text); break;
      default: fail();
    }
  }

  /** A \u escape as UTF-8; two of them when they are the halves of a pair of surrogates. */
  void addCode(std::string& text) {
    uint32_t code = hex();
    if (code >= 0xd800 && code < 0xdc00 && text_.substr(at_, 2) == "\\u") {
      const std::size_t before = at_;
      at_ += 2;
      const uint32_t low = hex();
      if (low >= 0xdc00 && low < 0xe000) code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      else at_ = before;
    }
    if (code < 0x80) {
      text += static_cast<char>(code);
      return;
    }
    const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    constexpr uint32_t lead[] = {0, 0xc0, 0xe0, 0xf0};
    text += static_cast<char>(lead[more] | code >> (6 * more));
    for (int i = more - 1; i >= 0; i--) text += static_cast<char>(0x80 | (code >> (6 * i) & 0x3f));
  }

  uint32_t hex() {
    uint32_t code = 0;
    for (int i = 0; i < 4; i++) {
      const char c = peek();
      const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
      if (digit < 0) fail();
      code = code << 4 | static_cast<uint32_t>(digit);
      at_++;
    }
    return code;
  }

  void skipSpace() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t')) at_++;
  }
  char peek() const {
    if (at_ >= text_.size()) fail();
    return text_[at_];
  }
  bool take(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void expect(std::string_view word) {
    if (!take(word)) fail();
  }
  [[noreturn]] void fail() const { throw SyntaxError("it is no JSON at byte " + std::to_string(at_)); }

  std::string_view text_;
  std::size_t at_ = 0;
};

/** A text as JSON.stringify writes it, with its quotes. */
inline std::string quoted(std::string_view text) {
  std::string json = "\"";
  for (std::size_t i = 0; i < text.size(); i++) {
    const auto c = static_cast<unsigned char>(text[i]);
    char escaped[8];
    switch (c) {
      case '"': json += "\\\""; continue;
      case '\\': json += "\\\\"; continue;
      case '\b': json += "\\b"; continue;
      case '\f': json += "\\f"; continue;
      case '\n': json += "\\n"; continue;
      case '\r': json += "\\r"; continue;
      case '\t': json += "\\t"; continue;
      default: break;
    }
    if (c < 0x20) {
      std::snprintf(escaped, sizeof escaped, "\\u%04x", c);
      json += escaped;
    } else if (c == 0xed && i + 2 < text.size() && static_cast<unsigned char>(text[i + 1]) >= 0xa0) {
      // Half of a pair of surrogates.
      const unsigned code = 0xd000u | (static_cast<unsigned char>(text[i + 1]) & 0x3fu) << 6 | (static_cast<unsigned char>(text[i + 2]) & 0x3fu);
      std::snprintf(escaped, sizeof escaped, "\\u%04x", code & 0xffffu);
      json += escaped;
      i += 2;
    } else {
      json += static_cast<char>(c);
    }
  }
  return json + '"';
}

}  // namespace ticktape::json
