#pragma once

#include <map>
#include <optional>

#include "definition.h"
#include "detail/directory.h"
#include "field.h"

namespace ticktape {

/** What a number in an `instrument` field means. */
struct Instrument {
  uint32_t number = 0;
  std::string venue;
  std::string symbol;
  /** What else belongs to it, each with its value as JSON: {"priceTick", "\"0.01\""}. */
  std::vector<std::pair<std::string, std::string>> terms;

  /** Whether they say the same: 1 and 1.0 do, and the order of terms means nothing. @throws json::SyntaxError for a term that is no JSON. */
  bool operator==(const Instrument& other) const {
    return number == other.number && venue == other.venue && symbol == other.symbol && json::isSame(values(), other.values());
  }

  /** A term that is a text; empty when there is none. */
  std::string term(std::string_view name) const {
    for (const auto& [key, value] : terms)
      if (key == name) return json::Parser(value).parse().text;
    return {};
  }

 private:
  json::Value values() const {
    json::Value all;
    all.kind = json::Value::Kind::object;
    for (const auto& [key, value] : terms) all.object.emplace_back(key, json::Parser(value).parse());
    return all;
  }
};

/** A journal's instruments: its instruments.json. The text is not trusted. */
class Instruments {
 public:
  const Instrument* find(uint32_t number) const {
    const auto found = byNumber_.find(number);
    return found == byNumber_.end() ? nullptr : &found->second;
  }
  /** By number. */
  const std::map<uint32_t, Instrument>& all() const { return byNumber_; }

  /** Of a journal; empty when it has none. @throws CorruptJournalError. */
  static Instruments read(const detail::Directory& directory) {
    const auto text = directory.read(detail::file_name::kInstruments, kMostBytes);
    if (!text) return {};
    const std::string path = directory.pathOf(detail::file_name::kInstruments);
    try {
      const json::Value value = json::Parser(*text).parse();
      value.wholeAt("format", 1, 1);
      Instruments found;
      for (const json::Value& entry : value.listAt("instruments")) {
        Instrument made = of(entry, *text);
        detail::need(found.find(made.number) == nullptr, "it has the number " + std::to_string(made.number) + " twice");
        found.append(std::move(made));
      }
      return found;
    } catch (const json::SyntaxError& error) {
      throw CorruptJournalError(path + " is no list of instruments: " + error.what() + "; run 'ticktape repair'", path);
    }
  }

  /** False when there is this one. @throws InvalidOptionError, InstrumentMismatchError. */
  bool add(const Instrument& one, const std::string& path) {
    if (const std::string problem = problemOf(one); !problem.empty()) throw InvalidOptionError("an instrument " + problem, path);
    const Instrument* known = find(one.number);
    if (known == nullptr) {
      append(one);
      return true;
    }
    if (*known == one) return false;
    throw InstrumentMismatchError("instrument " + std::to_string(one.number) + " has other terms in " + path + ". Give changed terms a new number", path);
  }

  /** The contents of instruments.json: each entry on a line of its own. */
  std::string text() const {
    std::string text = "{\n  \"format\": 1,\n  \"instruments\": [";
    for (const uint32_t number : order_) {
      const Instrument& one = byNumber_.at(number);
      text += (number == order_.front() ? "\n    " : ",\n    ");
      text += "{\"number\":" + std::to_string(number) + ",\"venue\":" + json::quoted(one.venue) + ",\"symbol\":" + json::quoted(one.symbol);
      for (const auto& [key, value] : one.terms) text += ',' + json::quoted(key) + ':' + value;
      text += '}';
    }
    return text + (order_.empty() ? "]\n}\n" : "\n  ]\n}\n");
  }

 private:
  static constexpr std::size_t kMostBytes = 64 * 1024 * 1024;

  void append(Instrument one) {
    order_.push_back(one.number);
    byNumber_.emplace(one.number, std::move(one));
  }

  static Instrument of(const json::Value& entry, const std::string& text) {
    Instrument made;
    made.number = static_cast<uint32_t>(entry.wholeAt("number", 1, UINT32_MAX));
    made.venue = entry.textAt("venue");
    made.symbol = entry.textAt("symbol");
    for (const auto& [key, value] : entry.object) {
      if (key == "number" || key == "venue" || key == "symbol") continue;
      detail::need(value.kind != json::Value::Kind::list && value.kind != json::Value::Kind::object, "an entry has a list or an object in '" + key + "'");
      made.terms.emplace_back(key, text.substr(value.begin, value.end - value.begin));
    }
    const std::string problem = problemOf(made);
    detail::need(problem.empty(), "an entry " + problem);
    return made;
  }

  static std::string problemOf(const Instrument& one) {
    if (one.number == 0) return "has the number 0";
    for (const std::string* text : {&one.venue, &one.symbol}) {
      if (text->empty() || text->size() > 255 || !detail::isUtf8(*text)) return "needs a venue and a symbol of 1 to 255 bytes of UTF-8";
      for (std::size_t i = 0; i < text->size(); i++) {
        const auto c = static_cast<unsigned char>((*text)[i]);
        // U+0080 to U+009F are 0xc2 and a byte up to 0x9f.
        if (c < 0x20 || c == 0x7f || (c == 0xc2 && static_cast<unsigned char>((*text)[i + 1]) < 0xa0)) return "has a control character in its venue or symbol";
      }
    }
    for (const auto& [key, value] : one.terms)
      if (key == "number" || key == "venue" || key == "symbol" || !isPlain(value))
        return "has something else than a text, a number, true, false or null, as JSON, in its term '" + key + "'";
    return {};
  }

  /** Whether it is JSON that a term may have. */
  static bool isPlain(const std::string& value) {
    try {
      const json::Value::Kind kind = json::Parser(value).parse().kind;
      return kind != json::Value::Kind::list && kind != json::Value::Kind::object;
    } catch (const json::SyntaxError&) {
      return false;
    }
  }

  std::map<uint32_t, Instrument> byNumber_;
  /** Numbers in the order of the file. */
  std::vector<uint32_t> order_;
};

}  // namespace ticktape
