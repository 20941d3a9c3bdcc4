#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/** As much of JSON as schema.json and instruments.json need: everything, but numbers are doubles. */
namespace baseline::json {

struct Value {
  enum class Kind { null, boolean, number, text, list, object } kind = Kind::null;
  bool boolean = false;
  double number = 0;
  std::string text;
  std::vector<Value> list;
  std::vector<std::pair<std::string, Value>> object;

  const Value& at(const std::string& key) const {
    for (const auto& [name, value] : object)
      if (name == key) return value;
    throw std::runtime_error("no key " + key);
  }
  bool has(const std::string& key) const {
    for (const auto& [name, value] : object)
      if (name == key) return true;
    return false;
  }
};

class Parser {
 public:
  explicit Parser(const std::string& text) : text_(text) {}

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
    if (take("null")) return value;
    if (take("true") || take("false")) {
      value.kind = Value::Kind::boolean;
      value.boolean = text_[at_ - 2] == 'u';
    } else if (peek() == '"') {
      value.kind = Value::Kind::text;
      value.text = parseText();
    } else if (take("[")) {
      value.kind = Value::Kind::list;
      for (skipSpace(); !take("]");) {
        if (!value.list.empty()) expect(",");
        value.list.push_back(parseValue(depth + 1));
        skipSpace();
      }
    } else if (take("{")) {
      value.kind = Value::Kind::object;
      for (skipSpace(); !take("}");) {
        if (!value.object.empty()) expect(",");
        skipSpace();
        std::string name = parseText();
        skipSpace();
        expect(":");
        value.object.emplace_back(std::move(name), parseValue(depth + 1));
        skipSpace();
      }
    } else {
      value.kind = Value::Kind::number;
      std::size_t used = 0;
      value.number = std::stod(text_.substr(at_, 32), &used);
      at_ += used;
    }
    return value;
  }

  std::string parseText() {
    expect("\"");
    std::string text;
    while (!take("\"")) {
      if (!take("\\")) {
        text += peek();
        at_++;
        continue;
      }
      const char escaped = peek();
      at_++;
      if (escaped == 'u') addCode(text);
      else if (escaped == 'n') text += '\n';
      else if (escaped == 't') text += '\t';
      else if (escaped == 'r') text += '\r';
      else if (escaped == 'b') text += '\b';
      else if (escaped == 'f') text += '\f';
      else text += escaped;
    }
    return text;
  }

  /** A \u escape as UTF-8; two of them when it is the first half of a surrogate pair. */
  void addCode(std::string& text) {
    uint32_t code = hex();
    if (code >= 0xd800 && code < 0xdc00) {
      expect("\\u");
      code = 0x10000 + ((code - 0xd800) << 10) + (hex() - 0xdc00);
    }
    if (code < 0x80) {
      text += static_cast<char>(code);
      return;
    }
    const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    const uint32_t lead[] = {0, 0xc0, 0xe0, 0xf0};
    text += static_cast<char>(lead[more] | (code >> (6 * more)));
    for (int i = more - 1; i >= 0; i--) text += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3f));
  }

  uint32_t hex() {
    if (at_ + 4 > text_.size()) fail();
    const uint32_t code = static_cast<uint32_t>(std::stoul(text_.substr(at_, 4), nullptr, 16));
    at_ += 4;
    return code;
  }

  void skipSpace() {
    while (at_ < text_.size() && std::string(" \n\r\t").find(text_[at_]) != std::string::npos) at_++;
  }
  char peek() const {
    if (at_ >= text_.size()) fail();
    return text_[at_];
  }
  bool take(const std::string& word) {
    if (text_.compare(at_, word.size(), word) != 0) return false;
    at_ += word.size();
    return true;
  }
  void expect(const std::string& word) {
    if (!take(word)) fail();
  }
  [[noreturn]] void fail() const { throw std::runtime_error("not JSON at byte " + std::to_string(at_)); }

  const std::string& text_;
  std::size_t at_ = 0;
};

}  // namespace baseline::json
